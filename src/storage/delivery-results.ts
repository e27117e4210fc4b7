/** What became of attempts, written down once for each. Decides nothing. */
import { and, eq, lt, ne, sql } from 'drizzle-orm'
import type { Assignment } from './assignments.ts'
import { type Database, runBatch, type Statement } from './database.ts'
import { type AttemptOutcome, attempts, deliveries, isWaiting } from './deliveries.ts'
import { type Claim, readTaken, takeNext } from './delivery-claims.ts'
import { type Endpoint, selectNext } from './delivery-lines.ts'
import { markGone } from './webhook-health.ts'

export type Ended = {
  deliveryId: string
  number: number
  endedAt: number
  durationMs: number | null
  requestHeaders: string | null
  responseStatus: number | null
  responseBody: string | null
  error: string | null
}

/** What the delivery is after the attempt. */
export type Verdict =
  | { state: 'delivered' }
  /** `isFree`: the attempt does not count towards those that a delivery has. */
  | { state: 'waiting'; nextAttemptAt: number; reason: string | null; isFree: boolean }
  | { state: 'dead'; reason: string; isGone: boolean }

export type Next = Endpoint & { dueBy: number; now: number; limit: number }

/** Taking what the endpoint is to get next, in the batch that records the attempt. */
export type NextClaim = Claim & { named: Endpoint }

export type Recorded = {
  /** What was taken to be sent next; null: nothing, or nothing was to be taken. */
  taken: Assignment | null
  /** Whether this attempt still had a say. */
  counted: boolean
  /** What the endpoint is to get next. */
  due: string[]
}

const endAttempt = (db: Database, ended: Ended, outcome: AttemptOutcome) => {
  const { deliveryId, number, ...result } = ended
  return db
    .update(attempts)
    .set({ ...result, outcome })
    .where(and(eq(attempts.deliveryId, deliveryId), eq(attempts.number, number)))
}

/** A success counts whoever comes to report it, even after the lease was lost to another sender. */
const settleDelivered = (db: Database, { deliveryId }: Ended) =>
  db
    .update(deliveries)
    .set({ state: 'delivered', reason: null, nextAttemptAt: null, leasedUntil: 0 })
    .where(and(eq(deliveries.id, deliveryId), ne(deliveries.state, 'delivered')))
    .returning({ id: deliveries.id })

/** A failure says nothing once the delivery is settled, sent once more, or in a later attempt. */
const settleFailed = (
  db: Database,
  ended: Ended,
  verdict: Exclude<Verdict, { state: 'delivered' }>,
) =>
  db
    .update(deliveries)
    .set({
      state: verdict.state,
      reason: verdict.reason,
      nextAttemptAt: verdict.state === 'dead' ? null : verdict.nextAttemptAt,
      ...(verdict.state === 'waiting' &&
        verdict.isFree && { earlierAttempts: sql`${deliveries.earlierAttempts} + 1` }),
      leasedUntil: 0,
    })
    .where(
      and(
        eq(deliveries.id, ended.deliveryId),
        eq(deliveries.state, 'waiting'),
        eq(deliveries.attempts, ended.number),
        lt(deliveries.earlierAttempts, ended.number),
      ),
    )
    .returning({ id: deliveries.id })

export async function recordAttempt(
  db: Database,
  ended: Ended,
  { verdict, next, claim }: { verdict: Verdict; next: Next; claim: NextClaim | null },
): Promise<Recorded> {
  const isDelivered = verdict.state === 'delivered'
  const statements: Statement[] = [
    endAttempt(db, ended, isDelivered ? 'delivered' : 'failed'),
    isDelivered ? settleDelivered(db, ended) : settleFailed(db, ended, verdict),
    ...(claim === null ? [] : takeNext(db, claim)),
    selectNext(db, next, next),
  ]
  if (verdict.state === 'dead' && verdict.isGone) {
    statements.push(markGone(db, next.id, ended.endedAt))
  }
  const [, settled, ...rest] = await runBatch(db, statements)
  const taken = claim === null ? null : readTaken(rest.splice(0, 3))
  const [due] = rest as [Id[]]
  return {
    taken,
    counted: (settled as Id[]).length > 0,
    due: due.map(({ id }) => id),
  }
}

type Id = { id: string }

/** What its receiver was like says nothing any more: all that waits for a later time is due. */
export const makeDue = (db: Database, webhookId: number, now: number): Statement =>
  db
    .update(deliveries)
    .set({ nextAttemptAt: now, reason: null })
    .where(sql`${deliveries.webhookId} = ${webhookId} AND ${isWaiting}
      AND ${deliveries.nextAttemptAt} > ${now}`)

/** Its breaker has closed: what it held back is due again, all of it, in its order. */
export const releaseHeldBack = (db: Database, webhookId: number, now: number): Promise<unknown> =>
  db
    .update(deliveries)
    .set({ nextAttemptAt: now, reason: null })
    .where(sql`${deliveries.webhookId} = ${webhookId} AND ${isWaiting}
      AND ${deliveries.reason} = 'breaker'`)
