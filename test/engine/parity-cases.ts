/**
 * What the parity tests ask: the values that conditions and traits have, and documents from short
 * descriptions. What a condition finds is told here too, without the engine's help.
 */
import type {
  Condition,
  Document,
  FeatureState,
  FlagValue,
  Rule,
  Variant,
} from '../../src/engine/document.ts'
import { compositeKey, type Identity, type TraitValue } from '../../src/engine/index.ts'
import type { Finding } from './parity-rules.ts'

const comparisonOperators = [
  'EQUAL',
  'NOT_EQUAL',
  'GREATER_THAN',
  'GREATER_THAN_INCLUSIVE',
  'LESS_THAN',
  'LESS_THAN_INCLUSIVE',
]
export const operators = [
  ...comparisonOperators,
  'CONTAINS',
  'NOT_CONTAINS',
  'REGEX',
  'MODULO',
  'IN',
  'IS_SET',
  'IS_NOT_SET',
  'PERCENTAGE_SPLIT',
  'NO_SUCH_OPERATOR',
]

/** Everything a trait can be; undefined: the identity does not have it. */
export const traitValues: (TraitValue | undefined)[] = [
  ...['', 'pro', 'Pro', 'free', 'größe', '日本', '\u{1f600}', '\uff5e', 'x,y', '[1]', '٣', ' 5'],
  ...['007', '42', '-5', '0', '10', '9', '1.5', '1.50', '-2.5', '9007199254740993'],
  ...['12abc', '1e3', '+5', 'true', 'True', 'False', 'None'],
  ...['1.2.3', '1.2.3-beta.2', '1.2.3+build', '2.0.0', 'v1.2.3', '1.2', 'constructor'],
  ...[0, 1, 5, 10, 42, -5, 100, 1.5, 2.5, -0.5],
  ...[true, false, null, undefined],
]

const texts = [
  '',
  'pro',
  'Pro',
  'ro',
  'größe',
  '\u{1f600}',
  '\uff5e',
  'True',
  'false',
  'False',
  'x',
]
const numbers = ['5', '42', '-5', '0', '10', '2.5', '5.0', '1e1', ' 5 ', '1_0', '12abc', 'inf']
const versions = ['1.2.3', '1.2.3-beta.10', '1.2.3+other', 'v1.2.3', '2.0', '5', 'pro']
const patterns = [
  ...['^pro$', '^p', 'ro', '', '^\\d+$', '^\\w+$', '\\d', '^[a-z]+$', '^1.2.3$', 'free|pro'],
  ...['^True$', '42', '(?P<a>p)ro', '(?i)PRO', '\\Apro\\Z', '(unclosed', '^.*$'],
]
const modulos = ['2|0', '3|1', '3|2', '-3|-2', '0|0', '2.5|0', '3', '3|1|2', 'a|b', '3x|1', '5|0']
const lists = [
  ...['pro,free', 'pro, free', '', '0', '1.5,42', '007,7', 'x,y', ',', 'True,true', '"pro"'],
  ...['["pro","42"]', '[1, 42, 1.5, true, null]', '["x,y",""]', '[broken', '[]', '["9"]'],
]
const shares = ['0', '50', '100', '33.3', 'half', '']

export function conditionValues(operator: string): (string | null)[] {
  if (comparisonOperators.includes(operator) || operator.endsWith('CONTAINS')) {
    return [...texts, ...numbers, ...versions.map((version) => `${version}:semver`)]
  }
  switch (operator) {
    case 'REGEX':
      return patterns
    case 'MODULO':
      return modulos
    case 'IN':
      return lists
    case 'PERCENTAGE_SPLIT':
      return shares
    default:
      return [null, 'ignored']
  }
}

/** What a condition of these tests finds; a test of the lookup itself this is not. */
function found(property: string, identity: Identity, { environment }: Document): Finding['found'] {
  switch (property) {
    case '':
      return undefined
    case '$.identity.identifier':
      return identity.identifier
    case '$.identity.key':
      return compositeKey(environment.apiKey, identity.identifier)
    case '$.environment.name':
      return environment.name
    default: {
      const name = /^\$\.identity\.traits(?:\.|\[')(.+?)(?:'\])?$/.exec(property)?.[1] ?? property
      return identity.traits.get(name) ?? undefined
    }
  }
}

export const findingOf = (
  { operator, property, value }: Condition,
  at: { segmentId: number; identity: Identity; document: Document },
): Finding => ({
  operator,
  property: property ?? '',
  value: value ?? '',
  segmentId: at.segmentId,
  found: found(property ?? '', at.identity, at.document),
})

export type StateOf = { enabled?: boolean; value?: FlagValue; variants?: Variant[] }
export type FeatureOf = StateOf & { id: number }
export type SegmentOf = {
  id: number
  rules: Rule[]
  overrides: (StateOf & { featureId: number; priority: number })[]
}

export const uuidOf = (id: number) => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`

export const stateOf = (id: number, of: StateOf): FeatureState => ({
  id,
  uuid: uuidOf(id),
  enabled: of.enabled ?? false,
  value: of.value ?? null,
  variants: of.variants ?? [],
  seed: id,
})

/** States of defaults are numbered from one, those of segments from a million. */
export function documentOf(segments: SegmentOf[], features: FeatureOf[]): Document {
  let state = 1_000_000
  return {
    schema: 1,
    version: 1,
    updatedAt: 0,
    environment: {
      id: 1,
      name: 'Production',
      apiKey: 'client-key',
      allowClientTraits: true,
      hideDisabledFlags: null,
      hideSensitiveData: false,
      useIdentityCompositeKeyForHashing: true,
      useIdentityOverridesInLocalEval: true,
    },
    project: { id: 1, name: 'P', hideDisabledFlags: false, enableRealtimeUpdates: false },
    organisation: { id: 1, name: 'O', stopServingFlags: false, persistTraitData: true },
    serverKeys: [],
    features: features.map((feature) => ({
      id: feature.id,
      name: `feature ${feature.id}`,
      type: feature.variants === undefined ? 'STANDARD' : 'MULTIVARIATE',
      description: null,
      initialValue: null,
      defaultEnabled: false,
      createdAt: 0,
      isServerKeyOnly: false,
      state: stateOf(feature.id, feature),
    })),
    segments: segments.map(({ id, rules, overrides }) => ({
      id,
      name: `segment ${id}`,
      description: null,
      rules,
      overrides: overrides.map(({ featureId, priority, ...of }) => {
        state += 1
        return { featureId, featureSegmentId: state, priority, state: stateOf(state, of) }
      }),
    })),
  }
}
