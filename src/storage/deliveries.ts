/** Deliveries (one event to one endpoint) and their attempts (one HTTP request each). */
import { type SQL, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database, Statement } from './database.ts'
import type { WebhookFormat } from './webhooks.ts'

/** Why nothing can be sent to an endpoint in whose format the event was never written. */
export const noBody = 'no body in its format'

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
  /** Those that the schedule does not count: made before it was replayed, or to try an open breaker. */
  earlierAttempts: integer('earlier_attempts').notNull().default(0),
  /** Somebody had it sent once more: it stands in no line. */
  replayed: integer({ mode: 'boolean' }).notNull().default(false),
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
 * In the order given, each that is to be sent takes the next number of its endpoint and environment. A
 * pair of event and endpoint that is there already stays as it is and takes none: numbers stay dense.
 */
export function insertDeliveries(db: Database, rows: NewDelivery[]): Statement[] {
  const statements: Statement[] = []
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const json = JSON.stringify(rows.slice(start, start + rowsAtOnce))
    const field = (name: keyof NewDelivery) => sql.raw(`value ->> '${name}'`)
    const last = sql`(SELECT max(sequence) FROM deliveries AS before
      WHERE before.webhook_id = ${field('webhookId')}
        AND before.environment_id IS ${field('environmentId')})`
    // Nobody need ring for what a breaker would keep back at once.
    const heldUntil = sql`(SELECT breaker_until FROM webhook_health AS health
      WHERE health.webhook_id = ${field('webhookId')} AND health.breaker_state <> 'closed'
        AND health.breaker_until > ${field('nextAttemptAt')})`
    const isSent = sql`${field('state')} <> 'filtered'`
    const number = sql`row_number() OVER (
      PARTITION BY ${field('webhookId')}, ${field('environmentId')}, ${isSent} ORDER BY key)`
    statements.push(
      db.insert(deliveries).select(sql`
        SELECT ${field('id')}, ${field('eventId')}, ${field('webhookId')}, ${field('environmentId')},
          CASE WHEN ${isSent} THEN coalesce(${last}, 0) + ${number} END,
          ${field('state')},
          CASE WHEN ${heldUntil} IS NULL THEN ${field('reason')} ELSE 'breaker' END, 0, 0, 0,
          coalesce(${heldUntil}, ${field('nextAttemptAt')}), 0, ${field('createdAt')}, ${field('format')}
        FROM json_each(${json})
        WHERE NOT EXISTS (SELECT 1 FROM deliveries AS there
          WHERE there.event_id = ${field('eventId')} AND there.webhook_id = ${field('webhookId')})`),
    )
  }
  return statements
}
