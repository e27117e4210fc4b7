import { describe, expect, it } from 'vitest'
import { type Health, unknownHealth } from '../../src/delivery/breaker.ts'
import { type Answer, type Attempted, verdictOf } from '../../src/delivery/verdict.ts'

const second = 1_000
const hour = 3_600 * second
const t0 = Date.UTC(2026, 10, 20, 12, 0, 0)
const at = { now: t0, random: 0.5 }

const first: Attempted = { round: 1, ordered: true, health: null }
const status = (code: number, retryAfter: number | null = null): Answer => ({
  failure: 'status',
  status: code,
  retryAfter,
})

/** Two failures in a row so far, and the breaker lets this one through to try. */
const halfOpen: Health = {
  ...unknownHealth,
  breakerState: 'half-open',
  breakerUntil: t0 + 20 * second,
  consecutiveFailures: 2,
  failingSince: t0 - hour,
}
const failedOnce: Health = {
  ...unknownHealth,
  consecutiveFailures: 1,
  failingSince: t0 - 5 * second,
}

const verdict = (attempted: Partial<Attempted>, answer: Answer) => {
  const is = verdictOf({ ...first, ...attempted }, answer, at)
  return is.state === 'waiting' ? { ...is, nextAttemptAt: is.nextAttemptAt - t0 } : is
}

const waiting = (nextAttemptAt: number, rest: { reason?: 'breaker'; isFree?: boolean } = {}) => ({
  state: 'waiting',
  nextAttemptAt,
  reason: rest.reason ?? null,
  isFree: rest.isFree ?? false,
})

describe('after an attempt', () => {
  it('a delivery that arrived is delivered', () => {
    const arrived = { failure: null, status: 204, retryAfter: null }
    expect(verdict({ health: halfOpen, round: 10 }, arrived)).toEqual({ state: 'delivered' })
  })

  it('one that was refused waits as the schedule says, in order or not', () => {
    for (const ordered of [true, false]) {
      expect(verdict({ ordered }, status(404))).toEqual(waiting(5 * second))
      expect(verdict({ ordered, round: 2, health: failedOnce }, status(404))).toEqual(
        waiting(300 * second),
      )
    }
  })

  it('one whose failure opens the breaker waits for the breaker instead', () => {
    const attempted = { round: 2, health: failedOnce }
    expect(verdict(attempted, status(503))).toEqual(waiting(30 * second, { reason: 'breaker' }))
    // Where several go at once two failures in a row do not say as much.
    expect(verdict({ ...attempted, ordered: false }, status(503))).toEqual(waiting(300 * second))
  })

  it('one that tried an open breaker in vain has lost none of its attempts', () => {
    for (const round of [1, 3, 10]) {
      expect(verdict({ round, health: halfOpen }, status(503))).toEqual(
        waiting(60 * second, { reason: 'breaker', isFree: true }),
      )
    }
  })

  it('but loses them again when the endpoint has been down for as long as ten attempts take', () => {
    const health = { ...halfOpen, consecutiveFailures: 320 }
    expect(verdict({ round: 9, health }, status(503))).toEqual(
      waiting(900 * second, { reason: 'breaker' }),
    )
    expect(verdict({ round: 10, health }, status(503))).toEqual({
      state: 'dead',
      reason: 'attempts used up',
      isGone: false,
    })
  })

  it('and not for what it refused long before it went down', () => {
    const health = { ...halfOpen, failingSince: t0 - 90 * hour }
    expect(verdict({ round: 10, health }, status(503))).toEqual(
      waiting(60 * second, { reason: 'breaker', isFree: true }),
    )
  })

  it('a receiver that asks for more time than the breaker gets it, a day at most', () => {
    const attempted = { round: 2, health: halfOpen }
    const free = { isFree: true }
    expect(verdict(attempted, status(503, 45))).toEqual(
      waiting(60 * second, { reason: 'breaker', ...free }),
    )
    expect(verdict(attempted, status(503, 3_600))).toEqual(waiting(hour, free))
    expect(verdict(attempted, status(503, 10 * 365 * 86_400))).toEqual(waiting(24 * hour, free))
  })

  it('what never left counts, whatever the breaker does', () => {
    const refused: Answer = { failure: 'refused', status: null, retryAfter: null }
    expect(verdict({ round: 2, health: halfOpen }, refused)).toEqual(waiting(300 * second))
  })

  it('a farewell ends it, also where the breaker was open', () => {
    const gone: Answer = { failure: 'gone', status: 410, retryAfter: null }
    expect(verdict({ health: halfOpen }, gone)).toEqual({
      state: 'dead',
      reason: 'gone',
      isGone: true,
    })
    const aborted: Answer = { failure: 'aborted', status: 400, retryAfter: null }
    expect(verdict({ health: halfOpen }, aborted)).toEqual({
      state: 'dead',
      reason: 'aborted by the receiver',
      isGone: false,
    })
  })
})
