/**
 * Filters of the native audit log as they stand in a URL, one set for list, export and history, and
 * the places that its cursors name.
 */
import { z } from '@hono/zod-openapi'
import { fliptEvent, fliptTypesOf, partsOf } from '../delivery/flipt-event.ts'
import { matchesAction, matchesEvent } from '../delivery/patterns.ts'
import { dateTime, exactText, id, int } from '../http/fields.ts'
import { invalid, type Outcome, ok } from '../outcome.ts'
import type { Order } from '../storage/audit.ts'
import type { EntryFilter, Kind } from '../storage/audit-filters.ts'
import type { Recorded } from '../storage/records.ts'

const word = () => exactText(200).optional()

/** A date and time, in UTC without a zone, or a date: its first moment in UTC. */
const moment = () =>
  z
    .union([dateTime(), z.iso.date().transform((value) => Date.parse(value))], {
      error: 'Use an ISO 8601 date (YYYY-MM-DD), or a date and time.',
    })
    .optional()
    .openapi({ type: 'string' })

export const filterQuery = z.object({
  /** At or after. */
  from: moment(),
  /** Before. */
  to: moment(),
  actor: word(),
  actor_kind: z.enum(['user', 'organisation-key', 'system']).optional(),
  action: word().openapi({
    description: 'An action (`feature.created`), or `noun:verb`, `*` for any part of either.',
  }),
  event: word().openapi({ description: 'The same in the words of Flipt: `flag:*`.' }),
  resource_type: word(),
  resource_id: word(),
  flag: exactText(2000).optional().openapi({ description: 'Name or id of a feature.' }),
  environment: id().optional(),
  project: id().optional(),
  outcome: z.enum(['ok', 'rejected', 'denied']).optional(),
  request_id: word(),
  change: word().openapi({ description: 'All entries of one change.' }),
  q: exactText(256).optional(),
})

type FilterQuery = z.infer<typeof filterQuery>

/** What can be told of an action alone: its entries are of one of some types of event. */
const mayMatchEvent = (pattern: string, kind: Kind) =>
  fliptTypesOf(kind).some((type) =>
    matchesEvent(pattern, { type, action: partsOf(kind.action).verb }),
  )

/** Blank text asks for nothing. */
const asked = (text: string | undefined) => (text === '' ? undefined : text)

export function toFilter(query: FilterQuery): EntryFilter {
  const action = asked(query.action)
  const event = asked(query.event)
  const resourceType = asked(query.resource_type)
  const isOfKind = (kind: Kind) =>
    (action === undefined || matchesAction(action, kind)) &&
    (event === undefined || mayMatchEvent(event, kind)) &&
    (resourceType === undefined || resourceType === kind.resourceType)
  const isAsked = action !== undefined || event !== undefined || resourceType !== undefined
  return {
    from: query.from,
    to: query.to,
    actorId: asked(query.actor),
    actorKind: query.actor_kind,
    kinds: isAsked ? isOfKind : undefined,
    resourceId: asked(query.resource_id),
    flag: asked(query.flag),
    environmentId: query.environment,
    projectId: query.project,
    outcome: query.outcome,
    requestId: asked(query.request_id),
    changeId: asked(query.change),
    text: asked(query.q),
  }
}

/** What only the entry itself tells of the filter: which of the types its event has. */
export function isOfEvent(event: string | undefined, record: () => Recorded): boolean {
  if (asked(event) === undefined) return true
  return matchesEvent(event ?? '', fliptEvent(record()))
}

export const cursorQuery = z.object({
  order: z.enum(['asc', 'desc']).optional(),
  limit: int(1, 1000).optional(),
  after: word(),
  before: word(),
})

/** Opaque to callers: the log, and the sequence beyond which to go on. */
export const toCursor = (ledger: string, sequence: number): string =>
  btoa(`${ledger}/${sequence}`).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')

function readCursor(ledger: string, cursor: string): number | undefined {
  if (!/^[\w-]+$/.test(cursor) || cursor.length % 4 === 1) return undefined
  const place = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
  const [, of, sequence] = /^(.*)\/(\d{1,15})$/.exec(place) ?? []
  return of === ledger ? Number(sequence) : undefined
}

export type Place = {
  order: Order
  limit: number
  /** Undefined: from the start of the order. */
  cursor: number | undefined
  /** Towards the start. */
  isBack: boolean
}

export function placeOf(ledger: string, query: z.infer<typeof cursorQuery>): Outcome<Place> {
  const { order = 'desc', limit = 100, after, before } = query
  if (after !== undefined && before !== undefined) {
    return invalid({ before: ['Use one of after and before.'] })
  }
  const name = before === undefined ? 'after' : 'before'
  const given = before ?? after
  const cursor = given === undefined ? undefined : readCursor(ledger, given)
  if (given !== undefined && cursor === undefined) {
    return invalid({ [name]: ['Not a cursor of this log.'] })
  }
  return ok({ order, limit, cursor, isBack: before !== undefined })
}
