/**
 * What a delivery is after an attempt. Pure. While its endpoint is down it waits for the breaker and not
 * for its schedule, so that what is first in line goes soon after the endpoint is back.
 */
import type { Verdict } from '../storage/delivery-results.ts'
import { afterAttempt, downFor, type Health, unknownHealth } from './breaker.ts'
import { askedWait, type Failure, nextDelay, scheduleMs } from './schedule.ts'

const reasons: Partial<Record<Failure, string>> = {
  gone: 'gone',
  aborted: 'aborted by the receiver',
}

export type Attempted = {
  /** Of the attempts that count, from 1. */
  round: number
  ordered: boolean
  /** The endpoint's, as it was when the delivery was taken; null: nothing is known. */
  health: Health | null
}

export type Answer = { failure: Failure | null; status: number | null; retryAfter: number | null }

/**
 * An attempt that only tries an open breaker costs none of the ten, for as long as ten would have taken:
 * then an event that its receiver cannot digest is given up, and those behind it go.
 */
export function verdictOf(
  { round, ordered, health }: Attempted,
  { failure, status, retryAfter }: Answer,
  { now, random }: { now: number; random: number },
): Verdict {
  if (failure === null) return { state: 'delivered' }
  const was = health ?? unknownHealth
  const is = afterAttempt(was, { failure, status, at: now }, ordered)
  const until = is.breakerState === 'open' ? is.breakerUntil : null
  const isTrial = until !== null && was.breakerState !== 'closed'
  const isFree = isTrial && downFor(is, ordered) < scheduleMs
  const wait = nextDelay({ attempt: round, failure, retryAfter, random })
  if (wait === null && !isFree) {
    const isGone = failure === 'gone'
    return { state: 'dead', reason: reasons[failure] ?? 'attempts used up', isGone }
  }
  if (until === null) {
    return { state: 'waiting', nextAttemptAt: now + (wait ?? 0), reason: null, isFree: false }
  }
  const asked = now + askedWait(retryAfter)
  return {
    state: 'waiting',
    nextAttemptAt: Math.max(until, asked),
    reason: asked > until ? null : 'breaker',
    isFree,
  }
}
