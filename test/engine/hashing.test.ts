import { beforeAll, describe, expect, it } from 'vitest'
import {
  compile,
  evaluate,
  evaluateFeature,
  type Identity,
  matchingSegments,
  useLanes,
} from '../../src/engine/index.ts'
import { percentage } from '../../src/engine/percentage.ts'
import {
  all,
  condition,
  document,
  identity,
  override,
  randomSource,
  segment,
  state,
  variant,
} from './fixtures.ts'
import { compiledLanes } from './lane-module.ts'

/** A hundred options of one percent each, so that the value tells where the hash fell. */
const options = Array.from({ length: 100 }, (_, at) => variant(at + 1, at, { weight: 1 }))
const split = { variants: options }
const fallen = (seed: string, key: string) => Math.floor(percentage(seed, key))

const keys = [
  '1',
  'a',
  'user-1',
  'サイズ',
  '😀é',
  '\ud800',
  ...[40, 53, 54, 55, 56, 117, 118, 119, 200, 240, 246, 247, 248, 300, 5000].map((length) =>
    'k'.repeat(length),
  ),
  ...[80, 82, 83, 250].map((length) => 'サ'.repeat(length)),
]
const seeds = ['1', '22', '333', '4444', '55555', '', 'seed', 'サ', 's'.repeat(36), 's'.repeat(250)]

// The module stays once it is handed over: JavaScript has to come first.
const ways: [string, WebAssembly.Module | null][] = [
  ['JavaScript', null],
  ['WebAssembly', compiledLanes],
]

describe.each(ways)('hashing together in %s', (_, lanes) => {
  beforeAll(() => {
    if (lanes !== null) useLanes(lanes)
  })

  /** Features of every seed over and over, so that lanes meet seeds of every length. */
  const features = Array.from({ length: 37 }, (_, id) => {
    const hashKey = seeds[(id * 7 + (id >> 3)) % seeds.length] ?? ''
    return { id, name: `${id}`, state: state(id, 'control', { ...split, hashKey }) }
  })
  const seedOf = (id: number) => features[id]?.state.hashKey ?? ''

  it.each(keys)('falls where one hash alone falls, for the key %j', (key) => {
    const compiled = compile(document({ features }))
    const who = identity({}, { key })
    const flags = evaluate(compiled, who)
    for (const { id, name } of features) {
      expect(flags[id]?.value).toBe(fallen(seedOf(id), key))
      expect(evaluateFeature(compiled, name, who)).toBe(flags[id])
    }
  })

  it.each(keys)('does so for composite keys too, for the identifier %j', (identifier) => {
    for (const apiKey of ['env', 'サ', 'e'.repeat(100), 'e'.repeat(300)]) {
      const compiled = compile(document({ environment: { name: 'Production', apiKey }, features }))
      const flags = evaluate(compiled, identity({}, { identifier }))
      for (const { id } of features) {
        expect(flags[id]?.value).toBe(fallen(seedOf(id), `${apiKey}_${identifier}`))
      }
    }
  })

  it('hashes again what comes to a hundred', () => {
    const only = [{ id: 1, name: 'feature', state: state(1, 'control', split) }]
    for (const key of ['8931', '13116']) {
      const [flag] = evaluate(compile(document({ features: only })), identity({}, { key }))
      expect(flag?.value).toBe(fallen('1', key))
    }
  })

  it('mixes no documents and no identities up', () => {
    const documents = ['one', 'two'].map((apiKey) => ({
      apiKey,
      compiled: compile(document({ environment: { name: '', apiKey }, features })),
    }))
    for (let person = 0; person < 40; person++) {
      for (const { apiKey, compiled } of documents) {
        const identifier = 'p'.repeat(person)
        const flags = evaluate(compiled, identity({}, { identifier }))
        const wanted = features.map(({ id }) => fallen(seedOf(id), `${apiKey}_${identifier}`))
        expect(flags.map(({ value }) => value)).toEqual(wanted)
      }
    }
  })

  it('finds variants of every kind of state', () => {
    const random = randomSource(77)
    const segments = Array.from({ length: 12 }, (_, at) =>
      segment(
        at + 1,
        [all(condition('PERCENTAGE_SPLIT', '', `${random(100)}`))],
        [3, 9, 20].map((id) => override(id, random(50), state(1000 + at, 'w', split))),
      ),
    )
    const compiled = compile(document({ features, segments }))
    const own = new Map([9, 30].map((id) => [id, state(5000 + id, 'own', split)]))
    for (let person = 0; person < 100; person++) {
      const who: Identity = identity({}, { identifier: `p-${person}`, overrides: own })
      const key = `env_p-${person}`
      const matching = segments.filter(
        ({ id, rules }) => percentage(`${id}`, key) <= Number(rules[0]?.conditions[0]?.value),
      )
      expect(matchingSegments(compiled, who)).toEqual(matching)
      const seedFor = (id: number) => {
        const mine = own.get(id)
        if (mine !== undefined) return `${mine.seed}`
        const ranked = matching
          .flatMap(({ overrides }) => overrides.filter(({ featureId }) => featureId === id))
          .sort((a, b) => a.priority - b.priority)
        return ranked[0] === undefined ? seedOf(id) : `${ranked[0].state.seed}`
      }
      const flags = evaluate(compiled, who)
      const wanted = features.map(({ id }) => fallen(seedFor(id), key))
      expect(flags.map(({ value }) => value)).toEqual(wanted)
      for (const { id, name } of features) {
        expect(evaluateFeature(compiled, name, who)).toEqual(flags[id])
      }
    }
  })

  it.each([
    ['a number', '007'],
    ['a fraction', '1.50'],
    ['minus zero', '-0'],
    ['a plain number', '42'],
  ])('splits on the key as normalised when it is %s', (_, key) => {
    const text = key === '007' ? '7' : key === '-0' ? '0' : key === '1.50' ? '1.5' : key
    const segments = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((id) =>
      segment(id, [all(condition('PERCENTAGE_SPLIT', null, '50'))]),
    )
    const found = matchingSegments(compile(document({ segments })), identity({}, { key }))
    expect(found.map(({ id }) => id)).toEqual(
      segments.map(({ id }) => id).filter((id) => percentage(`${id}`, text) <= 50),
    )
  })

  it('lets a trait named like the path to the key go before it', () => {
    const property = '$.identity.key'
    const segments = [1, 2, 3].map((id) =>
      segment(id, [all(condition('PERCENTAGE_SPLIT', property, '50'))]),
    )
    const compiled = compile(document({ segments }))
    for (let i = 0; i < 50; i++) {
      const found = matchingSegments(compiled, identity({ [property]: `trait-${i}` }))
      expect(found.map(({ id }) => id)).toEqual(
        [1, 2, 3].filter((id) => percentage(`${id}`, `trait-${i}`) <= 50),
      )
    }
  })
})
