import { describe, expect, it } from 'vitest'
import { compileRegex, MAX_PROGRAM } from '../../src/engine/regex/compile.ts'
import { matchesAtStart } from '../../src/engine/regex/run.ts'

function stepsOf(pattern: string, text: string) {
  const program = compileRegex(pattern)
  if (program === null) throw new Error(`not read: ${pattern}`)
  const meter = { steps: 0 }
  const matched = matchesAtStart(program, text, meter)
  return { matched, steps: meter.steps, size: program.operations.length }
}

describe('a hostile pattern', () => {
  const long = 'a'.repeat(20_000)
  it.each([
    '(a+)+$',
    '(a*)*$',
    '(a|a)*$',
    '(a|aa)+$',
    '(a|a?)+$',
    '(.*)*x$',
    '(.*a){20}$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    `${'a?'.repeat(50)}${'a'.repeat(50)}$`,
    '(x+x+)+y|(a+a+)+$',
    '((a{0,9}){0,9})*$',
  ])('%s takes steps in proportion to the text', (pattern) => {
    const { matched, steps, size } = stepsOf(pattern, `${long}!`)
    expect(matched).toBe(false)
    expect(steps).toBeLessThanOrEqual(2 * size * (long.length + 2))
  })

  it('stops as soon as it has matched or cannot any more', () => {
    expect(stepsOf('a', long).steps).toBeLessThan(5)
    expect(stepsOf('b.*', long).steps).toBeLessThan(5)
  })

  it.each([
    'a{2001}',
    'a{0,1001}',
    '((a{50}){50}){50}',
    '(?:){1000000000}',
    '((){99999}){99999}',
    'a{99999999999999999999}',
    '(((a{0,9}){0,9}){0,9}){0,9}',
    'a'.repeat(MAX_PROGRAM),
    '('.repeat(5000) + ')'.repeat(5000),
    '('.repeat(100_000),
    '[a'.repeat(50_000),
  ])('too large to unfold is refused while it is compiled', (pattern) => {
    expect(compileRegex(pattern)).toBeNull()
  })

  it('of reasonable size is not refused', () => {
    expect(stepsOf('[a-z]{1,255}@[a-z]{1,255}$', 'someone@somewhere').matched).toBe(true)
    expect(stepsOf(`${'(?:'.repeat(90)}a${')'.repeat(90)}`, 'a').matched).toBe(true)
  })
})
