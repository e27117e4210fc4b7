/**
 * One attempt of a delivery from claim to recorded outcome. Nothing is sent before D1 holds the
 * started attempt, and nothing is sent that the URL policy refuses or that cannot be signed.
 */
import type { Env } from '../env.ts'
import { logInfo } from '../log.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { selectDueOfWebhook } from '../storage/deliveries.ts'
import { type Assignment, claimDeliveries } from '../storage/delivery-claims.ts'
import {
  type Ended,
  type Next,
  recordAttempt,
  releaseHeldBack,
  type Verdict,
} from '../storage/delivery-results.ts'
import { noteHealth } from './health.ts'
import type { Called } from './outbound.ts'
import { perform } from './perform.ts'
import { type Failure, maxAttempts, nextDelay } from './schedule.ts'
import type { SendTools } from './send.ts'

export type Tools = SendTools & { random: () => number }

/** Longer than an attempt can take: two look-ups, the request and the batch that records it. */
export const leaseMs = 30_000
/** So many requests are under way to one endpoint at most, whatever waits for it. */
export const lanes = 4
/** Two machines' clocks differ; a doorbell that comes a moment early must not be lost. */
const slackMs = 2_000

/** Takes what may be sent now. Throws only when D1 fails. */
export async function claim(
  env: Env,
  ids: string[],
  { now, most = lanes }: { now: number; most?: number },
): Promise<Assignment[]> {
  const { assignments, settled } = await claimDeliveries(openDatabase(env.DB), {
    ids,
    now,
    dueBy: now + slackMs,
    leasedUntil: now + leaseMs,
    maxAttempts,
    lanes,
    most,
  })
  for (const { id, state } of settled) logInfo('delivery.settled', { deliveryId: id, state })
  return assignments
}

const reasons: Partial<Record<Failure, string>> = {
  gone: 'gone',
  aborted: 'aborted by the receiver',
}

function verdictOf(
  { round }: Assignment,
  result: Called,
  at: { now: number; random: number },
): Verdict {
  const { failure, retryAfter } = result
  if (failure === null) return { state: 'delivered' }
  const wait = nextDelay({ attempt: round, failure, retryAfter, random: at.random })
  return wait === null
    ? { state: 'dead', reason: reasons[failure] ?? 'attempts used up', isGone: failure === 'gone' }
    : { state: 'waiting', nextAttemptAt: at.now + wait }
}

export type Attempted = {
  assignment: Assignment
  failure: Failure | null
  /** Milliseconds until the next attempt of this delivery; null when there is none, or somebody else's. */
  wait: number | null
  /** What the endpoint is to get next, as far as its breaker lets it. */
  due: string[]
  /** Whether the breaker closed and let go what it had held back. */
  released: boolean
  /** Milliseconds until the breaker that this attempt opened tries again; null when it opened none. */
  pause: number | null
}

async function dueAgain(db: Database, next: Next): Promise<string[]> {
  await releaseHeldBack(db, next.webhookId, next.now)
  return (await selectDueOfWebhook(db, next.webhookId, next)).map(({ id }) => id)
}

/** Throws only when D1 fails. */
export async function attempt(env: Env, assignment: Assignment, tools: Tools): Promise<Attempted> {
  const db = openDatabase(env.DB)
  const { deliveryId, number, webhookId } = assignment
  const result = await perform(env, assignment, tools)
  const { failure, status, refusal } = result
  const now = tools.now()
  const verdict = verdictOf(assignment, result, { now, random: tools.random() })
  const ended: Ended = {
    deliveryId,
    number,
    endedAt: now,
    durationMs: result.durationMs,
    requestHeaders: result.shown && JSON.stringify(result.shown),
    responseStatus: status,
    responseBody: result.snippet,
    error: failure && (refusal ? `${failure}: ${refusal}` : failure),
  }
  logInfo('delivery.attempted', { deliveryId, number, status, failure })
  const next = { webhookId, dueBy: now + slackMs, now, limit: lanes }
  const recorded = await recordAttempt(db, ended, { verdict, next })
  const counts = recorded.counted && verdict.state === 'waiting'
  const wait = counts ? verdict.nextAttemptAt - now : null
  const turn = await noteHealth(db, assignment, { failure, status, at: now })
  const due = turn.kind === 'closed' ? await dueAgain(db, next) : recorded.due
  const pause = turn.kind === 'opened' ? turn.until - now : null
  return { assignment, failure, wait, due, released: turn.kind === 'closed', pause }
}
