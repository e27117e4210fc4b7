/** Whole environments from a seed: the same seed always gives the same environment. */
import type {
  Condition,
  Document,
  FeatureState,
  FlagValue,
  Rule,
  RuleType,
  Variant,
} from '../../src/engine/document.ts'
import type { TraitValue } from '../../src/engine/index.ts'
import {
  conditionValues,
  documentOf,
  operators,
  type StateOf,
  stateOf,
  traitValues,
  uuidOf,
} from './parity-cases.ts'

type Random = {
  /** A whole number below the limit. */
  below(limit: number): number
  pick<T>(from: readonly T[]): T
  chance(percent: number): boolean
}

/** Marsaglia's xorshift: small, and the same everywhere. */
function randomOf(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  const below = (limit: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
  return {
    below,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
    chance: (percent) => below(100) < percent,
  }
}

const traitNames = ['plan', 'age', 'größe', 'a b', 'beta']
const properties = [
  ...['plan', 'age', 'größe', 'a b', 'beta', 'missing', '', '$.nowhere'],
  ...['$.identity.identifier', '$.identity.key', '$.environment.name', '$.identity.traits.plan'],
  "$.identity.traits['a b']",
]
const ruleTypes: RuleType[] = ['ALL', 'ANY', 'NONE']
const flagValues: FlagValue[] = ['on', '', 'größe', 0, 12, -3, true, false, null]

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

function conditionFrom(random: Random): Condition {
  const operator = random.pick(operators)
  const property = random.pick(properties)
  return { operator, property, value: random.pick(conditionValues(operator)) }
}

const ruleFrom = (random: Random, depth: number): Rule => ({
  type: random.pick(ruleTypes),
  conditions: times(random.below(3), () => conditionFrom(random)),
  rules: depth === 0 ? [] : times(random.below(3), () => ruleFrom(random, depth - 1)),
})

/** Shares that reach a hundred or stay below, in an order of ids that is not that of the list. */
function variantsFrom(random: Random, firstId: number): Variant[] {
  let left = 100
  return times(1 + random.below(4), (index) => {
    const weight = random.pick([0, left, random.below(left + 1), left / 3])
    left -= weight
    const id = firstId + (index % 2 === 0 ? 10 - index : index)
    return { id, uuid: uuidOf(id), optionId: id, key: null, value: `option ${index}`, weight }
  })
}

export type Environment = {
  document: Document
  identities: {
    identifier: string
    traits: Map<string, TraitValue>
    states: Map<number, FeatureState>
  }[]
}

const identifiers = [
  'user',
  'jürgen@example.com',
  '007',
  '1.50',
  'x,y',
  '42',
  'x',
  'true',
  'a b',
  '日本',
]

export function environmentFrom(seed: number): Environment {
  const random = randomOf(seed)
  const state = (id: number): StateOf => ({
    enabled: random.chance(50),
    value: random.pick(flagValues),
    ...(random.chance(40) && { variants: variantsFrom(random, id * 100) }),
  })
  const features = times(3 + random.below(4), (index) => ({ id: index + 1, ...state(index + 1) }))
  const segments = times(random.below(6), (index) => ({
    id: 10 + index * 7,
    rules: times(random.below(3), () => ruleFrom(random, 2)),
    overrides: features
      .filter(() => random.chance(50))
      .map(({ id }) => ({
        featureId: id,
        priority: random.below(4),
        ...state(1_000 + index * 50 + id),
      })),
  }))
  const document = documentOf(segments, features)
  const identities = identifiers.map((identifier, index) => ({
    identifier: random.chance(30) ? `${identifier}-${seed}` : identifier,
    traits: new Map(
      traitNames
        .filter(() => random.chance(60))
        .map((name) => [name, random.pick(traitValues)] as const)
        .filter((trait): trait is [string, TraitValue] => trait[1] !== undefined),
    ),
    states: new Map(
      features
        .filter(() => random.chance(index % 2 === 0 ? 30 : 0))
        .map(({ id }) => {
          const stateId = 2_000_000 + index * 100 + id
          return [id, stateOf(stateId, state(20_000 + index * 50 + id))] as const
        }),
    ),
  }))
  return { document, identities }
}
