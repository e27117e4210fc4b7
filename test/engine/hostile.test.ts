import { describe, expect, it } from 'vitest'
import { compile, evaluate, evaluateFeature } from '../../src/engine/index.ts'
import {
  all,
  condition,
  document,
  identity,
  matchesRules,
  override,
  segment,
  state,
} from './fixtures.ts'

const hostile = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '0',
]

describe('hostile names', () => {
  it.each(hostile)('a trait named %s is unset until it is given', (name) => {
    const isSet = [all(condition('IS_SET', name, null))]
    expect(matchesRules(isSet, identity({}))).toBe(false)
    const given = identity({}, { traits: new Map([[name, 'x']]) })
    expect(matchesRules(isSet, given)).toBe(true)
    expect(
      matchesRules([all(condition('EQUAL', `$.identity.traits['${name}']`, 'x'))], given),
    ).toBe(true)
  })

  it.each(hostile)('a path through %s leads nowhere', (name) => {
    for (const path of [`$.environment.${name}`, `$.${name}`, `$.identity.${name}`]) {
      expect(matchesRules([all(condition('IS_SET', path, null))], identity({}))).toBe(false)
    }
  })

  it.each(hostile)('an operator called %s never holds', (name) => {
    expect(matchesRules([all(condition(name, 'trait', 'x'))], identity({ trait: 'x' }))).toBe(false)
  })

  it.each(hostile)('a feature named %s is a feature like any other', (name) => {
    const empty = compile(document({}))
    expect(evaluateFeature(empty, name, null)).toBeNull()
    const features = [{ id: 1, name, state: state(1, 'v') }]
    const segments = [segment(1, [all()], [override(1, 0, state(2, 'w'))])]
    const compiled = compile(document({ features, segments }))
    expect(evaluateFeature(compiled, name, identity({}))?.value).toBe('w')
  })

  it('pollutes no prototype', () => {
    const features = [{ id: 1, name: '__proto__', state: state(1, 'v') }]
    const who = identity({}, { traits: new Map([['__proto__', 'x']]) })
    evaluate(compile(document({ features })), who)
    expect(Object.keys(Object.prototype)).toEqual([])
    expect('x' in {}).toBe(false)
  })

  it('survives a text that is not well-formed Unicode', () => {
    const rules = [
      all(condition('PERCENTAGE_SPLIT', 'trait', '100'), condition('REGEX', 'trait', '.$')),
    ]
    expect(matchesRules(rules, identity({ trait: '\ud800' }))).toBe(true)
  })

  it('takes no more than one lookup for an identity with a hundred thousand overrides', () => {
    const many = new Map(Array.from({ length: 100_000 }, (_, id) => [id, state(id, `own ${id}`)]))
    let lookups = 0
    const counted = {
      size: many.size,
      get: (id: number) => {
        lookups++
        return many.get(id)
      },
    } as unknown as typeof many
    const features = [{ id: 77, name: 'feature', state: state(1, 'v') }]
    const [found] = evaluate(compile(document({ features })), identity({}, { overrides: counted }))
    expect(found?.value).toBe('own 77')
    expect(lookups).toBe(1)
  })
})

describe('work not done', () => {
  function watched() {
    const asked: string[] = []
    const traits = { get: (name: string) => void asked.push(name) } as unknown as Map<
      string,
      string
    >
    return { asked, who: identity({}, { traits }) }
  }
  const isSet = (name: string) => [all(condition('IS_SET', name, null))]

  it('segments that override nothing served are not looked at', () => {
    const { asked, who } = watched()
    const segments = [
      segment(1, isSet('unused')),
      segment(2, isSet('stray'), [override(99, 0, state(2, 'w'))]),
      segment(3, isSet('used'), [override(1, 0, state(3, 'w'))]),
    ]
    const features = [{ id: 1, name: 'feature', state: state(1, 'v') }]
    evaluate(compile(document({ features, segments })), who)
    expect(asked).toEqual(['used'])
  })

  it('a trait is looked up once however many conditions and features ask for it', () => {
    const { asked, who } = watched()
    const features = [1, 2, 3].map((id) => ({ id, name: `f${id}`, state: state(id, 'v') }))
    const segments = [10, 20].map((id) =>
      segment(
        id,
        [all(condition('NOT_EQUAL', 'plan', 'x'), condition('EQUAL', 'plan', 'y'))],
        [override(1, 0, state(id + 1, 'w')), override(2, 0, state(id + 2, 'w'))],
      ),
    )
    evaluate(compile(document({ features, segments })), who)
    expect(asked).toEqual(['plan'])
  })
})
