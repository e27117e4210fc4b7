/**
 * Expected refusals are values: every write and every guard answers an Outcome, and one exhaustive
 * switch (http/refuse.ts) turns it into HTTP. Plain data only, because it crosses Durable Object RPC.
 */

/** Field → messages, nested like the input; the contract's 400 shape (admin-api §0.3). */
export type FieldErrors = { [field: string]: string | string[] | FieldErrors | FieldErrors[] }

export type Refusal =
  /** 400 with the contract's field map. */
  | { kind: 'invalid'; errors: FieldErrors }
  /** 401. */
  | { kind: 'unauthenticated'; detail: string }
  /** 403. */
  | { kind: 'forbidden'; detail: string }
  /** 404: unknown, or not visible to this caller. */
  | { kind: 'not-found'; detail: string }
  /** 409, with the machine-readable code that clients switch on. */
  | { kind: 'conflict'; detail: string; code: string }
  /** 412: the caller sent If-Match, and what it names has changed since. */
  | { kind: 'stale'; detail: string }
  /** 429; the wait is in whole seconds. */
  | { kind: 'throttled'; seconds: number }

export type Outcome<T> = { kind: 'ok'; value: T } | Refusal

export const ok = <T>(value: T): Outcome<T> => ({ kind: 'ok', value })

export const invalid = (errors: FieldErrors): Refusal => ({ kind: 'invalid', errors })

/** A rule that concerns the whole body rather than one field. */
export const invalidBody = (message: string): Refusal => invalid({ non_field_errors: [message] })

/** An id in a body that names nothing the caller may refer to: foreign and unknown read alike. */
export const unknownId = (field: string, id: number | undefined): Refusal =>
  invalid({ [field]: [`Invalid pk "${id}" - object does not exist.`] })

export const unauthenticated = (
  detail = 'Authentication credentials were not provided.',
): Refusal => ({ kind: 'unauthenticated', detail })

export const forbidden = (
  detail = 'You do not have permission to perform this action.',
): Refusal => ({ kind: 'forbidden', detail })

export const notFound = (detail = 'Not found.'): Refusal => ({ kind: 'not-found', detail })
