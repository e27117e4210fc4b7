/**
 * One attempt of a delivery once it is claimed, to its recorded outcome. Nothing is sent before D1 holds the
 * started attempt, and nothing is sent that the URL policy refuses or that cannot be signed.
 */
import type { Env } from '../env.ts'
import { logInfo } from '../log.ts'
import type { Assignment } from '../storage/assignments.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { findFirstWaiting, selectNext } from '../storage/delivery-lines.ts'
import {
  type Ended,
  type Next,
  recordAttempt,
  releaseHeldBack,
} from '../storage/delivery-results.ts'
import { lanes, nextClaim, slackMs } from './claim.ts'
import { noteHealth } from './health.ts'
import { perform } from './perform.ts'
import type { Failure } from './schedule.ts'
import type { SendTools } from './send.ts'
import { verdictOf } from './verdict.ts'
import type { Sign } from './witness.ts'

export type Tools = SendTools & { random: () => number; sign: Sign }

export type Attempted = {
  assignment: Assignment
  /** What was taken with the record of this attempt, to be sent at once. */
  taken: Assignment | null
  failure: Failure | null
  /** Milliseconds until the next attempt of this delivery; null when that is not its own to decide. */
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
  await releaseHeldBack(db, next.id, next.now)
  return (await selectNext(db, next, next)).map(({ id }) => id)
}

async function planTrial(db: Database, next: Next, until: number) {
  const first = await findFirstWaiting(db, next)
  return first && { deliveryId: first.id, wait: Math.max(until, first.nextAttemptAt) - next.now }
}

/** `goesOn`: whether whoever sends this has time for another. Throws only when D1 fails. */
export async function attempt(
  env: Env,
  assignment: Assignment,
  { goesOn, ...tools }: Tools & { goesOn: () => boolean },
): Promise<Attempted> {
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
  const { ordered } = assignment
  const next = { id: webhookId, ordered, dueBy: now + slackMs, now, limit: lanes }
  // After a failure the breaker has a say in what goes next.
  const claim = failure === null && goesOn() ? nextClaim(next, now) : null
  const recorded = await recordAttempt(db, ended, { verdict, next, claim })
  const turn = await noteHealth(db, assignment, { failure, status, at: now })
  // What waits for the breaker is let go by whoever tries it; its state may have been older.
  const isHeld = turn.kind !== 'none' && verdict.state === 'waiting' && verdict.reason === 'breaker'
  const isOwn = recorded.counted && verdict.state === 'waiting' && !isHeld
  const wait = isOwn ? verdict.nextAttemptAt - now : null
  const due = turn.kind === 'closed' ? await dueAgain(db, next) : recorded.due
  const trial = turn.kind === 'opened' ? await planTrial(db, next, turn.until) : null
  const [released, opened] = [turn.kind === 'closed', turn.kind === 'opened']
  return { assignment, taken: recorded.taken, failure, wait, due, released, opened, trial }
}
