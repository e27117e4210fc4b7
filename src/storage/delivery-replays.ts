/** Which deliveries of an endpoint are sent once more, or not at all. Set-based: there may be many. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Database, Statement } from './database.ts'
import { deliveries } from './deliveries.ts'

export type Replayed =
  /** All that the endpoint was told, or was to be told, in a time: `to` is outside. */
  | { kind: 'time'; from: number; to: number }
  /** Given up. */
  | { kind: 'dead' }
  /** Missed while the endpoint was switched off, tried before or not. */
  | { kind: 'disabled' }
  /** Of which no request ever left: the endpoint was switched off, or its breaker is open. */
  | { kind: 'never-attempted' }
  | { kind: 'one'; deliveryId: string }

function isMeant(replayed: Replayed): SQL {
  switch (replayed.kind) {
    case 'time':
      return sql`${deliveries.createdAt} >= ${replayed.from}
        AND ${deliveries.createdAt} < ${replayed.to} AND ${deliveries.state} <> 'filtered'`
    case 'dead':
      return sql`${deliveries.state} = 'dead'`
    case 'disabled':
      return sql`${deliveries.state} = 'disabled'`
    case 'never-attempted':
      return sql`${deliveries.attempts} = 0
        AND ${deliveries.state} IN ('waiting', 'disabled', 'dead')`
    case 'one':
      return sql`${deliveries.id} = ${replayed.deliveryId}`
  }
}

/** What is being sent at this moment is left alone. */
const isFree = (now: number) => sql`${deliveries.leasedUntil} < ${now}`

type At = { webhookId: number; now: number }

const ofEndpoint = ({ webhookId, now }: At, replayed: Replayed) =>
  and(eq(deliveries.webhookId, webhookId), isMeant(replayed), isFree(now))

export const countReplayed = (db: Database, at: At, replayed: Replayed): Promise<number> =>
  db.$count(deliveries, ofEndpoint(at, replayed))

/** Due at once, with a schedule from the start; the attempts before stay and go on being counted. */
export const replay = (db: Database, at: At, replayed: Replayed): Statement =>
  db
    .update(deliveries)
    .set({
      state: 'waiting',
      reason: null,
      earlierAttempts: sql`${deliveries.attempts}`,
      // What was never tried takes its place in its line.
      replayed: sql`${deliveries.attempts} > 0`,
      nextAttemptAt: at.now,
    })
    .where(ofEndpoint(at, replayed))

/** One that arrived meanwhile stays delivered. */
export const skip = (db: Database, deliveryId: string): Statement =>
  db
    .update(deliveries)
    .set({ state: 'skipped', reason: null, nextAttemptAt: null })
    .where(
      and(
        eq(deliveries.id, deliveryId),
        sql`${deliveries.state} IN ('waiting', 'dead', 'disabled')`,
      ),
    )
