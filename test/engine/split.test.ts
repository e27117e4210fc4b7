import { describe, expect, it } from 'vitest'
import type { Rule } from '../../src/engine/document.ts'
import { compile, type Identity, matchingSegments } from '../../src/engine/index.ts'
import { percentage } from '../../src/engine/percentage.ts'
import { all, condition, document, identity, segment } from './fixtures.ts'

function matches(segmentId: number, rules: Rule[], who: Identity): boolean {
  const compiled = compile(document({ segments: [segment(segmentId, rules)] }))
  return matchingSegments(compiled, who).length === 1
}

function split(property: string | null, value: string): Rule[] {
  return [all(condition('PERCENTAGE_SPLIT', property, value))]
}

describe('a percentage split', () => {
  const who = identity({}, { key: 'test_env_foobar' })

  it.each([null, '', '$.identity.key'])('on property %j hashes the identity key', (property) => {
    expect(matches(12345, split(property, '51.9904'), who)).toBe(true)
    expect(matches(12345, split(property, '51.9903'), who)).toBe(false)
  })

  it('includes its limit, zero and a hundred among them', () => {
    const exactly = `${percentage('12345', 'test_env_foobar')}`
    expect(matches(12345, split('', exactly), who)).toBe(true)
    const lowest = identity({}, { key: '13139' })
    expect(matches(1, split('', '0'), lowest)).toBe(true)
    expect(matches(1, split('', '0'), identity({}, { key: '1' }))).toBe(false)
    expect(matches(1, split('', '100'), identity({}, { key: '8931' }))).toBe(true)
  })

  it('can split on a trait, hashing its text as normalised', () => {
    const at = (text: string) => `${percentage('1', text)}`
    for (const [trait, text] of [
      ['blue', 'blue'],
      ['007', '7'],
      [7, '7'],
      ['1.0', '1.0'],
      [1.5, '1.5'],
      [true, 'True'],
      ['', ''],
    ] as const) {
      const rules = [
        all(
          condition('PERCENTAGE_SPLIT', 'trait', at(text)),
          condition('PERCENTAGE_SPLIT', 'trait', '100'),
        ),
        {
          type: 'NONE' as const,
          conditions: [condition('PERCENTAGE_SPLIT', 'trait', `${percentage('1', text) - 1e-9}`)],
          rules: [],
        },
      ]
      expect(matches(1, rules, identity({ trait }))).toBe(true)
    }
  })

  it('does not fall back to the identity key when the trait is missing', () => {
    expect(matches(1, split('trait', '100'), identity({}))).toBe(false)
  })

  it('with no number for a limit never matches', () => {
    expect(matches(1, split('', 'half'), who)).toBe(false)
    expect(matches(1, split('', ''), who)).toBe(false)
    expect(matches(1, split('', 'nan'), who)).toBe(false)
    expect(matches(1, split('', 'inf'), who)).toBe(true)
  })

  it('hashes the key a segment came with in place of its id', () => {
    const compiled = compile(
      document({ segments: [{ ...segment(5, split('', '51.9904')), hashKey: '12345' }] }),
    )
    expect(matchingSegments(compiled, who)).toHaveLength(1)
  })

  it('is hashed afresh for each identity', () => {
    const compiled = compile(document({ segments: [segment(1, split('', '50'))] }))
    for (let i = 0; i < 200; i++) {
      const key = `user_${i}`
      const expected = percentage('1', key) <= 50 ? 1 : 0
      expect(matchingSegments(compiled, identity({}, { key }))).toHaveLength(expected)
    }
  })
})
