/** Deliveries (one event to one endpoint) and their attempts (one HTTP request each). */
import { and, asc, eq, exists, gte, lt, lte, ne, or, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, insertRows, isOneOf, type Statement } from './database.ts'
import { events } from './events.ts'
import { webhooks } from './webhooks.ts'

export type DeliveryState =
  /** An attempt is due at `nextAttemptAt`. */
  | 'waiting'
  | 'delivered'
  /** Given up; kept to be seen and replayed. */
  | 'parked'

export const deliveries = sqliteTable('deliveries', {
  id: text().primaryKey(),
  eventId: text('event_id').notNull(),
  webhookId: integer('webhook_id').notNull(),
  state: text().$type<DeliveryState>().notNull(),
  attempts: integer().notNull().default(0),
  nextAttemptAt: integer('next_attempt_at'),
  /** While this is in the future somebody is sending: nobody else may. */
  leasedUntil: integer('leased_until').notNull().default(0),
  createdAt: integer('created_at').notNull(),
})

export type AttemptOutcome = 'started' | 'delivered' | 'failed'

export const attempts = sqliteTable('attempts', {
  deliveryId: text('delivery_id').notNull(),
  number: integer().notNull(),
  startedAt: integer('started_at').notNull(),
  endedAt: integer('ended_at'),
  /** `started` that never ended: the sender died, the receiver may or may not have it. */
  outcome: text().$type<AttemptOutcome>().notNull(),
  responseStatus: integer('response_status'),
  responseBody: text('response_body'),
  error: text(),
})

export type Delivery = typeof deliveries.$inferSelect
export type Attempt = typeof attempts.$inferSelect

/** A pair of event and endpoint that is there already stays as it is. */
export const insertDeliveries = (
  db: Database,
  rows: (typeof deliveries.$inferInsert)[],
): Statement[] =>
  insertRows(db, deliveries, rows).map((statement) => statement.onConflictDoNothing())

const isDue = (dueBy: number, now: number) =>
  and(
    eq(deliveries.state, 'waiting'),
    lte(deliveries.nextAttemptAt, dueBy),
    lt(deliveries.leasedUntil, now),
  )

/** A statement, because it also rides in the batch that makes the deliveries. */
export const selectDueOfEvents = (db: Database, eventIds: string[], now: number) =>
  db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(isOneOf(deliveries.eventId, eventIds), isDue(now, now)))

/** Oldest first, so that what waits longest is not overtaken for ever. */
export const listOverdue = async (
  db: Database,
  at: { dueBy: number; now: number; limit: number },
): Promise<string[]> =>
  (
    await db
      .select({ id: deliveries.id })
      .from(deliveries)
      .where(isDue(at.dueBy, at.now))
      .orderBy(asc(deliveries.nextAttemptAt))
      .limit(at.limit)
  ).map((row) => row.id)

export type Claim = {
  id: string
  now: number
  /** Attempts due up to here may be taken. */
  dueBy: number
  leasedUntil: number
  /** A delivery with this many attempts behind it is parked instead. */
  maxAttempts: number
}

/** What one attempt needs to know, read in the transaction that took it. */
export type Assignment = {
  number: number
  eventId: string
  body: string
  url: string
  sealedSecret: string | null
}

export type Claimed = { parked: boolean; assignment: Assignment | null }

/** Gives up a free delivery that nobody may send any more: endpoint disabled, attempts used up. */
const parkHopeless = (db: Database, claim: Claim) =>
  db
    .update(deliveries)
    .set({ state: 'parked', nextAttemptAt: null })
    .where(
      and(
        eq(deliveries.id, claim.id),
        eq(deliveries.state, 'waiting'),
        lt(deliveries.leasedUntil, claim.now),
        or(
          gte(deliveries.attempts, claim.maxAttempts),
          exists(
            db
              .select({ one: sql`1` })
              .from(webhooks)
              .where(and(eq(webhooks.id, deliveries.webhookId), eq(webhooks.enabled, false))),
          ),
        ),
      ),
    )
    .returning({ id: deliveries.id })

const insertStarted = (db: Database, claim: Claim) =>
  db
    .insert(attempts)
    .select(
      db
        .select({
          deliveryId: deliveries.id,
          number: sql<number>`${deliveries.attempts} + 1`.as('number'),
          startedAt: sql<number>`${claim.now}`.as('started_at'),
          endedAt: sql<null>`null`.as('ended_at'),
          outcome: sql<AttemptOutcome>`'started'`.as('outcome'),
          responseStatus: sql<null>`null`.as('response_status'),
          responseBody: sql<null>`null`.as('response_body'),
          error: sql<null>`null`.as('error'),
        })
        .from(deliveries)
        .where(and(eq(deliveries.id, claim.id), isDue(claim.dueBy, claim.now))),
    )
    .returning({ number: attempts.number })

const takeLease = (db: Database, claim: Claim) =>
  db
    .update(deliveries)
    .set({ attempts: sql`${deliveries.attempts} + 1`, leasedUntil: claim.leasedUntil })
    .where(and(eq(deliveries.id, claim.id), isDue(claim.dueBy, claim.now)))

const readAssignment = (db: Database, id: string) =>
  db
    .select({
      eventId: deliveries.eventId,
      body: events.body,
      url: webhooks.url,
      sealedSecret: webhooks.sealedSecret,
    })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(webhooks, eq(webhooks.id, deliveries.webhookId))
    .where(eq(deliveries.id, id))

/**
 * One transaction: the started attempt and the lease stand behind the same guard, so either both
 * are there or neither, and of any number of claims at once one wins.
 */
export async function claimDelivery(db: Database, claim: Claim): Promise<Claimed> {
  const [parked, started, , rows] = await db.batch([
    parkHopeless(db, claim),
    insertStarted(db, claim),
    takeLease(db, claim),
    readAssignment(db, claim.id),
  ])
  const number = started[0]?.number
  const row = rows[0]
  const assignment = number === undefined || row === undefined ? null : { number, ...row }
  return { parked: parked.length > 0, assignment }
}

export type Ended = {
  deliveryId: string
  number: number
  endedAt: number
  responseStatus: number | null
  responseBody: string | null
  error: string | null
}

const endAttempt = (db: Database, ended: Ended, outcome: AttemptOutcome) => {
  const { deliveryId, number, ...result } = ended
  return db
    .update(attempts)
    .set({ ...result, outcome })
    .where(and(eq(attempts.deliveryId, deliveryId), eq(attempts.number, number)))
}

/** A success counts whoever comes to report it, even after the lease was lost to another sender. */
export const recordDelivered = (db: Database, ended: Ended): Promise<unknown> =>
  db.batch([
    endAttempt(db, ended, 'delivered'),
    db
      .update(deliveries)
      .set({ state: 'delivered', nextAttemptAt: null, leasedUntil: 0 })
      .where(and(eq(deliveries.id, ended.deliveryId), ne(deliveries.state, 'delivered'))),
  ])

/**
 * Parks when `nextAttemptAt` is null. A failure says nothing once a later attempt has begun or the
 * delivery is settled; the answer is whether this one still counted.
 */
export async function recordFailed(
  db: Database,
  ended: Ended,
  nextAttemptAt: number | null,
): Promise<boolean> {
  const [, changed] = await db.batch([
    endAttempt(db, ended, 'failed'),
    db
      .update(deliveries)
      .set({ state: nextAttemptAt === null ? 'parked' : 'waiting', nextAttemptAt, leasedUntil: 0 })
      .where(
        and(
          eq(deliveries.id, ended.deliveryId),
          eq(deliveries.state, 'waiting'),
          eq(deliveries.attempts, ended.number),
        ),
      )
      .returning({ id: deliveries.id }),
  ])
  return changed.length > 0
}
