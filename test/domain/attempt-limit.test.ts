import { describe, expect, it } from 'vitest'
import { createAttemptLimit, refill } from '../../src/domain/attempt-limit.ts'

const minute = 60_000

describe('a bucket', () => {
  it.each<[string, { tokens: number; at: number } | undefined, number, number]>([
    ['that is new is full', undefined, 0, 10],
    ['fills by and by', { tokens: 0, at: 0 }, minute / 2, 5],
    ['fills in parts', { tokens: 0, at: 0 }, minute / 40, 0.25],
    ['is full in the end', { tokens: 3, at: 0 }, 10 * minute, 10],
    ['gains nothing from a clock that goes back', { tokens: 3, at: minute }, 0, 3],
  ])('%s', (_, bucket, now, tokens) => {
    expect(refill(bucket, 10, now).tokens).toBe(tokens)
  })

  it('gains nothing either when the clock comes back', () => {
    const back = refill({ tokens: 3, at: minute }, 10, 0)
    expect(refill(back, 10, minute).tokens).toBe(3)
  })
})

type Try = [ledger: string, actor: string, now: number]

describe('of many attempts', () => {
  const limits = { perLedger: 3, perActor: 2, memory: 100 }

  it.each<[string, Try[], boolean[]]>([
    [
      'so many of one actor',
      [
        ['a', 'x', 0],
        ['a', 'x', 0],
        ['a', 'x', 0],
      ],
      [true, true, false],
    ],
    [
      'so many of one ledger',
      [
        ['a', 'x', 0],
        ['a', 'y', 0],
        ['a', 'z', 0],
        ['a', 'w', 0],
      ],
      [true, true, true, false],
    ],
    [
      'those of another ledger',
      [
        ['a', 'x', 0],
        ['a', 'x', 0],
        ['b', 'x', 0],
      ],
      [true, true, true],
    ],
    [
      'one more as time goes by',
      [
        ['a', 'x', 0],
        ['a', 'x', 0],
        ['a', 'x', minute / 2],
        ['a', 'x', minute / 2],
      ],
      [true, true, true, false],
    ],
    [
      'the others’, although one has too many',
      [
        ['a', 'x', 0],
        ['a', 'x', 0],
        ['a', 'x', 0],
        ['a', 'x', 0],
        ['a', 'y', 0],
      ],
      [true, true, false, false, true],
    ],
  ])('%s are admitted', (_, tries, expected) => {
    const limit = createAttemptLimit(limits)
    expect(tries.map(([ledger, actor, now]) => limit.admit({ ledger, actor }, now))).toEqual(
      expected,
    )
  })

  it('what is left out is counted for its ledger, and told once', () => {
    const limit = createAttemptLimit(limits)
    for (let left = 7; left > 0; left--) limit.admit({ ledger: 'a', actor: 'x' }, 0)
    limit.leaveOut('a', 4)
    limit.leaveOut('b', 0)
    expect(['b', 'a', 'a'].map(limit.takeLeftOut)).toEqual([0, 9, 0])
  })

  it('those of a thousand actors take no more memory, and the ledger’s limit holds', () => {
    const limit = createAttemptLimit({ perLedger: 5, perActor: 2, memory: 10 })
    const admitted = Array.from({ length: 1_000 }, (_, actor) =>
      limit.admit({ ledger: 'a', actor: String(actor) }, 0),
    )
    expect(admitted.filter(Boolean).length).toBe(5)
    expect(limit.takeLeftOut('a')).toBe(995)
  })
})
