/**
 * What an endpoint's attempts say of its health, and when its breaker lets nothing through. Pure: a
 * table of transitions. What it decides costs time at most; no delivery is lost or given up by it.
 */
import type { Failure } from './schedule.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export type Health = {
  /** Of the last answer; null while there was none. */
  lastStatus: number | null
  lastSuccessAt: number | null
  lastFailureAt: number | null
  /** The first failure since the last success. */
  failingSince: number | null
  breakerState: BreakerState
  /** Open: nothing goes before this. Half-open: the one that goes has until then. */
  breakerUntil: number | null
  /** Attempts in a row that speak of an endpoint that is down. */
  consecutiveFailures: number
}

export const unknownHealth: Health = {
  lastStatus: null,
  lastSuccessAt: null,
  lastFailureAt: null,
  failingSince: null,
  breakerState: 'closed',
  breakerUntil: null,
  consecutiveFailures: 0,
}

/**
 * So many in a row open the breaker. In order there is one request after the other, and the second comes
 * after the first was repeated: to wait for more of them would keep the line waiting for hours.
 */
const threshold = (ordered: boolean): number => (ordered ? 2 : 5)
const firstPauseMs = 30_000
const longestPauseMs = 15 * 60_000

/** Doubles with every attempt that was let through in vain. */
export const pauseAfter = (inVain: number): number =>
  Math.min(firstPauseMs * 2 ** inVain, longestPauseMs)

/** Negative: not enough of them to open it. */
const inVainOf = (failures: number, ordered: boolean): number => failures - threshold(ordered)

/**
 * Milliseconds that have been waited for an endpoint that is down. What it refused while it was up is no
 * part of them, so the first failure since the last success would not do.
 */
export function downFor({ consecutiveFailures }: Health, ordered: boolean): number {
  let waited = 0
  for (let past = 0; past < inVainOf(consecutiveFailures, ordered); past++) {
    waited += pauseAfter(past)
  }
  return waited
}

/** A success that is no news is written down once in this time: a row written costs more than it says. */
const successNewsMs = 60_000

export type Heard = { failure: Failure | null; status: number | null; at: number }

/**
 * What the attempt says of the endpoint itself. Any answer shows that it is up, except for those that
 * say that it is not; what never reached it shows nothing.
 */
function verdictOf({ failure, status }: Heard): 'up' | 'down' | 'unknown' {
  switch (failure) {
    case null:
    case 'redirect':
    case 'gone':
    case 'aborted':
      return 'up'
    case 'status':
      return status === 429 || (status !== null && status >= 500) ? 'down' : 'up'
    case 'timeout':
    case 'connection':
      return 'down'
    case 'refused':
    case 'sealed':
      return 'unknown'
  }
}

type Breaker = Pick<Health, 'breakerState' | 'breakerUntil' | 'consecutiveFailures'>

function nextBreaker(health: Health, heard: Heard, ordered: boolean): Breaker {
  const { breakerState, breakerUntil, consecutiveFailures } = health
  const same = { breakerState, breakerUntil, consecutiveFailures }
  const verdict = verdictOf(heard)
  if (verdict === 'unknown') return same
  if (verdict === 'up') {
    return { breakerState: 'closed', breakerUntil: null, consecutiveFailures: 0 }
  }
  // Of several that were under way when it opened only the one that opened it counts.
  if (breakerState === 'open') return same
  const failures = consecutiveFailures + 1
  const inVain = inVainOf(failures, ordered)
  if (breakerState === 'closed' && inVain < 0) return { ...same, consecutiveFailures: failures }
  return {
    breakerState: 'open',
    breakerUntil: heard.at + pauseAfter(Math.max(0, inVain)),
    consecutiveFailures: failures,
  }
}

/** A failure of our own, the secret that cannot be opened, says nothing against the endpoint. */
export function afterAttempt(health: Health, heard: Heard, ordered: boolean): Health {
  const { failure, status, at } = heard
  const breaker = nextBreaker(health, heard, ordered)
  const next = { ...health, ...breaker, lastStatus: status ?? health.lastStatus }
  if (failure === null) return { ...next, lastSuccessAt: at, failingSince: null }
  if (failure === 'sealed') return next
  return { ...next, lastFailureAt: at, failingSince: health.failingSince ?? at }
}

/** Whether the difference is worth a row. */
export function isNews(before: Health, after: Health): boolean {
  const { lastSuccessAt: was, ...rest } = before
  const { lastSuccessAt: is, ...now } = after
  if (JSON.stringify(rest) !== JSON.stringify(now)) return true
  return is !== was && (was === null || is === null || is - was >= successNewsMs)
}
