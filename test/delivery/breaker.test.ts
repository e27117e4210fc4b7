import { describe, expect, it } from 'vitest'
import {
  afterAttempt as afterAttemptAt,
  downFor as downForAt,
  type Health,
  type Heard,
  isNews,
  pauseAfter,
  unknownHealth,
} from '../../src/delivery/breaker.ts'
import type { Failure } from '../../src/delivery/schedule.ts'

const second = 1_000
const minute = 60 * second
const t0 = Date.UTC(2026, 10, 20, 12, 0, 0)

const afterAttempt = (health: Health, heard: Heard) => afterAttemptAt(health, heard, false)

const heard = (failure: Failure | null, status: number | null, at = t0) => ({ failure, status, at })
const well: Health = { ...unknownHealth, lastStatus: 200, lastSuccessAt: t0 - 1 }
const failed = (times: number): Health => ({
  ...well,
  consecutiveFailures: times,
  failingSince: t0,
})
const open: Health = {
  ...failed(5),
  breakerState: 'open',
  breakerUntil: t0 + 30 * second,
}
const halfOpen: Health = { ...open, breakerState: 'half-open' }

const breakerOf = ({ breakerState, breakerUntil, consecutiveFailures }: Health) => [
  breakerState,
  breakerUntil === null ? null : breakerUntil - t0,
  consecutiveFailures,
]

describe('the breaker', () => {
  it.each<[string, Failure | null, number | null, 'up' | 'down' | 'unknown']>([
    ['a success', null, 200, 'up'],
    ['an error page', 'status', 500, 'down'],
    ['a gateway that finds nobody', 'status', 502, 'down'],
    ['a receiver that is busy', 'status', 503, 'down'],
    ['a gateway that waited', 'status', 504, 'down'],
    ['a receiver that wants less', 'status', 429, 'down'],
    ['no answer in time', 'timeout', null, 'down'],
    ['no connection', 'connection', null, 'down'],
    ['a wrong address', 'status', 404, 'up'],
    ['a wrong signature', 'status', 401, 'up'],
    ['a redirect', 'redirect', 302, 'up'],
    ['a farewell', 'gone', 410, 'up'],
    ['an event that is not wanted', 'aborted', 400, 'up'],
    ['a URL that the policy refuses', 'refused', null, 'unknown'],
    ['a secret that cannot be opened', 'sealed', null, 'unknown'],
  ])('after %s (%s, %s) thinks the endpoint %s', (_, failure, status, verdict) => {
    const next = (health: Health) => breakerOf(afterAttempt(health, heard(failure, status)))
    const closed = ['closed', null, 0]
    const table = {
      up: [closed, closed, closed, closed],
      down: [
        ['closed', null, 4],
        ['open', 30 * second, 5],
        ['open', 30 * second, 5],
        ['open', 60 * second, 6],
      ],
      unknown: [failed(3), failed(4), open, halfOpen].map(breakerOf),
    }
    expect([failed(3), failed(4), open, halfOpen].map(next)).toEqual(table[verdict])
  })

  it('waits half a minute, then twice as long each time, and never above a quarter of an hour', () => {
    const pauses = [0, 1, 2, 3, 4, 5, 6, 500].map((inVain) => pauseAfter(inVain) / second)
    expect(pauses).toEqual([30, 60, 120, 240, 480, 900, 900, 900])
  })

  it('opens anew from half-open, counted from the end of the attempt', () => {
    const next = afterAttempt(halfOpen, heard('timeout', null, t0 + 5 * minute))
    expect(breakerOf(next)).toEqual(['open', 6 * minute, 6])
  })

  it('does not count those that were under way when it opened', () => {
    let health = failed(4)
    for (let late = 0; late < 4; late++)
      health = afterAttempt(health, heard('timeout', null, t0 + late))
    expect(breakerOf(health)).toEqual(['open', 30 * second, 5])
  })

  it('needs its failures in a row', () => {
    let health = unknownHealth
    for (let round = 0; round < 40; round++) {
      health = afterAttempt(health, heard(round % 5 === 4 ? null : 'timeout', null))
    }
    expect(health.breakerState).toBe('closed')
  })

  it('opens after two in a row where there is one request after the other', () => {
    const first = afterAttemptAt(well, heard('timeout', null), true)
    const second = afterAttemptAt(first, heard('status', 503), true)
    const third = afterAttemptAt(
      { ...second, breakerState: 'half-open' },
      heard('status', 503),
      true,
    )
    expect([first, second, third].map(breakerOf)).toEqual([
      ['closed', null, 1],
      ['open', 30_000, 2],
      ['open', 60_000, 3],
    ])
  })

  it('opens again after a try in vain, also where order was given up meanwhile', () => {
    const tried: Health = { ...halfOpen, consecutiveFailures: 2 }
    expect(breakerOf(afterAttempt(tried, heard('timeout', null)))).toEqual(['open', 30_000, 3])
  })

  it('knows how long it has been waited for by how often it was tried in vain', () => {
    const downFor = (failures: number) => downForAt(failed(failures), true) / second
    expect([0, 1, 2, 3, 4, 7, 8].map(downFor)).toEqual([0, 0, 0, 30, 90, 930, 1_830])
  })
})

describe('health', () => {
  it('remembers the first failure since the last success', () => {
    const first = afterAttempt(well, heard('status', 404, t0))
    const second = afterAttempt(first, heard('timeout', null, t0 + minute))
    expect(second).toMatchObject({ failingSince: t0, lastFailureAt: t0 + minute, lastStatus: 404 })
    const third = afterAttempt(second, heard(null, 204, t0 + 2 * minute))
    expect(third).toMatchObject({
      failingSince: null,
      lastSuccessAt: t0 + 2 * minute,
      lastStatus: 204,
    })
  })

  it('does not blame the endpoint for a secret of ours that cannot be opened', () => {
    expect(afterAttempt(well, heard('sealed', null))).toEqual(well)
  })

  it.each([
    ['the first success', unknownHealth, heard(null, 200), true],
    ['another success a second later', well, heard(null, 200, t0 + second), false],
    ['another success a minute later', well, heard(null, 200, t0 + minute), true],
    ['another status', well, heard(null, 204, t0 + 1), true],
    ['a failure', well, heard('timeout', null), true],
    ['a late failure while it is open', open, heard('timeout', null, t0), true],
    ['a secret that cannot be opened', well, heard('sealed', null), false],
  ])('writes down %s: %s', (_, before, event, news) => {
    expect(isNews(before, afterAttempt(before, event))).toBe(news)
  })
})
