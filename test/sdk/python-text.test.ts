/** The text that Python makes of JSON (gotcha 13), and JSON that keeps what JavaScript forgets. */
import { describe, expect, it } from 'vitest'
import { floatOf, floatText, parseJson } from '../../src/sdk/json.ts'
import { pythonText, typeName } from '../../src/sdk/python-text.ts'

const text = (json: string) => pythonText(parseJson(json), 2_000)

describe('pythonText', () => {
  it.each([
    ['[]', '[]'],
    ['{}', '{}'],
    ['[null, true, false]', '[None, True, False]'],
    ['[1, -0, 1.5, 2.0, 1e3, 1e-7, 1e22]', '[1, 0, 1.5, 2.0, 1000.0, 1e-07, 1e+22]'],
    ['[12345678901234567890]', '[12345678901234567890]'],
    ['{"a": {"b": ["c"]}}', "{'a': {'b': ['c']}}"],
    [`["it's", "say \\"hi\\"", "both ' and \\""]`, `["it's", 'say "hi"', 'both \\' and "']`],
    ['["a\\\\b\\n\\t\\r"]', "['a\\\\b\\n\\t\\r']"],
    ['["\\u0001\\u007f\\u00a0\\u200b\\ue000"]', "['\\x01\\x7f\\xa0\\u200b\\ue000']"],
    ['["gr\\u00f6\\u00dfe \\ud83d\\ude00"]', "['größe 😀']"],
    ['{"__proto__": 1}', "{'__proto__': 1}"],
  ])('of %s', (json, expected) => {
    expect(text(json)).toBe(expected)
  })

  it('stops soon after its limit, however large or deep the value', () => {
    const wide = Array.from({ length: 100_000 }, () => 'x'.repeat(10))
    let deep: unknown = 1
    for (let level = 0; level < 50_000; level++) deep = [deep]
    for (const value of [wide, deep]) {
      const length = pythonText(value, 2_000).length
      expect(length).toBeGreaterThan(2_000)
      expect(length).toBeLessThan(4_100)
    }
  })

  it('knows types by their names in Python', () => {
    const names = ['[]', '{}', '"x"', '1', '1.5', '1.0', 'true', 'null', '12345678901234567890']
    expect([...names.map((json) => typeName(parseJson(`[${json}]`)))]).toEqual(
      names.map(() => 'list'),
    )
    const inner = names.map((json) => typeName((parseJson(`[${json}]`) as unknown[])[0]))
    expect(inner).toEqual([
      'list',
      'dict',
      'str',
      'int',
      'float',
      'float',
      'bool',
      'NoneType',
      'int',
    ])
  })
})

describe('parseJson', () => {
  const value = (literal: string) => (parseJson(`{"v":${literal}}`) as { v: unknown }).v

  it('tells whole floats from integers, and keeps the digits of large integers', () => {
    for (const literal of ['5.0', '5.00', '5e0', '0.5e1', '5E+0']) {
      expect(floatOf(value(literal))).toBe(5)
    }
    expect(value('5')).toBe(5)
    expect(value('5.5')).toBe(5.5)
    expect(value('9007199254740993')).toBe(9007199254740993n)
    expect(value('"5.0"')).toBe('5.0')
    expect(value('":5.0,"')).toBe(':5.0,')
  })

  it('makes own properties of hostile names and changes no prototype', () => {
    const parsed = parseJson('{"__proto__":{"a":5.0}}') as object
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
    expect(Object.keys(parsed)).toEqual(['__proto__'])
  })

  it('refuses what is deeper than a hundred levels, and brackets in text are no levels', () => {
    const nested = (levels: number) =>
      `{"pad":"${'x'.repeat(1_000)}","v":${'['.repeat(levels)}${']'.repeat(levels)}}`
    expect(() => parseJson(nested(99))).not.toThrow()
    expect(() => parseJson(nested(100))).toThrow(SyntaxError)
    expect(() => parseJson(`["${'['.repeat(5_000)}\\"[["]`)).not.toThrow()
  })
})

it('floatText always reads as a float again', () => {
  const texts = [0, -0, 5, -5, 0.1, 1e15, 1e16, 1e-5, 1.5e300].map(floatText)
  expect(texts).toEqual([
    '0.0',
    '-0.0',
    '5.0',
    '-5.0',
    '0.1',
    '1000000000000000.0',
    '1e+16',
    '1e-05',
    '1.5e+300',
  ])
  for (const literal of texts) expect(Number(literal)).toBe(JSON.parse(literal))
})
