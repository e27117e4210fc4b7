/** Deliveries and their attempts as answered (contract audit-and-webhooks §5.2 W11), and their filters. */
import { z } from '@hono/zod-openapi'
import { dateTime, exactText, int, toTimestamp } from '../http/fields.ts'
import { invalid, type Outcome, ok } from '../outcome.ts'
import type { Attempt } from '../storage/deliveries.ts'
import type { DeliveryCursor, DeliveryPage, DeliveryRow } from '../storage/delivery-views.ts'

const states = ['waiting', 'delivered', 'dead', 'disabled', 'filtered', 'skipped'] as const

export const deliverySchema = z
  .object({
    id: z.string(),
    event: z.object({ id: z.string(), type: z.string(), action: z.string() }),
    format: z.string(),
    environment: z.int().nullable(),
    sequence: z.int().nullable().openapi({
      description: 'As its requests carry it: `x-sequence`. Null: it is not sent.',
    }),
    state: z.enum(states),
    reason: z
      .string()
      .nullable()
      .openapi({
        description:
          'Why it is where it is; `breaker`: the endpoint is down and is left in peace; `behind 41`: ' +
          'the delivery with sequence 41, of the same environment, has to be settled first.',
      }),
    attempt_count: z.int(),
    next_attempt_at: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi('Delivery')

const attemptSchema = z
  .object({
    number: z.int(),
    started_at: z.string(),
    ended_at: z.string().nullable(),
    duration_ms: z.int().nullable(),
    outcome: z.enum(['started', 'delivered', 'failed']).openapi({
      description: '`started` that never ended: the receiver may or may not have it.',
    }),
    request_headers: z.record(z.string(), z.string()).openapi({
      description: 'Without the values of headers of your own.',
    }),
    response_status: z.int().nullable(),
    response_body: z.string().nullable().openapi({ description: 'The first 4 kB.' }),
    error: z.string().nullable(),
  })
  .openapi('DeliveryAttempt')

export const deliveryDetailSchema = deliverySchema
  .extend({ request_body: z.string(), attempts: z.array(attemptSchema) })
  .openapi('DeliveryDetail')

const time = (milliseconds: number | null) =>
  milliseconds === null ? null : toTimestamp(milliseconds)

export const deliveryView = (row: DeliveryRow): z.infer<typeof deliverySchema> => ({
  id: row.id,
  event: { id: row.eventId, type: row.eventType, action: row.action },
  format: row.format,
  environment: row.environmentId,
  sequence: row.sequence,
  state: row.state,
  reason: row.reason ?? (row.behind === null ? null : `behind ${row.behind}`),
  attempt_count: row.attempts,
  next_attempt_at: time(row.nextAttemptAt),
  created_at: toTimestamp(row.createdAt),
})

const attemptView = (attempt: Attempt): z.infer<typeof attemptSchema> => ({
  number: attempt.number,
  started_at: toTimestamp(attempt.startedAt),
  ended_at: time(attempt.endedAt),
  duration_ms: attempt.durationMs,
  outcome: attempt.outcome,
  request_headers: attempt.requestHeaders === null ? {} : JSON.parse(attempt.requestHeaders),
  response_status: attempt.responseStatus,
  response_body: attempt.responseBody,
  error: attempt.error,
})

export const deliveryDetailView = (
  row: DeliveryRow,
  { body, attempts }: { body: string; attempts: Attempt[] },
): z.infer<typeof deliveryDetailSchema> => ({
  ...deliveryView(row),
  request_body: body,
  attempts: attempts.map(attemptView),
})

export const deliveryQuery = z.object({
  state: z.enum(states).optional(),
  event: exactText(50).optional().openapi({ description: 'A type of event: `FLAG_UPDATED`.' }),
  /** At or after. */
  from: dateTime().optional(),
  /** Before. */
  to: dateTime().optional(),
  limit: int(1, 1000).optional(),
  after: exactText(200).optional(),
  before: exactText(200).optional(),
})

type Query = z.infer<typeof deliveryQuery>

/** Opaque to callers. */
export const toCursor = ({ createdAt, id }: DeliveryCursor): string => `${createdAt}-${id}`

function readCursor(text: string): DeliveryCursor | undefined {
  const [, createdAt, id] = /^(\d{1,15})-(\w{1,60})$/.exec(text) ?? []
  return id === undefined ? undefined : { createdAt: Number(createdAt), id }
}

export function pageOfDeliveries({ limit = 100, after, before }: Query): Outcome<DeliveryPage> {
  if (after !== undefined && before !== undefined) {
    return invalid({ before: ['Use one of after and before.'] })
  }
  const given = before ?? after
  const cursor = given === undefined ? undefined : readCursor(given)
  if (given !== undefined && cursor === undefined) {
    const name = before === undefined ? 'after' : 'before'
    return invalid({ [name]: ['Not a cursor of this list.'] })
  }
  return ok({ limit, cursor, isBack: before !== undefined })
}

/** The cursors beside a page: what lies behind it, and what lies before. */
export function neighbours(
  { rows, hasMore }: { rows: DeliveryRow[]; hasMore: boolean },
  { cursor, isBack }: DeliveryPage,
): { next: string | null; previous: string | null } {
  const [first] = rows
  const last = rows.at(-1)
  const isFollowed = isBack || hasMore
  const isPreceded = isBack ? hasMore : cursor !== undefined
  return {
    next: last !== undefined && isFollowed ? toCursor(last) : null,
    previous: first !== undefined && isPreceded ? toCursor(first) : null,
  }
}
