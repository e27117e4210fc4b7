import { describe, expect, it } from 'vitest'
import {
  type Failure,
  maxAttempts,
  nextDelay,
  parseRetryAfter,
} from '../../src/delivery/schedule.ts'

const second = 1_000
const hour = 3_600 * second
const day = 24 * hour

const failed = { attempt: 1, failure: 'status' as Failure, retryAfter: null, random: 0.5 }

describe('the retry schedule', () => {
  it.each([
    [1, 5 * second],
    [2, 300 * second],
    [3, 1_800 * second],
    [4, 2 * hour],
    [5, 5 * hour],
    [6, 10 * hour],
    [7, 14 * hour],
    [8, 20 * hour],
    [9, 24 * hour],
  ])('waits after attempt %i, give or take a fifth', (attempt, wait) => {
    expect(nextDelay({ ...failed, attempt })).toBe(wait)
    expect(nextDelay({ ...failed, attempt, random: 0 })).toBe(wait * 0.8)
    expect(nextDelay({ ...failed, attempt, random: 1 })).toBe(wait * 1.2)
  })

  it('gives up after ten attempts, which take about three days', () => {
    expect(maxAttempts).toBe(10)
    expect(nextDelay({ ...failed, attempt: 10 })).toBeNull()
    expect(nextDelay({ ...failed, attempt: 11 })).toBeNull()
    const waits = Array.from({ length: 9 }, (_, i) => nextDelay({ ...failed, attempt: i + 1 }) ?? 0)
    const total = waits.reduce((sum, wait) => sum + wait, 0)
    expect(total).toBeGreaterThan(2.5 * day)
    expect(total).toBeLessThan(3.5 * day)
  })

  it.each(['refused', 'connection', 'timeout', 'redirect', 'status', 'sealed'] as const)(
    'retries a failure of class %s',
    (failure) => {
      expect(nextDelay({ ...failed, failure })).toBe(5 * second)
    },
  )

  it('gives up at once when the receiver says that it is gone', () => {
    expect(nextDelay({ ...failed, failure: 'gone' })).toBeNull()
    expect(nextDelay({ ...failed, failure: 'gone', retryAfter: 60 })).toBeNull()
  })

  it.each([
    ['a longer wait is kept', 120, 120 * second],
    ['a shorter wait does not hurry us', 1, 5 * second],
    ['zero does not hurry us', 0, 5 * second],
    ['ten years become a day', 315_360_000, day],
    ['more digits than a number holds become a day', Number.POSITIVE_INFINITY, day],
  ])('honours Retry-After: %s', (_, retryAfter, wait) => {
    expect(nextDelay({ ...failed, retryAfter })).toBe(wait)
  })

  it('does not let Retry-After buy an eleventh attempt', () => {
    expect(nextDelay({ ...failed, attempt: 10, retryAfter: 60 })).toBeNull()
  })
})

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 20, 12, 0, 0)

  it.each([
    ['120', 120],
    [' 7 ', 7],
    ['0', 0],
    ['9'.repeat(400), Number.POSITIVE_INFINITY],
    ['Fri, 20 Nov 2026 12:01:30 GMT', 90],
    ['Fri, 20 Nov 2026 11:00:00 GMT', 0],
  ])('%j is %d seconds', (header, seconds) => {
    expect(parseRetryAfter(header, now)).toBe(seconds)
  })

  it.each([
    null,
    '',
    '-5',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    '12 monkeys',
    '2026-11-20T12:01:30Z',
    'Fri, 99 Foo 2026 12:01:30 GMT',
    'Fri, 20 Nov 2026 12:01:30 +0100',
    '١٢٠',
  ])('%j is ignored', (header) => {
    expect(parseRetryAfter(header, now)).toBeNull()
  })
})
