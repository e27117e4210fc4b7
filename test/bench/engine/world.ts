/**
 * One generated world for three engines: features, segments that override some of them, identities
 * with ten traits, and overrides of single identities. Seeded, so that every run sees the same.
 *
 * Operators are drawn evenly. Regular expressions only ask for an ending, so that all three engines
 * can say them, and no text looks like a number.
 */

import type {
  Condition,
  FeatureState,
  FlagValue,
  Rule,
  Segment,
} from '../../../src/engine/document.ts'
import type { Evaluable, TraitValue } from '../../../src/engine/index.ts'
import { randomSource } from '../../engine/fixtures.ts'

export type Size = {
  features: number
  segments: number
  identityOverrides: number
  /** Percent of the features that have variants: each costs a hash for every identity. */
  splits: number
}

export type Person = { identifier: string; traits: Record<string, TraitValue> }

export type World = {
  document: Evaluable
  /** By identifier, then by feature id. */
  overrides: Map<string, Map<number, FeatureState>>
  /** Who is asked about, in turn. Half of them have overrides, where there are any. */
  people: Person[]
}

export const environmentKey = 'bench-environment'

type Random = (below: number) => number

const countries = ['NL', 'DE', 'FR', 'US', 'JP', 'BR', 'IN', 'ZA']
const plans = ['free', 'team', 'business', 'enterprise']
const peopleAsked = 32
/** How many features one segment overrides. */
const overridesPerSegment = 5
/** Identity overrides touch these first features only, with one of two values each. */
const featuresOverridden = 10

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)] as T

/** One of each operator of the contract, and of the forms that cost differently. */
const conditions: ((random: Random) => Condition)[] = [
  (random) => ({ property: 'country', operator: 'EQUAL', value: pick(random, countries) }),
  (random) => ({ property: 'country', operator: 'NOT_EQUAL', value: pick(random, countries) }),
  (random) => ({ property: 'plan', operator: 'IN', value: `${pick(random, plans)},trial,legacy` }),
  (random) => ({
    property: '$.identity.identifier',
    operator: 'IN',
    value: `user-${random(10)},user-${random(10)}`,
  }),
  (random) => ({ property: 'age', operator: 'GREATER_THAN', value: `${random(80)}` }),
  (random) => ({ property: 'age', operator: 'GREATER_THAN_INCLUSIVE', value: `${random(80)}` }),
  (random) => ({ property: 'visits', operator: 'LESS_THAN', value: `${random(1_000)}` }),
  (random) => ({ property: 'visits', operator: 'LESS_THAN_INCLUSIVE', value: `${random(1_000)}` }),
  (random) => ({ property: 'logins', operator: 'MODULO', value: `7|${random(7)}` }),
  (random) => ({
    property: 'appVersion',
    operator: 'GREATER_THAN_INCLUSIVE',
    value: `${random(6)}.${random(10)}.0:semver`,
  }),
  (random) => ({ property: 'email', operator: 'CONTAINS', value: `@shop-${random(4)}.` }),
  (random) => ({ property: 'email', operator: 'NOT_CONTAINS', value: `@shop-${random(4)}.` }),
  (random) => ({ property: 'email', operator: 'REGEX', value: `.*-${random(4)}\\.example$` }),
  (random) => ({
    property: pick(random, ['beta', 'referrer']),
    operator: 'IS_SET',
    value: null,
  }),
  () => ({ property: 'theme', operator: 'IS_NOT_SET', value: null }),
  (random) => ({ property: '', operator: 'PERCENTAGE_SPLIT', value: `${10 + random(80)}` }),
]

/** As the dashboard makes them: one rule for all, with one rule inside that holds the conditions. */
function rules(random: Random): Rule[] {
  const drawn = Array.from({ length: 1 + random(3) }, () => pick(random, conditions)(random))
  const inner: Rule = { type: pick(random, ['ALL', 'ANY']), conditions: drawn, rules: [] }
  return [{ type: 'ALL', conditions: [], rules: [inner] }]
}

function state(id: number, value: FlagValue, isSplit: boolean): FeatureState {
  const weights = isSplit ? [30, 20, 10] : []
  return {
    id,
    uuid: '',
    enabled: id % 3 !== 0,
    value,
    seed: id,
    variants: weights.map((weight, place) => ({
      id: id * 10 + place,
      uuid: '',
      optionId: id * 10 + place,
      key: `option-${place}`,
      value: `${value}-option-${place}`,
      weight,
    })),
  }
}

function segment(index: number, features: number, random: Random): Segment {
  const overridden = new Set(Array.from({ length: overridesPerSegment }, () => random(features)))
  return {
    id: index + 1,
    name: `segment-${index}`,
    description: null,
    rules: rules(random),
    overrides: [...overridden].map((feature) => ({
      featureId: feature + 1,
      featureSegmentId: index * overridesPerSegment + 1,
      priority: index,
      state: state(1_000_000 + index * 10_000 + feature, `of segment ${index}`, false),
    })),
  }
}

function person(identifier: string, random: Random): Person {
  const traits: Person['traits'] = {
    country: pick(random, countries),
    plan: pick(random, plans),
    age: 1 + random(90),
    visits: 1 + random(2_000),
    email: `${identifier}@shop-${random(8)}.example`,
    appVersion: `${random(6)}.${random(12)}.${random(20)}`,
    company: `Company ${random(100)}`,
    language: pick(random, ['en', 'nl', 'de']),
    logins: 1 + random(500),
  }
  const extra = pick(random, ['beta', 'referrer', 'theme'])
  return { identifier, traits: { ...traits, [extra]: true } }
}

function identityOverrides(count: number, features: number, random: Random) {
  const overrides: World['overrides'] = new Map()
  for (let index = 0; index < count; index++) {
    const feature = random(Math.min(featuresOverridden, features))
    const kind = random(2)
    const own = state(2_000_000 + feature * 2 + kind, `of identity, ${kind}`, false)
    overrides.set(`user-${index}`, new Map([[feature + 1, own]]))
  }
  return overrides
}

export function generate(size: Size): World {
  const random = randomSource(20_260_901)
  const isSplit = (index: number) => (index * 37) % 100 < size.splits
  const features = Array.from({ length: size.features }, (_, index) => ({
    id: index + 1,
    name: `feature-${index}`,
    state: state(index + 1, `default ${index}`, isSplit(index)),
  }))
  const segments = Array.from({ length: size.segments }, (_, index) =>
    segment(index, size.features, random),
  )
  const people = Array.from({ length: peopleAsked }, (_, index) =>
    person(index % 2 === 0 ? `user-${index % 10}` : `stranger-${index}`, random),
  )
  return {
    document: {
      environment: { name: 'Production', apiKey: environmentKey },
      features,
      segments,
    },
    overrides: identityOverrides(size.identityOverrides, size.features, random),
    people,
  }
}
