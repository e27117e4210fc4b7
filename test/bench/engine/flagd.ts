/**
 * `@openfeature/flagd-core`: the same world as flag definitions. A segment becomes JsonLogic inside
 * every flag it overrides, strongest first; a percentage split becomes `fractional`, which spreads
 * alike but hashes otherwise. Flags are resolved by value: it has no `enabled` beside a value.
 */
import { FlagdCore } from '@openfeature/flagd-core'
import type { Condition, FeatureState, FlagValue, Rule } from '../../../src/engine/document.ts'
import type { Engine } from './contender.ts'
import type { World } from './world.ts'

type Logic = string | number | boolean | { [operator: string]: Logic } | Logic[]

const semver = ':semver'
const inside = 'inside'
const outside = 'outside'

const variableOf = (property: string | null): Logic => ({
  var: property === '$.identity.identifier' ? 'targetingKey' : (property ?? ''),
})

/** A regular expression of the world is an ending, dots escaped, between `.*` and `$`. */
const endingOf = (pattern: string): string => pattern.slice(2, -1).replaceAll('\\', '')

function moduloLogic(own: Logic, value: string): Logic {
  const [divisor, remainder] = value.split('|').map(Number)
  return { '===': [{ '%': [own, divisor ?? 1] }, remainder ?? 0] }
}

function conditionLogic({ operator, property, value }: Condition): Logic {
  const own = variableOf(property)
  const text = value ?? ''
  switch (operator) {
    case 'EQUAL':
      return { '===': [own, text] }
    case 'NOT_EQUAL':
      return { '!==': [own, text] }
    case 'IN':
      return { in: [own, text.split(',')] }
    case 'GREATER_THAN':
      return { '>': [own, Number(text)] }
    case 'GREATER_THAN_INCLUSIVE':
      return text.endsWith(semver)
        ? { sem_ver: [own, '>=', text.slice(0, -semver.length)] }
        : { '>=': [own, Number(text)] }
    case 'LESS_THAN':
      return { '<': [own, Number(text)] }
    case 'LESS_THAN_INCLUSIVE':
      return { '<=': [own, Number(text)] }
    case 'MODULO':
      return moduloLogic(own, text)
    case 'CONTAINS':
      return { in: [text, own] }
    case 'NOT_CONTAINS':
      return { '!': [{ in: [text, own] }] }
    case 'REGEX':
      return { ends_with: [own, endingOf(text)] }
    case 'IS_SET':
      return { '!!': [own] }
    case 'IS_NOT_SET':
      return { '!': [own] }
    case 'PERCENTAGE_SPLIT':
      return {
        '===': [
          {
            fractional: [
              [inside, Number(text)],
              [outside, 100 - Number(text)],
            ],
          },
          inside,
        ],
      }
    default:
      throw new Error(`no JsonLogic for ${operator}`)
  }
}

const ruleLogic = ({ type, conditions, rules }: Rule): Logic => ({
  [type === 'ANY' ? 'or' : 'and']: [...conditions.map(conditionLogic), ...rules.map(ruleLogic)],
})

type Choice = { name: string; when: Logic; value: FlagValue }

/** Identity overrides of one feature, gathered by the state they set. */
function identityChoices({ overrides }: World): Map<number, Choice[]> {
  const identifiers = new Map<FeatureState, string[]>()
  const features = new Map<FeatureState, number>()
  const states = new Map<number, FeatureState>()
  for (const [identifier, own] of overrides) {
    for (const [feature, state] of own) {
      const known = states.get(state.id) ?? state
      states.set(state.id, known)
      features.set(known, feature)
      identifiers.set(known, [...(identifiers.get(known) ?? []), identifier])
    }
  }
  const choices = new Map<number, Choice[]>()
  for (const [state, who] of identifiers) {
    const feature = features.get(state) ?? 0
    const when: Logic = { in: [{ var: 'targetingKey' }, who] }
    const choice = { name: `identity-${state.id}`, when, value: state.value }
    choices.set(feature, [...(choices.get(feature) ?? []), choice])
  }
  return choices
}

function segmentChoices({ document }: World): Map<number, Choice[]> {
  const choices = new Map<number, Choice[]>()
  for (const segment of document.segments) {
    const when: Logic = { and: segment.rules.map(ruleLogic) }
    for (const { featureId, state } of segment.overrides) {
      const choice = { name: `segment-${segment.id}`, when, value: state.value }
      choices.set(featureId, [...(choices.get(featureId) ?? []), choice])
    }
  }
  return choices
}

/** Segments stand in the world by priority, so their order is the order in which they win. */
function definitions(world: World): string {
  const ofIdentities = identityChoices(world)
  const ofSegments = segmentChoices(world)
  const flags = world.document.features.map(({ id, name, state }) => {
    const choices = [...(ofIdentities.get(id) ?? []), ...(ofSegments.get(id) ?? [])]
    const shares = state.variants.map(({ key, weight }) => [key ?? '', weight])
    const left = 100 - state.variants.reduce((sum, { weight }) => sum + weight, 0)
    const split: Logic =
      shares.length === 0 ? 'default' : { fractional: [...shares, ['default', left]] }
    const branches = choices.flatMap((choice) => [choice.when, choice.name])
    const variants = Object.fromEntries([
      ['default', state.value],
      ...state.variants.map(({ key, value }) => [key, value]),
      ...choices.map((choice) => [choice.name, choice.value]),
    ])
    const isStatic = branches.length === 0 && shares.length === 0
    const targeting = isStatic ? {} : { if: [...branches, split] }
    return [name, { state: 'ENABLED', defaultVariant: 'default', variants, targeting }]
  })
  return JSON.stringify({ flags: Object.fromEntries(flags) })
}

const ignore = () => undefined
const silent = { error: ignore, warn: ignore, info: ignore, debug: ignore }

export const flagd: Engine = {
  name: 'flagd-core',
  prepare: (world) => {
    const core = new FlagdCore(undefined, silent)
    core.setConfigurations(definitions(world))
    const contexts = world.people.map(({ identifier, traits }) => ({
      targetingKey: identifier,
      ...traits,
    }))
    const call = (person: number) => core.resolveAll(contexts[person])
    return {
      call,
      answers: async (person) =>
        new Map(call(person).map(({ flagKey, value }) => [flagKey, { value: value as FlagValue }])),
    }
  },
}
