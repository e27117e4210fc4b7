import { describe, expect, it } from 'vitest'
import { compileRegex } from '../../src/engine/regex/compile.ts'
import { matchesAtStart } from '../../src/engine/regex/run.ts'
import { randomSource } from './fixtures.ts'

type Random = (below: number) => number

function pick<T>(random: Random, options: readonly T[]): T {
  return options[random(options.length)] as T
}

const ATOMS = ['a', 'b', 'c', 'A', '1', ' ', '_', '.', '\\d', '\\w', '\\s', '\\D', '\\W', '\\S']
const SETS = ['[ab]', '[^a]', '[a-c1]', '[^\\w]', '[\\d_]', '[b-]', '\\n', '\\x61']
const QUANTIFIERS = [
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{0,2}',
  '{1,}',
  '{0}',
  '{1,2}?',
]
const ANCHORS = ['^', '\\b', '\\B', '(?:^)', '(?:\\b)']

/** Patterns both dialects read alike: no bare `$`, whose last-newline rule differs. */
function pattern(random: Random, depth: number): string {
  const parts = Array.from({ length: 1 + random(3) }, () => {
    const kind = random(10)
    if (kind === 0) return pick(random, ANCHORS)
    if (depth > 0 && kind < 4) {
      const open = pick(random, ['(', '(?:'])
      return `${open}${pattern(random, depth - 1)})${pick(random, QUANTIFIERS)}`
    }
    return pick(random, kind < 7 ? ATOMS : SETS) + pick(random, QUANTIFIERS)
  })
  const sequence = parts.join('')
  return random(4) === 0 ? `${sequence}|${pattern(random, 0)}` : sequence
}

function text(random: Random): string {
  return Array.from({ length: random(9) }, () => pick(random, [...'aabbcA1 _\n-'])).join('')
}

describe('the matcher', () => {
  it.each([
    ['', ''],
    ['(?i)', 'i'],
    ['(?m)', 'm'],
    ['(?s)', 's'],
  ])('agrees with the platform on random patterns under %j', (prefix, flags) => {
    const random = randomSource(7 + flags.length + flags.charCodeAt(0))
    const differing: string[] = []
    let matched = 0
    for (let i = 0; i < 4000; i++) {
      const body = `(?:${pattern(random, 2)})${random(2) === 0 ? '\\Z' : ''}`
      const native = new RegExp(
        `^(?:${body.replaceAll('\\Z', '(?![^])')})`.replace(/^\^/, '(?<![^])'),
        flags,
      )
      const program = compileRegex(prefix + body)
      for (let n = 0; n < 5; n++) {
        const input = text(random)
        const found = program !== null && matchesAtStart(program, input)
        const wanted = native.test(input)
        if (wanted) matched++
        if (found !== wanted) differing.push(`${prefix}${body} on ${JSON.stringify(input)}`)
      }
    }
    expect(differing).toEqual([])
    expect(matched).toBeGreaterThan(2000)
  })
})

describe('a shortcut', () => {
  it('answers as the whole matcher does', () => {
    const random = randomSource(404)
    const endings = ['', '$', '\\Z']
    const literals = ['a', 'ab', '\\n', '-', '\ude00', 'a\\nb', '\ud83d', '\ud83d\ude00']
    const letters = [...'aab-\n\n', '\ud83d\ude00', '\ude00', '\ud83d']
    const differing: string[][] = []
    let matched = 0
    for (let i = 0; i < 20_000; i++) {
      const flag = pick(random, ['', '(?s)', '(?m)'])
      const body = `.*${pick(random, literals)}${pick(random, endings)}`
      const short = compileRegex(flag + body)
      // Two equal options leave no way but to walk.
      const long = compileRegex(`${flag}(?:${body}|${body})`)
      if (short === null || long === null) throw new Error(`not read: ${flag}${body}`)
      if (long.shortcut !== null) throw new Error('nothing to compare with')
      const input = Array.from({ length: random(6) }, () => pick(random, letters)).join('')
      const found = matchesAtStart(short, input)
      if (found) matched++
      if (found !== matchesAtStart(long, input)) differing.push([flag + body, input])
    }
    expect(differing).toEqual([])
    expect(matched).toBeGreaterThan(2000)
  })

  it.each([
    ['.*abc', 'anywhere'],
    ['.*abc$', 'at-end'],
    ['.*?abc\\Z', 'at-end'],
    ['.+abc', null],
    ['.*', null],
    ['.*a+', null],
    ['.*[ab]$', null],
    ['a.*b', null],
    ['(?i).*abc', null],
  ])('of %j is %j', (pattern, shortcut) => {
    expect(compileRegex(pattern)?.shortcut).toBe(shortcut)
  })
})
