/**
 * Taking deliveries: who may send what, settled in one transaction for all that are asked for. Of any
 * number of claims at once each delivery is won by one. Decides no numbers; they are arguments.
 */
import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { type OrganisationPromise, promiseTo } from './checkpoints.ts'
import { type Database, isOneOf } from './database.ts'
import { type AttemptOutcome, attempts, deliveries, isDue, isWaiting } from './deliveries.ts'
import { isBehind } from './delivery-lines.ts'
import { eventBodies, events } from './events.ts'
import { type HealthRow, webhookHealth } from './webhook-health.ts'
import { type Webhook, webhooks } from './webhooks.ts'

export type Claim = {
  ids: string[]
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

/** What one attempt needs to know, read in the transaction that took it. */
export type Assignment = {
  deliveryId: string
  /** Of all attempts; and of those since it was last replayed. */
  number: number
  round: number
  eventId: string
  body: string
  environmentId: number | null
  sequence: number
  webhookId: number
  ordered: boolean
  url: string
  sealed: Pick<Webhook, 'sealedSecret' | 'sealedNextSecret' | 'sealedPrivateKey' | 'sealedHeaders'>
  /** What the log of the event's organisation has promised by now. */
  promised: OrganisationPromise | null
  health: HealthRow | null
}

export type Settled = { id: string; state: string }

const isNamed = ({ ids }: Claim): SQL => isOneOf(deliveries.id, ids)

const isUsedUp = ({ maxAttempts }: Claim): SQL =>
  sql`${deliveries.attempts} - ${deliveries.earlierAttempts} >= ${maxAttempts}`

const isSwitchedOff = sql`EXISTS (SELECT 1 FROM ${webhooks}
  WHERE ${webhooks.id} = ${deliveries.webhookId} AND NOT ${webhooks.enabled})`

/** Gives up free deliveries that nobody may send any more. */
const settleHopeless = (db: Database, claim: Claim) =>
  db
    .update(deliveries)
    .set({
      state: sql`CASE WHEN ${isUsedUp(claim)} THEN 'dead' ELSE 'disabled' END`,
      reason: sql`CASE WHEN ${isUsedUp(claim)} THEN 'attempts used up' ELSE 'endpoint disabled' END`,
      nextAttemptAt: null,
    })
    .where(
      sql`${isNamed(claim)} AND ${isWaiting} AND ${deliveries.leasedUntil} < ${claim.now}
        AND (${isUsedUp(claim)} OR ${isSwitchedOff})`,
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
    FROM deliveries AS due LEFT JOIN webhook_health AS health ON health.webhook_id = due.webhook_id
    WHERE due.id IN (SELECT value FROM json_each(${JSON.stringify(claim.ids)}))
      AND due.state = 'waiting' AND due.next_attempt_at <= ${claim.dueBy}
      AND due.leased_until < ${claim.now} AND NOT ${isBehind('due')})
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
          WHERE taken.id IN (SELECT value FROM json_each(${JSON.stringify(claim.ids)}))
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

const { webhookId: _, ...healthColumns } = getTableColumns(webhookHealth)

/** What was taken, and what a breaker keeps. No two columns of one name: D1 would return one of them. */
const readNamed = (db: Database, claim: Claim) =>
  db
    .select({
      deliveryId: deliveries.id,
      number: deliveries.attempts,
      round: sql<number>`${deliveries.attempts} - ${deliveries.earlierAttempts}`.as('round'),
      leasedUntil: deliveries.leasedUntil,
      eventId: deliveries.eventId,
      body: eventBodies.body,
      environmentId: deliveries.environmentId,
      // Only what is not sent has none.
      sequence: sql<number>`${deliveries.sequence}`.as('sequence'),
      webhookId: deliveries.webhookId,
      ordered: webhooks.ordered,
      url: webhooks.url,
      sealedSecret: webhooks.sealedSecret,
      sealedNextSecret: webhooks.sealedNextSecret,
      sealedPrivateKey: webhooks.sealedPrivateKey,
      sealedHeaders: webhooks.sealedHeaders,
      promised: promiseTo(events.organisationId).as('promised'),
      ...healthColumns,
    })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(webhooks, eq(webhooks.id, deliveries.webhookId))
    .innerJoin(
      eventBodies,
      and(eq(eventBodies.eventId, events.id), eq(eventBodies.format, deliveries.format)),
    )
    .leftJoin(webhookHealth, eq(webhookHealth.webhookId, deliveries.webhookId))
    .where(
      sql`${isNamed(claim)} AND (${deliveries.leasedUntil} = ${claim.leasedUntil}
        OR (${isWaiting} AND ${webhookHealth.breakerState} <> 'closed'))`,
    )

type Named = Awaited<ReturnType<typeof readNamed>>[number]

function toHealth(row: Named): HealthRow | null {
  const { webhookId, revision, breakerState, consecutiveFailures } = row
  if (revision === null || breakerState === null || consecutiveFailures === null) return null
  const { lastStatus, lastSuccessAt, lastFailureAt, failingSince, breakerUntil, goneAt } = row
  const times = { lastSuccessAt, lastFailureAt, failingSince, breakerUntil, goneAt }
  return { webhookId, revision, lastStatus, breakerState, consecutiveFailures, ...times }
}

function toAssignment(row: Named): Assignment {
  const { deliveryId, number, round, eventId, body, environmentId, sequence } = row
  const { webhookId, ordered, url, promised } = row
  const { sealedSecret, sealedNextSecret, sealedPrivateKey, sealedHeaders } = row
  return {
    ...{ deliveryId, number, round, eventId, body, environmentId, sequence },
    ...{ webhookId, ordered, url, promised },
    sealed: { sealedSecret, sealedNextSecret, sealedPrivateKey, sealedHeaders },
    health: toHealth(row),
  }
}

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
  const mine = new Set(started.map(({ deliveryId }) => deliveryId))
  const rows = found.filter(({ deliveryId }) => mine.has(deliveryId))
  // Rare, and only what waits behind a breaker waits for it.
  if (found.length > rows.length) rows.push(...(await claimBehindBreakers(db, claim)))
  return { assignments: rows.map(toAssignment), settled }
}

async function claimBehindBreakers(db: Database, claim: Claim): Promise<Named[]> {
  const [started, , , , found] = await db.batch([
    insertStarted(db, claim, mayTry),
    takeLeases(db, claim, mayTry),
    halfOpen(db, claim),
    holdBack(db, claim),
    readNamed(db, claim),
  ])
  const mine = new Set(started.map(({ deliveryId }) => deliveryId))
  return found.filter(({ deliveryId }) => mine.has(deliveryId))
}
