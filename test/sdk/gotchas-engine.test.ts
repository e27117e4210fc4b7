/** The contract's most error-prone details of evaluation (sdk-api §12, 32 to 40). */
import { describe, expect, it } from 'vitest'
import type { Rule, RuleType } from '../../src/engine/document.ts'
import { percentage } from '../../src/engine/percentage.ts'
import {
  all,
  condition,
  flag,
  holds,
  identity,
  matchesRules,
  override,
  segment,
  state,
  variant,
} from '../engine/fixtures.ts'

const yes = condition('IS_SET', 'here', null)
const no = condition('IS_SET', 'gone', null)
const who = identity({ here: true })
const rule = (type: RuleType, conditions: (typeof yes)[], rules: Rule[] = []) => ({
  type,
  conditions,
  rules,
})

describe('gotcha 32: the hash', () => {
  it('gotcha 32: is modulo 9999 over 9998 of the ids joined by a comma', () => {
    expect(percentage('1', '1')).toBe(84.97699539907981)
    expect(percentage('10', 'user_1')).toBe(26.635327065413083)
    expect(percentage('1', '13139')).toBe(0)
  })

  it('gotcha 32: that comes to a hundred is taken again over the list repeated', () => {
    expect(percentage('1', '8931')).toBe(45.779155831166236)
    expect(percentage('1', '13116')).toBe(18.433686737347468)
  })
})

describe('gotcha 33: the limits', () => {
  const place = percentage('78986', '32103813')
  const at = identity({}, { key: '32103813' })

  it('gotcha 33: a variant ends before its limit, and variants follow their ids', () => {
    const variants = (first: number) => [
      variant(2, 'second', { weight: 50 }),
      variant(1, 'first', { weight: first }),
    ]
    const served = (first: number) =>
      flag(
        {
          features: [
            {
              id: 1,
              name: 'feature',
              state: state(78986, 'control', { variants: variants(first) }),
            },
          ],
        },
        at,
      ).value
    expect(served(place)).toBe('second')
    expect(served(place + 1e-9)).toBe('first')
  })

  it('gotcha 33: a percentage split includes its limit', () => {
    const split = (limit: number) =>
      matchesRules(
        [all(condition('PERCENTAGE_SPLIT', '', `${limit}`))],
        identity({}, { key: '13139' }),
      )
    expect(percentage('1', '13139')).toBe(0)
    expect([split(0), split(-1e-9)]).toEqual([true, false])
  })
})

it.each<[string, Rule[], boolean]>([
  ['a segment without rules never matches', [], false],
  ['empty parts are true, whatever the type', [rule('ANY', []), rule('NONE', [])], true],
  ['ANY needs its sub-rules too', [rule('ANY', [yes], [rule('ALL', [no])])], false],
  ['ANY needs its conditions too', [rule('ANY', [no], [rule('ALL', [yes])])], false],
  ['NONE holds for both parts', [rule('NONE', [no], [rule('ALL', [yes])])], false],
  ['NONE of neither is true', [rule('NONE', [no], [rule('ALL', [no])])], true],
])('gotcha 35: %s', (_name, rules, expected) => {
  expect(matchesRules(rules, who)).toBe(expected)
})

it.each([
  ['CONTAINS', '123', '2', false],
  ['NOT_CONTAINS', '123', '9', false],
  ['IN', '01', '01', false],
  ['IN', '01', '1', true],
  ['REGEX', '0123', '0', false],
  ['REGEX', '0123', '123', true],
  ['EQUAL', '05', '5', true],
  ['GREATER_THAN', '10', '9', true],
])('gotcha 36: %s of the text %j and %j is %s, for the text is a number', (...row) => {
  const [operator, trait, value, expected] = row
  expect(holds(operator, trait, value)).toBe(expected)
})

it('gotcha 36: an identifier that looks like a number is one', () => {
  const named = identity({}, { identifier: '0123' })
  const rules = (value: string) => [all(condition('EQUAL', '$.identity.identifier', value))]
  expect(matchesRules(rules('123'), named)).toBe(true)
  const contains = [all(condition('CONTAINS', '$.identity.identifier', '1'))]
  expect(matchesRules(contains, named)).toBe(false)
})

it.each([
  ['NOT_EQUAL', undefined, 'a'],
  ['NOT_EQUAL', null, 'a'],
  ['NOT_EQUAL', 1, 'x'],
  ['NOT_EQUAL', 1, '2.5'],
  ['NOT_EQUAL', 1.5, 'x'],
  ['NOT_EQUAL', '1.0.0', 'x:semver'],
  ['NOT_EQUAL', 'x', '1.0.0:semver'],
  ['NOT_CONTAINS', undefined, 'a'],
  ['NOT_CONTAINS', null, 'a'],
  ['NOT_CONTAINS', 5, 'a'],
  ['NOT_CONTAINS', true, 'a'],
])('gotcha 37: %s of %j and %j is false', (operator, trait, value) => {
  expect(holds(operator, trait, value)).toBe(false)
})

it.each([
  [true, 'False', false],
  [true, 'false', false],
  [true, 'FALSE', true],
  [true, '0', true],
  [true, '', true],
  [false, 'False', true],
  [false, '0', false],
  [2, '2.5', false],
  [5, '5.0', false],
  [5, '5', true],
])('gotcha 38: EQUAL of the trait %j and %j is %s', (trait, value, expected) => {
  expect(holds('EQUAL', trait, value)).toBe(expected)
})

it.each([
  ['REGEX', 'foobar', 'foo', true],
  ['REGEX', 'barfoo', 'foo', false],
  ['REGEX', 'foo', '(', false],
  ['REGEX', 'foo', '[', false],
  ['MODULO', 4, '0|0', false],
  ['MODULO', 4, '0.0|0', false],
])('gotcha 39: %s of %j and %j is %s, and fails nobody', (operator, trait, value, expected) => {
  expect(holds(operator, trait, value)).toBe(expected)
})

describe('gotcha 40: the winner', () => {
  const feature = { id: 1, name: 'feature', state: state(10, 'default') }
  const segments = [
    segment(1, [all()], [override(1, 7, state(20, 'weak'))]),
    segment(2, [all()], [override(1, 3, state(30, 'strong'))]),
    segment(3, [all()], [override(1, 3, state(40, 'late'))]),
  ]

  it('gotcha 40: is the identity, then the lowest priority, then the first, then the default', () => {
    const own = identity({}, { overrides: new Map([[1, state(50, 'own')]]) })
    expect(flag({ features: [feature], segments }, own).value).toBe('own')
    expect(flag({ features: [feature], segments }, who).value).toBe('strong')
    expect(flag({ features: [feature], segments: [] }, who).value).toBe('default')
  })

  it('gotcha 40: tells of the split, even within a segment override', () => {
    const split = state(60, 'control', {
      variants: [variant(1, 'hit', { weight: 100, key: 'k' })],
    })
    const inSegment = [segment(1, [all()], [override(1, 0, split)])]
    expect(flag({ features: [feature], segments: inSegment }, who)).toMatchObject({
      value: 'hit',
      variant: 'k',
      reason: 'SPLIT; weight=100',
    })
  })
})
