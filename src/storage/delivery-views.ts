/** Deliveries and attempts as administrators are shown them. Sends nothing and settles nothing. */
import { and, asc, desc, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { type Attempt, attempts, type DeliveryState, deliveries, isWaiting } from './deliveries.ts'
import { firstBefore, isBehind } from './delivery-lines.ts'
import { eventBodies, events } from './events.ts'
import { webhookHealth } from './webhook-health.ts'

/** The status of the last answer of each endpoint; missing where none was ever heard. */
export async function readLastStatuses(
  db: Database,
  webhookIds: number[],
): Promise<Map<number, number>> {
  const { webhookId, lastStatus } = webhookHealth
  const rows = await db
    .select({ webhookId, lastStatus })
    .from(webhookHealth)
    .where(isOneOf(webhookId, webhookIds))
  return new Map(
    rows.flatMap((row) => (row.lastStatus === null ? [] : [[row.webhookId, row.lastStatus]])),
  )
}

export type DeliveryFilter = {
  state?: DeliveryState | undefined
  eventType?: string | undefined
  from?: number | undefined
  /** Before this. */
  to?: number | undefined
}

/** A delivery's place in the order of its endpoint's. */
export type DeliveryCursor = { createdAt: number; id: string }

export type DeliveryPage = {
  limit: number
  cursor: DeliveryCursor | undefined
  /** Newer than the cursor instead of older. */
  isBack: boolean
}

const columns = {
  id: deliveries.id,
  eventId: deliveries.eventId,
  eventType: events.type,
  action: events.action,
  format: deliveries.format,
  environmentId: deliveries.environmentId,
  sequence: deliveries.sequence,
  state: deliveries.state,
  reason: deliveries.reason,
  attempts: deliveries.attempts,
  nextAttemptAt: deliveries.nextAttemptAt,
  createdAt: deliveries.createdAt,
  /** The sequence of the first that has to be settled before; null: it stands behind nothing. */
  behind: sql<number | null>`CASE WHEN ${isWaiting} AND ${isBehind('deliveries')}
    THEN ${firstBefore('deliveries')} END`.as('behind'),
}

const joined = (db: Database) =>
  db.select(columns).from(deliveries).innerJoin(events, eq(events.id, deliveries.eventId))

export type DeliveryRow = Awaited<ReturnType<typeof joined>>[number]

const beyond = ({ cursor, isBack }: DeliveryPage): SQL | undefined =>
  cursor &&
  sql`(${deliveries.createdAt}, ${deliveries.id}) ${sql.raw(isBack ? '>' : '<')}
    (${cursor.createdAt}, ${cursor.id})`

const matching = ({ state, eventType, from, to }: DeliveryFilter) =>
  and(
    // Written out: a bound value would keep SQLite from the indexes over some states.
    state && sql`${deliveries.state} = ${sql.raw(`'${state}'`)}`,
    eventType === undefined ? undefined : sql`${events.type} = ${eventType}`,
    from === undefined ? undefined : gte(deliveries.createdAt, from),
    to === undefined ? undefined : lt(deliveries.createdAt, to),
  )

/** Newest first, and whether there are more in the direction that was asked for. */
export async function pageDeliveries(
  db: Database,
  { webhookId, filter }: { webhookId: number; filter: DeliveryFilter },
  page: DeliveryPage,
): Promise<{ rows: DeliveryRow[]; hasMore: boolean }> {
  const order = page.isBack ? asc : desc
  const found = await joined(db)
    .where(and(eq(deliveries.webhookId, webhookId), beyond(page), matching(filter)))
    .orderBy(order(deliveries.createdAt), order(deliveries.id))
    .limit(page.limit + 1)
  const rows = found.slice(0, page.limit)
  return { rows: page.isBack ? rows.reverse() : rows, hasMore: found.length > page.limit }
}

export const findDelivery = async (
  db: Database,
  webhookId: number,
  id: string,
): Promise<DeliveryRow | undefined> =>
  (
    await joined(db)
      .where(and(eq(deliveries.id, id), eq(deliveries.webhookId, webhookId)))
      .limit(1)
  )[0]

/** The bytes that every attempt of a delivery sends, and the attempts, oldest first. */
export async function readAttempts(
  db: Database,
  { id, eventId, format }: Pick<DeliveryRow, 'id' | 'eventId' | 'format'>,
): Promise<{ body: string; attempts: Attempt[] }> {
  const [bodies, rows] = await db.batch([
    db
      .select({ body: eventBodies.body })
      .from(eventBodies)
      .where(and(eq(eventBodies.eventId, eventId), eq(eventBodies.format, format))),
    db.select().from(attempts).where(eq(attempts.deliveryId, id)).orderBy(asc(attempts.number)),
  ])
  return { body: bodies[0]?.body ?? '', attempts: rows }
}
