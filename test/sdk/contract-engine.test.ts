/** Pipeline, rules, lookup, variants and hash, row by row (contract sdk-api §5.2 to §5.4, §5.6, §5.7). */
import { describe, expect, it } from 'vitest'
import type { Rule, RuleType } from '../../src/engine/document.ts'
import { compile, evaluate, type TraitValue } from '../../src/engine/index.ts'
import { percentage } from '../../src/engine/percentage.ts'
import {
  all,
  condition,
  document,
  flag,
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
const feature = { id: 1, name: 'feature', state: state(10, 'default', { enabled: false }) }

const rule = (type: RuleType, conditions: (typeof yes)[], rules: Rule[] = []): Rule => ({
  type,
  conditions,
  rules,
})
const pass = rule('ALL', [yes])
const fail = rule('ALL', [no])

describe('§5.2: the pipeline', () => {
  it.each([null, ''])(
    '§5.2: a key of %j becomes the composite of environment and identifier',
    (key) => {
      const rules = [all(condition('EQUAL', '$.identity.key', 'env_user'))]
      expect(matchesRules(rules, identity({}, { key }))).toBe(true)
    },
  )

  it.each([
    ['the strictly lower priority', [5, 2], 'second'],
    ['the earlier segment on a tie', [2, 2], 'first'],
    ['a priority over none', [Infinity, 9], 'second'],
    ['the earlier of two without a priority', [Infinity, Infinity], 'first'],
  ])('§5.2: %s wins', (_name, [first = 0, second = 0], expected) => {
    const segments = [
      segment(1, [all()], [override(1, first, state(20, 'first'))]),
      segment(2, [all()], [override(1, second, state(30, 'second'))]),
    ]
    expect(flag({ features: [feature], segments }, who).value).toBe(expected)
  })

  it('§5.2: an override of an unknown feature is dropped', () => {
    const segments = [segment(1, [all()], [override(2, 0, state(20, 'stray'))])]
    const compiled = compile(document({ features: [feature], segments }))
    expect(evaluate(compiled, who).map((one) => [one.name, one.value])).toEqual([
      ['feature', 'default'],
    ])
  })

  it('§5.2: an override replaces all, and says which segment it came from', () => {
    const segments = [segment(7, [all()], [override(1, 0, state(20, 'theirs'))])]
    expect(flag({ features: [feature], segments }, who)).toMatchObject({
      enabled: true,
      value: 'theirs',
      variant: null,
      reason: 'TARGETING_MATCH; segment=segment_7',
    })
    expect(flag({ features: [feature] }, who)).toMatchObject({ enabled: false, reason: 'DEFAULT' })
  })

  it('§5.2: a segment of the environment matches without an identity', () => {
    const rules = [all(condition('EQUAL', '$.environment.name', 'Production'))]
    expect(matchesRules(rules, null)).toBe(true)
    expect(matchesRules([all(condition('IS_NOT_SET', 'plan', null))], null)).toBe(true)
  })

  it('§5.8: an identity override is worded as a segment of its own', () => {
    const own = identity({}, { overrides: new Map([[1, state(50, 'own')]]) })
    expect(flag({ features: [feature] }, own).reason).toBe(
      'TARGETING_MATCH; segment=identity_overrides',
    )
  })
})

it.each<[string, Rule[], boolean]>([
  ['a segment without root rules never matches', [], false],
  ['all root rules must match', [pass, fail], false],
  ['two that match are enough', [pass, pass], true],
  ['an ANY rule of nothing is true', [rule('ANY', [])], true],
  ['an ANY rule with a failing sub-rule is false', [rule('ANY', [yes], [fail])], false],
  ['ALL asks every condition', [rule('ALL', [yes, no])], false],
  ['ANY asks for one', [rule('ANY', [no, yes])], true],
  ['NONE asks for no one', [rule('NONE', [no, yes])], false],
  ['ALL asks every sub-rule', [rule('ALL', [], [pass, fail])], false],
  ['ANY asks for one sub-rule', [rule('ANY', [], [fail, pass])], true],
  ['NONE asks for no sub-rule', [rule('NONE', [], [fail, pass])], false],
  ['the dashboard’s shape is ALL over ANY', [rule('ALL', [], [rule('ANY', [no, yes])])], true],
])('§5.3: %s', (_name, rules, expected) => {
  expect(matchesRules(rules, who)).toBe(expected)
})

describe('§5.4: the lookup', () => {
  const alice = identity(
    { plan: 'pro', サイズ: 'L', 'a.b': 'dots', nothing: null, '$.environment.name': 'mine' },
    { identifier: 'alice', key: 'key_alice' },
  )

  it.each([
    ['$.identity.identifier', 'alice'],
    ['$.identity.key', 'key_alice'],
    ['$.environment.key', 'env'],
    ['$.identity.traits.plan', 'pro'],
    ["$.identity.traits['サイズ']", 'L'],
    ["$.identity.traits['a.b']", 'dots'],
    ['a.b', 'dots'],
    ['plan', 'pro'],
  ])('§5.4: %s is %s', (property, value) => {
    expect(matchesRules([all(condition('EQUAL', property, value))], alice)).toBe(true)
  })

  it('§5.4: a trait of the whole name goes before its path, unless it is null', () => {
    const named = (value: string) => [all(condition('EQUAL', '$.environment.name', value))]
    expect(matchesRules(named('mine'), alice)).toBe(true)
    expect(matchesRules(named('Production'), identity({ '$.environment.name': null }))).toBe(true)
  })

  it.each(['', 'absent', 'nothing', '$.identity', '$.identity.traits', '$.', '$.[', '$.nowhere'])(
    '§5.4: "%s" is not set',
    (property) => {
      expect(matchesRules([all(condition('IS_SET', property, null))], alice)).toBe(false)
      expect(matchesRules([all(condition('IS_NOT_SET', property, null))], alice)).toBe(true)
    },
  )

  it.each([null, ''])('§5.4: the property %j of a split is the identity’s key', (property) => {
    const split = [all(condition('PERCENTAGE_SPLIT', property, '100'))]
    expect(matchesRules(split, alice)).toBe(true)
    expect(matchesRules(split, null)).toBe(false)
  })

  it.each<[TraitValue, string, boolean]>([
    ['5', '+5', true],
    ['-5', '-05', true],
    ['007', '7', true],
    ['1.50', '1.5', true],
    ['-1.0', '-1', true],
    ['+5', '5', false],
    ['1e3', '1000', false],
    [' 5', '5', false],
    ['5.', '5', false],
    ['.5', '0.5', false],
    ['٥', '5', false],
    ['9007199254740993', '9007199254740992', false],
  ])('§5.4: the text %j compared with %j as a number is %s', (trait, value, expected) => {
    expect(matchesRules([all(condition('EQUAL', 'k', value))], identity({ k: trait }))).toBe(
      expected,
    )
  })
})

describe('§5.6: variants', () => {
  const place = percentage('78986', '32103813')
  const at = identity({}, { key: '32103813' })
  const split = (...shares: [id: number, weight: number, key: string | null][]) => {
    const variants = shares.map(([id, weight, key]) => variant(id, `v${id}`, { weight, key }))
    return { features: [{ ...feature, state: state(78986, 'control', { variants }) }] }
  }

  it.each<[string, [number, number, string | null][], object]>([
    ['of a hundred always wins', [[1, 100, 'a']], { value: 'v1', variant: 'a' }],
    ['of zero never wins', [[1, 0, 'a']], { value: 'control', variant: 'control' }],
    ['without a key has none', [[1, 100, null]], { value: 'v1', variant: null }],
    ['names its weight', [[1, 60, 'a']], { reason: 'SPLIT; weight=60' }],
    ['that is not hit leaves the reason', [[1, 1, 'a']], { variant: 'control', reason: 'DEFAULT' }],
    [
      'comes in the order of ids, not of weights',
      [
        [9, 50, 'late'],
        [2, 50, 'early'],
      ],
      { variant: 'early' },
    ],
    [
      'ends before its limit',
      [
        [1, place, 'a'],
        [2, 50, 'b'],
      ],
      { variant: 'b' },
    ],
  ])('§5.6: one %s', (_name, shares, expected) => {
    expect(flag(split(...shares), at)).toMatchObject(expected)
  })

  it('§5.6: without an identity the value stays, and there is no variant', () => {
    expect(flag(split([1, 100, 'a']), null)).toMatchObject({ value: 'control', variant: null })
  })
})

describe('§5.7: the hash', () => {
  it.each([
    ['1', '1', 84.97699539907981],
    ['1', '2', 26.59531906381276],
    ['10', 'user_1', 26.635327065413083],
    ['78986', '32103813', 49.27985597119424],
    ['78986', 'test_env_foobar', 54.53090618123625],
    ['12345', 'test_env_foobar', 51.990398079615915],
    ['1016366', '8AYnz4q3KEfT5DFtnramnP_user-123', 39.19783956791358],
    ['5d688e14-4e5e-47e5-9c53-b452ac9e5f16', 'env_サイズ', 31.366273254650928],
    ['1', '', 78.4756951390278],
    ['1', '13139', 0],
    ['1', '8931', 45.779155831166236],
    ['1', '13116', 18.433686737347468],
  ])('§5.7: of %s and "%s" is %s', (first, second, expected) => {
    expect(percentage(first, second)).toBe(expected)
  })

  it.each<[TraitValue, string]>([
    ['007', '7'],
    [7, '7'],
    [true, 'True'],
    ['1.0', '1.0'],
    [1.5, '1.5'],
  ])('§5.7: a split on the trait %j hashes %s', (trait, text) => {
    const limit = percentage('1', text)
    const at = (value: number) =>
      matchesRules([all(condition('PERCENTAGE_SPLIT', 'k', `${value}`))], identity({ k: trait }))
    expect([at(limit), at(limit - 1e-9)]).toEqual([true, false])
  })
})
