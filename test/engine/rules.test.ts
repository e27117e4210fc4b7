import { describe, expect, it } from 'vitest'
import type { Rule, RuleType } from '../../src/engine/document.ts'
import { condition, identity, matchesRules, randomSource } from './fixtures.ts'

const yes = condition('IS_SET', 'here', null)
const no = condition('IS_SET', 'gone', null)
const who = identity({ here: 1 })

function rule(type: RuleType, conditions: (typeof yes)[], rules: Rule[] = []): Rule {
  return { type, conditions, rules }
}

const pass = rule('ALL', [yes])
const fail = rule('ALL', [no])

describe('rules', () => {
  it.each<[string, Rule[], boolean]>([
    ['no rules', [], false],
    ['an empty ALL rule', [rule('ALL', [])], true],
    ['an empty ANY rule', [rule('ANY', [])], true],
    ['an empty NONE rule', [rule('NONE', [])], true],
    ['ALL with one false condition', [rule('ALL', [yes, no])], false],
    ['ALL with true conditions', [rule('ALL', [yes, yes])], true],
    ['ANY with one true condition', [rule('ANY', [no, yes])], true],
    ['ANY without a true condition', [rule('ANY', [no, no])], false],
    ['NONE with one true condition', [rule('NONE', [no, yes])], false],
    ['NONE without a true condition', [rule('NONE', [no, no])], true],
    ['ALL over sub-rules of which one fails', [rule('ALL', [], [pass, fail])], false],
    ['ANY over sub-rules of which one passes', [rule('ANY', [], [fail, pass])], true],
    ['ANY over failing sub-rules', [rule('ANY', [], [fail, fail])], false],
    ['NONE over sub-rules of which one passes', [rule('NONE', [], [fail, pass])], false],
    ['NONE over failing sub-rules', [rule('NONE', [], [fail])], true],
    ['ANY whose condition passes and whose sub-rule fails', [rule('ANY', [yes], [fail])], false],
    ['ANY whose condition fails and whose sub-rule passes', [rule('ANY', [no], [pass])], false],
    ['NONE whose condition fails and whose sub-rule passes', [rule('NONE', [no], [pass])], false],
    ['two root rules of which one fails', [pass, fail], false],
    ['two root rules that pass', [pass, rule('NONE', [no])], true],
    ['NONE in ANY in ALL', [rule('ALL', [], [rule('ANY', [], [rule('NONE', [no])])])], true],
    ['a rule of unknown type', [rule('SOME' as RuleType, [yes])], false],
  ])('%s', (_name, rules, expected) => {
    expect(matchesRules(rules, who)).toBe(expected)
  })
  it('mean the same however deep they are nested', () => {
    const random = randomSource(31)
    const draw = (depth: number): Rule =>
      rule(
        ['ALL', 'ANY', 'NONE'][random(3)] as RuleType,
        Array.from({ length: random(3) }, () => (random(2) === 0 ? yes : no)),
        depth === 0 ? [] : Array.from({ length: random(3) }, () => draw(depth - 1)),
      )
    /** The contract's words (sdk-api §5.3): each part by the rule's own type, an empty part is true. */
    const part = (type: RuleType, results: boolean[]): boolean =>
      results.length === 0 ||
      (type === 'ALL' ? results.every(Boolean) : results.some(Boolean) === (type === 'ANY'))
    const plainly = ({ type, conditions, rules }: Rule): boolean =>
      part(
        type,
        conditions.map((one) => one === yes),
      ) && part(type, rules.map(plainly))
    const outcomes = new Set<boolean>()
    const differing: string[] = []
    for (let i = 0; i < 5_000; i++) {
      const rules = Array.from({ length: 1 + random(2) }, () => draw(random(5)))
      const expected = rules.every(plainly)
      outcomes.add(expected)
      if (matchesRules(rules, who) !== expected) differing.push(JSON.stringify(rules))
    }
    expect(differing).toEqual([])
    expect(outcomes.size).toBe(2)
  })
})
