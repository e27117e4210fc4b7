import { describe, expect, it } from 'vitest'
import { refuseName, refusePattern } from '../../src/domain/feature-name.ts'

const fits = (pattern: string, name: string) => refuseName(pattern, name) === undefined

describe('a pattern for feature names', () => {
  it.each([
    ['[a-z_]+', 'dark_mode', true],
    ['[a-z_]+', 'dark_mode2', false],
    ['[a-z_]+', '2dark_mode', false],
    ['^[a-z_]+$', 'dark_mode', true],
    ['a|ab', 'ab', true],
    ['a|b', 'ac', false],
    ['.*', '', true],
    ['.*', 'line\nline', false],
    ['[a-z]+', 'dark\n', false],
    ['\\w+', 'größe', true],
    ['(?i:abc)', 'ABC', true],
    ['[a-z]{3,5}', 'abcdef', false],
    ['', 'x', false],
    ['🚩+', '🚩🚩', true],
  ])('%s must match the whole name: %j is %s', (pattern, name, expected) => {
    expect(refusePattern(pattern)).toBeUndefined()
    expect(fits(pattern, name)).toBe(expected)
  })

  it.each(['(', '[a', 'a)|(b', '*', 'a{2,1}', '(?=x)', '(?<!x)y', '(a)\\1', '(?P=x)', 'a\\'])(
    'is refused when it cannot be compiled: %s',
    (pattern) => {
      expect(refusePattern(pattern)).toEqual({
        kind: 'invalid',
        errors: {
          feature_name_regex: [
            'Must be a valid regular expression, without look-around and back-references.',
          ],
        },
      })
      expect(fits(pattern, 'ab')).toBe(false)
    },
  )

  it('that unfolds into too much is refused', () => {
    expect(refusePattern('((((a{99}){99}){99}){99})')).toBeDefined()
  })

  it.each(['(a+)+$', '(.*a){20}', '([a-z]+)*x', '(a|aa)+', '(a|a)*b'])(
    'cannot hold up the ledger: %s on 2,000 letters',
    (pattern) => {
      const started = performance.now()
      fits(pattern, `${'a'.repeat(1_999)}!`)
      expect(performance.now() - started).toBeLessThan(1_000)
    },
  )

  it('may be absent', () => {
    expect(refusePattern(null)).toBeUndefined()
    expect(refuseName(null, 'Anything at all')).toBeUndefined()
  })

  it('is named to the one whose name does not fit', () => {
    expect(refuseName('[a-z]+', 'A')).toEqual({
      kind: 'invalid',
      errors: { name: ['Feature name must match regex: [a-z]+'] },
    })
  })
})
