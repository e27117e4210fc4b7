import { describe, expect, it } from 'vitest'
import { parsePath } from '../../src/engine/path.ts'
import { all, condition, identity, matchesRules } from './fixtures.ts'

describe('paths', () => {
  it.each<[string, string[]]>([
    ['$.identity.key', ['identity', 'key']],
    ["$.identity.traits['a b']", ['identity', 'traits', 'a b']],
    ['$.identity.traits["a\'b"]', ['identity', 'traits', "a'b"]],
    ["$.identity.traits['it\\'s']", ['identity', 'traits', "it's"]],
    ["$.identity.traits[ '[$the.size$]' ]", ['identity', 'traits', '[$the.size$]']],
    ["$.identity.traits['\\u30b5']", ['identity', 'traits', 'サ']],
    ['$.identity.traits.サイズ', ['identity', 'traits', 'サイズ']],
    ['$.identity.traits.tamaño_2', ['identity', 'traits', 'tamaño_2']],
    ["$['identity'] .key", ['identity', 'key']],
  ])('%s is a path of names', (text, names) => {
    expect(parsePath(text)).toEqual(names)
  })

  it.each([
    'identity.key',
    '$.',
    '$. identity',
    '$.  i am not" a valid jsonpath',
    '$.a b',
    '$.2a',
    '$.*',
    '$..key',
    '$.a[0]',
    '$.a[?@.b]',
    "$.a['b",
    "$.a['b\\x']",
    "$.a['b'",
    '$.a ',
  ])('%s is refused', (text) => {
    expect(parsePath(text)).toBeNull()
  })
})

describe('context values', () => {
  const who = identity(
    { plan: 'pro', サイズ: 'L', '[$the.size$]': 'M', nothing: null, '$.identity': 'trait' },
    { identifier: 'alice', key: 'key_alice' },
  )

  it.each([
    ['$.identity.identifier', 'alice'],
    ['$.identity.key', 'key_alice'],
    ["$.identity['key']", 'key_alice'],
    ['$.environment.name', 'Production'],
    ['$.environment.key', 'env'],
    ['$.identity.traits.plan', 'pro'],
    ["$.identity.traits['[$the.size$]']", 'M'],
    ["$.identity.traits['サイズ']", 'L'],
    ['サイズ', 'L'],
    ['[$the.size$]', 'M'],
    ['plan', 'pro'],
    ['$.identity', 'trait'],
  ])('%s is %s', (property, value) => {
    expect(matchesRules([all(condition('EQUAL', property, value))], who)).toBe(true)
  })

  it.each([
    '',
    '$.environment',
    '$.identity.traits',
    '$.identity.traits.plan.more',
    '$.identity.traits.nothing',
    '$.nowhere',
    '$.environment.other',
    'nothing',
    'absent',
  ])('%j is not set', (property) => {
    expect(matchesRules([all(condition('IS_SET', property, null))], who)).toBe(false)
    expect(matchesRules([all(condition('IS_NOT_SET', property, null))], who)).toBe(true)
    expect(matchesRules([all(condition('CONTAINS', property, ''))], who)).toBe(false)
  })

  it('prefer a trait named like a path, unless it is null', () => {
    const rules = [all(condition('EQUAL', '$.environment.name', 'Production'))]
    expect(matchesRules(rules, identity({ '$.environment.name': 'Elsewhere' }))).toBe(false)
    expect(matchesRules(rules, identity({ '$.environment.name': null }))).toBe(true)
  })

  it('build the composite key when the identity brings none or an empty one', () => {
    const rules = [all(condition('EQUAL', '$.identity.key', 'env_user'))]
    expect(matchesRules(rules, identity({}))).toBe(true)
    expect(matchesRules(rules, identity({}, { key: '' }))).toBe(true)
  })

  it('know the environment even without an identity, and nothing else', () => {
    expect(matchesRules([all(condition('EQUAL', '$.environment.name', 'Production'))], null)).toBe(
      true,
    )
    expect(matchesRules([all(condition('IS_SET', '$.identity.key', null))], null)).toBe(false)
    expect(matchesRules([all(condition('IS_NOT_SET', 'plan', null))], null)).toBe(true)
    expect(matchesRules([all(condition('PERCENTAGE_SPLIT', '', '100'))], null)).toBe(false)
  })
})
