/** Deliveries (one event to one endpoint) and their attempts (one HTTP request each). */
import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf, type Statement } from './database.ts'
import { type WebhookFormat, webhooks } from './webhooks.ts'

export type DeliveryState =
  /** An attempt is due at `nextAttemptAt`. */
  | 'waiting'
  | 'delivered'
  /** Given up; kept to be seen and replayed. */
  | 'dead'
  /** The endpoint was switched off when its turn came; kept to be replayed. */
  | 'disabled'
  /** The endpoint does not want such events. */
  | 'filtered'
  /** Somebody said that it shall not be sent. */
  | 'skipped'

export const deliveries = sqliteTable('deliveries', {
  id: text().primaryKey(),
  eventId: text('event_id').notNull(),
  webhookId: integer('webhook_id').notNull(),
  /** The event's, because the sequence runs by endpoint and environment. */
  environmentId: integer('environment_id'),
  /** Dense from 1 over what the endpoint was subscribed to; null: filtered. */
  sequence: integer(),
  state: text().$type<DeliveryState>().notNull(),
  /** Why it is where it is, in words for people; null where the state says it all. */
  reason: text(),
  attempts: integer().notNull().default(0),
  /** Those made before it was replayed: the schedule begins anew. */
  earlierAttempts: integer('earlier_attempts').notNull().default(0),
  nextAttemptAt: integer('next_attempt_at'),
  /** While this is in the future somebody is sending: nobody else may. */
  leasedUntil: integer('leased_until').notNull().default(0),
  createdAt: integer('created_at').notNull(),
  /** The endpoint's when the event came: what waits keeps it. */
  format: text().$type<WebhookFormat>().notNull().default('flagsmith'),
})

export type AttemptOutcome = 'started' | 'delivered' | 'failed'

export const attempts = sqliteTable('attempts', {
  deliveryId: text('delivery_id').notNull(),
  number: integer().notNull(),
  startedAt: integer('started_at').notNull(),
  endedAt: integer('ended_at'),
  /** Of the request alone; null where none was sent. */
  durationMs: integer('duration_ms'),
  /** `started` that never ended: the sender died, the receiver may or may not have it. */
  outcome: text().$type<AttemptOutcome>().notNull(),
  /** JSON of names and values; those of the endpoint's own headers are hidden. */
  requestHeaders: text('request_headers'),
  responseStatus: integer('response_status'),
  responseBody: text('response_body'),
  error: text(),
})

export type Delivery = typeof deliveries.$inferSelect
export type Attempt = typeof attempts.$inferSelect

/** Written out: a bound value would keep SQLite from the index over what waits. */
export const isWaiting = sql`${deliveries.state} = 'waiting'`

export const isDue = (dueBy: number, now: number): SQL =>
  sql`${isWaiting} AND ${deliveries.nextAttemptAt} <= ${dueBy} AND ${deliveries.leasedUntil} < ${now}`

export type NewDelivery = Pick<
  typeof deliveries.$inferInsert,
  'id' | 'eventId' | 'webhookId' | 'environmentId' | 'state' | 'reason' | 'createdAt' | 'format'
> & { nextAttemptAt: number | null }

/** A value may have two megabytes. */
const rowsAtOnce = 5_000

/**
 * In the order given, each takes the next number of its endpoint and environment. A pair of event and
 * endpoint that is there already stays as it is and takes none, so the numbers stay dense.
 */
export function insertDeliveries(db: Database, rows: NewDelivery[]): Statement[] {
  const statements: Statement[] = []
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const json = JSON.stringify(rows.slice(start, start + rowsAtOnce))
    const field = (name: keyof NewDelivery) => sql.raw(`value ->> '${name}'`)
    const last = sql`(SELECT max(sequence) FROM deliveries AS before
      WHERE before.webhook_id = ${field('webhookId')}
        AND before.environment_id IS ${field('environmentId')})`
    const number = sql`row_number() OVER (
      PARTITION BY ${field('webhookId')}, ${field('environmentId')} ORDER BY key)`
    statements.push(
      db.insert(deliveries).select(sql`
        SELECT ${field('id')}, ${field('eventId')}, ${field('webhookId')}, ${field('environmentId')},
          coalesce(${last}, 0) + ${number}, ${field('state')}, ${field('reason')}, 0, 0,
          ${field('nextAttemptAt')}, 0, ${field('createdAt')}, ${field('format')}
        FROM json_each(${json})
        WHERE NOT EXISTS (SELECT 1 FROM deliveries AS there
          WHERE there.event_id = ${field('eventId')} AND there.webhook_id = ${field('webhookId')})`),
    )
  }
  return statements
}

/** A statement, because it also rides in the batch that makes the deliveries. */
export const selectDueOfEvents = (db: Database, eventIds: string[], now: number) =>
  db
    .select({ id: deliveries.id, webhookId: deliveries.webhookId })
    .from(deliveries)
    .where(and(isOneOf(deliveries.eventId, eventIds), isDue(now, now)))
    .orderBy(asc(deliveries.sequence), asc(deliveries.webhookId))

/** What an endpoint is to get next, in order. A statement, for the batch that ends an attempt. */
export const selectDueOfWebhook = (
  db: Database,
  webhookId: number,
  at: { dueBy: number; now: number; limit: number },
) =>
  db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(eq(deliveries.webhookId, webhookId), isDue(at.dueBy, at.now)))
    .orderBy(asc(deliveries.nextAttemptAt), asc(deliveries.sequence))
    .limit(at.limit)

/** What an endpoint is to get first of all, due or not. */
export const findFirstWaiting = async (
  db: Database,
  webhookId: number,
): Promise<{ id: string; nextAttemptAt: number } | null> => {
  const { id, nextAttemptAt, sequence } = deliveries
  const [row] = await db
    .select({ id, nextAttemptAt })
    .from(deliveries)
    .where(and(eq(deliveries.webhookId, webhookId), isWaiting))
    .orderBy(asc(nextAttemptAt), asc(sequence))
    .limit(1)
  return row === undefined ? null : { id: row.id, nextAttemptAt: row.nextAttemptAt ?? 0 }
}

export type Page = {
  dueBy: number
  now: number
  /** Endpoints after this one, so many, and of each no more than this. */
  after: number
  endpoints: number
  each: number
}

/** What is overdue of a page of endpoints, fairly: a long backlog of one takes no place of another. */
export async function listOverdue(
  db: Database,
  page: Page,
): Promise<{ ids: string[]; last: number | null }> {
  const mine = db
    .select({ id: webhooks.id })
    .from(webhooks)
    .where(sql`${webhooks.id} > ${page.after}`)
    .orderBy(asc(webhooks.id))
    .limit(page.endpoints)
  const first = sql`(SELECT own.id FROM deliveries AS own
    WHERE own.webhook_id = ${webhooks.id} AND own.state = 'waiting'
      AND own.next_attempt_at <= ${page.dueBy} AND own.leased_until < ${page.now}
    ORDER BY own.next_attempt_at, own.sequence LIMIT ${page.each})`
  const [endpoints, due] = await db.batch([
    mine,
    db
      .select({ id: deliveries.id })
      .from(webhooks)
      .innerJoin(deliveries, sql`${deliveries.id} IN ${first}`)
      .where(inArray(webhooks.id, mine))
      .orderBy(asc(deliveries.nextAttemptAt), asc(deliveries.sequence)),
  ])
  return { ids: due.map(({ id }) => id), last: endpoints.at(-1)?.id ?? null }
}
