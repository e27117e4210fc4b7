/**
 * Taking deliveries: who may send what, settled in one transaction for all that are asked for. Of any
 * number of claims at once each delivery is won by one. Decides no numbers; they are arguments.
 */
import { type SQL, sql } from 'drizzle-orm'
import {
  type Assignment,
  type AssignmentRow,
  readAssignments,
  toAssignment,
} from './assignments.ts'
import type { Database, Statement } from './database.ts'
import {
  type AttemptOutcome,
  attempts,
  deliveries,
  isDue,
  isWaiting,
  noBody,
} from './deliveries.ts'
import { type Endpoint, isBehind, nextIds } from './delivery-lines.ts'
import { webhookHealth } from './webhook-health.ts'
import { webhooks } from './webhooks.ts'

export type Claim = {
  /** By their ids, or whatever an endpoint is to get next. */
  named: string[] | Endpoint
  now: number
  /** Attempts due up to here may be taken. */
  dueBy: number
  leasedUntil: number
  /** A delivery with this many attempts behind it is given up instead. */
  maxAttempts: number
  /** So many may be under way to one endpoint at once. */
  lanes: number
  /** No more than this of one endpoint are taken by this claim. */
  most: number
}

export type Settled = { id: string; state: string }

const namedIds = ({ named, now, dueBy, most }: Claim): SQL =>
  Array.isArray(named)
    ? sql`(SELECT value FROM json_each(${JSON.stringify(named)}))`
    : nextIds(named, { now, dueBy, limit: most })

const isNamed = (claim: Claim): SQL => sql`${deliveries.id} IN ${namedIds(claim)}`

const isUsedUp = ({ maxAttempts }: Claim): SQL =>
  sql`${deliveries.attempts} - ${deliveries.earlierAttempts} >= ${maxAttempts}`

const isSwitchedOff = sql`EXISTS (SELECT 1 FROM ${webhooks}
  WHERE ${webhooks.id} = ${deliveries.webhookId} AND NOT ${webhooks.enabled})`

/** The bytes are there, in the delivery's format. */
const hasBody = (table: string): SQL => sql`EXISTS (SELECT 1 FROM event_bodies AS told
  WHERE told.event_id = ${sql.raw(table)}.event_id AND told.format = ${sql.raw(table)}.format)`

const isBodiless = sql`NOT ${hasBody('deliveries')}`

/** Gives up free deliveries that nobody may send any more. */
const settleHopeless = (db: Database, claim: Claim) =>
  db
    .update(deliveries)
    .set({
      state: sql`CASE WHEN ${isUsedUp(claim)} OR ${isBodiless} THEN 'dead' ELSE 'disabled' END`,
      reason: sql`CASE WHEN ${isUsedUp(claim)} THEN 'attempts used up'
        WHEN ${isBodiless} THEN ${noBody} ELSE 'endpoint disabled' END`,
      nextAttemptAt: null,
    })
    .where(
      sql`${isNamed(claim)} AND ${isWaiting} AND ${deliveries.leasedUntil} < ${claim.now}
        AND (${isUsedUp(claim)} OR ${isBodiless} OR ${isSwitchedOff})`,
    )
    .returning({ id: deliveries.id, state: deliveries.state })

type Guard = (claim: Claim) => SQL

/**
 * What is due of what is named and stands behind nothing, with its place among its endpoint's and how many
 * of those are under way.
 * Reads nothing that the statements before change, but for the leases they take themselves.
 */
const dueWhere = (claim: Claim, condition: SQL): SQL => sql`${deliveries.id} IN (
  SELECT id FROM (
    SELECT due.id, coalesce(health.breaker_state, 'closed') AS breaker, health.breaker_until AS until,
      row_number() OVER (
        PARTITION BY due.webhook_id ORDER BY due.next_attempt_at, due.sequence, due.id) AS place,
      (SELECT count(*) FROM deliveries AS sent WHERE sent.webhook_id = due.webhook_id
        AND sent.leased_until > 0 AND sent.leased_until >= ${claim.now}) AS sending
    FROM deliveries AS due JOIN webhooks AS endpoint ON endpoint.id = due.webhook_id
      LEFT JOIN webhook_health AS health ON health.webhook_id = due.webhook_id
    WHERE due.id IN ${namedIds(claim)}
      AND due.state = 'waiting' AND due.next_attempt_at <= ${claim.dueBy}
      AND due.leased_until < ${claim.now} AND NOT ${isBehind('due')}
      AND endpoint.enabled AND ${hasBody('due')} AND due.attempts - due.earlier_attempts < ${claim.maxAttempts})
  WHERE ${condition})`

/** While the breaker is closed: as many as the endpoint has lanes. */
const mayGo: Guard = (claim) =>
  dueWhere(
    claim,
    sql`breaker = 'closed' AND place <= ${claim.most} AND sending + place <= ${claim.lanes}`,
  )

/** When it has been open long enough: the first alone. */
const mayTry: Guard = (claim) =>
  dueWhere(claim, sql`breaker <> 'closed' AND until <= ${claim.now} AND place = 1`)

const insertStarted = (db: Database, claim: Claim, guard: Guard) =>
  db
    .insert(attempts)
    .select(
      db
        .select({
          deliveryId: deliveries.id,
          number: sql<number>`${deliveries.attempts} + 1`.as('number'),
          startedAt: sql<number>`${claim.now}`.as('started_at'),
          endedAt: sql<null>`null`.as('ended_at'),
          durationMs: sql<null>`null`.as('duration_ms'),
          outcome: sql<AttemptOutcome>`'started'`.as('outcome'),
          requestHeaders: sql<null>`null`.as('request_headers'),
          responseStatus: sql<null>`null`.as('response_status'),
          responseBody: sql<null>`null`.as('response_body'),
          error: sql<null>`null`.as('error'),
        })
        .from(deliveries)
        .where(guard(claim)),
    )
    .returning({ deliveryId: attempts.deliveryId, number: attempts.number })

const takeLeases = (db: Database, claim: Claim, guard: Guard) =>
  db
    .update(deliveries)
    .set({
      attempts: sql`${deliveries.attempts} + 1`,
      leasedUntil: claim.leasedUntil,
      reason: null,
    })
    .where(guard(claim))

/** What went although the breaker was open goes to try it: the others wait for how it fares. */
const halfOpen = (db: Database, claim: Claim) =>
  db
    .update(webhookHealth)
    .set({
      breakerState: 'half-open',
      breakerUntil: claim.leasedUntil,
      revision: sql`${webhookHealth.revision} + 1`,
    })
    .where(
      sql`${webhookHealth.breakerState} <> 'closed' AND ${webhookHealth.breakerUntil} <= ${claim.now}
        AND EXISTS (SELECT 1 FROM deliveries AS taken
          WHERE taken.id IN ${namedIds(claim)}
            AND taken.webhook_id = ${webhookHealth.webhookId}
            AND taken.leased_until = ${claim.leasedUntil})`,
    )

/** Without an attempt: an outage costs an event none of its ten. */
const holdBack = (db: Database, claim: Claim) => {
  const until = sql`(SELECT breaker_until FROM webhook_health
    WHERE webhook_health.webhook_id = ${deliveries.webhookId} AND breaker_state <> 'closed')`
  return db
    .update(deliveries)
    .set({ nextAttemptAt: until, reason: 'breaker' })
    .where(sql`${isNamed(claim)} AND ${isDue(claim.dueBy, claim.now)} AND ${until} IS NOT NULL`)
}

/** What was taken, and what a breaker keeps. */
const readNamed = (db: Database, claim: Claim) =>
  readAssignments(
    db,
    sql`${isNamed(claim)} AND (${deliveries.leasedUntil} = ${claim.leasedUntil}
      OR (${isWaiting} AND ${webhookHealth.breakerState} <> 'closed'))`,
  )

/**
 * The started attempts and the leases stand behind the same guard, so either both are there or neither.
 * What is not taken is held back by a breaker, settled, somebody else's, not due yet, or one too many
 * for its endpoint: then whoever sends to it goes on with it.
 */
export async function claimDeliveries(
  db: Database,
  claim: Claim,
): Promise<{ assignments: Assignment[]; settled: Settled[] }> {
  const [settled, started, , found] = await db.batch([
    settleHopeless(db, claim),
    insertStarted(db, claim, mayGo),
    takeLeases(db, claim, mayGo),
    readNamed(db, claim),
  ])
  const rows = takenOf(started, found)
  // Rare, and only what waits behind a breaker waits for it.
  if (found.length > rows.length) rows.push(...(await claimBehindBreakers(db, claim)))
  return { assignments: rows.map(toAssignment), settled }
}

type Started = { deliveryId: string }

const takenOf = (started: Started[], found: AssignmentRow[]): AssignmentRow[] => {
  const mine = new Set(started.map(({ deliveryId }) => deliveryId))
  return found.filter(({ deliveryId }) => mine.has(deliveryId))
}

async function claimBehindBreakers(db: Database, claim: Claim): Promise<AssignmentRow[]> {
  const [started, , , , found] = await db.batch([
    insertStarted(db, claim, mayTry),
    takeLeases(db, claim, mayTry),
    halfOpen(db, claim),
    holdBack(db, claim),
    readNamed(db, claim),
  ])
  return takenOf(started, found)
}

/**
 * Statements that take what an endpoint is to get next, for the batch that ends the attempt before. They
 * settle nothing and try no breaker: where they take nothing a claim says why.
 */
export const takeNext = (db: Database, claim: Claim & { named: Endpoint }): Statement[] => [
  insertStarted(db, claim, mayGo),
  takeLeases(db, claim, mayGo),
  readAssignments(
    db,
    sql`${deliveries.webhookId} = ${claim.named.id} AND ${deliveries.leasedUntil} > 0
      AND ${deliveries.leasedUntil} = ${claim.leasedUntil}`,
  ),
]

/** What came of them. */
export const readTaken = ([started, , found]: unknown[]): Assignment | null => {
  const [row] = takenOf(started as Started[], found as AssignmentRow[])
  return row === undefined ? null : toAssignment(row)
}
