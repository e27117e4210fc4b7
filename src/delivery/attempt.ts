/**
 * One attempt of a delivery once it is claimed, to its recorded outcome. Nothing is sent before D1 holds the
 * started attempt, and nothing is sent that the URL policy refuses or that cannot be signed.
 */
import type { Env } from '../env.ts'
import { logInfo } from '../log.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { findFirstWaiting, selectDueOfWebhook } from '../storage/deliveries.ts'
import type { Assignment } from '../storage/delivery-claims.ts'
import {
  type Ended,
  type Next,
  recordAttempt,
  releaseHeldBack,
  type Verdict,
} from '../storage/delivery-results.ts'
import { lanes, slackMs } from './claim.ts'
import { noteHealth } from './health.ts'
import type { Called } from './outbound.ts'
import { perform } from './perform.ts'
import { type Failure, nextDelay } from './schedule.ts'
import type { SendTools } from './send.ts'

export type Tools = SendTools & { random: () => number }

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
  /** Where this attempt opened the breaker: who tries it again, in how many milliseconds. */
  trial: { deliveryId: string; wait: number } | null
  /** Whether it opened the breaker: then nothing more is sent now. */
  opened: boolean
}

async function dueAgain(db: Database, next: Next): Promise<string[]> {
  await releaseHeldBack(db, next.webhookId, next.now)
  return (await selectDueOfWebhook(db, next.webhookId, next)).map(({ id }) => id)
}

async function planTrial(db: Database, { webhookId, now }: Next, until: number) {
  const first = await findFirstWaiting(db, webhookId)
  return first && { deliveryId: first.id, wait: Math.max(until, first.nextAttemptAt) - now }
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
  const trial = turn.kind === 'opened' ? await planTrial(db, next, turn.until) : null
  const [released, opened] = [turn.kind === 'closed', turn.kind === 'opened']
  return { assignment, failure, wait, due, released, opened, trial }
}
