/**
 * The engine inside `flagsmith-nodejs`, twice: by itself on a context that stands ready, and as an
 * application pays for it, through the client's own call, which builds that context every time.
 */
import { type EnvironmentModel, Flagsmith } from 'flagsmith-nodejs'
import type { FeatureState, FlagValue, Rule } from '../../../src/engine/document.ts'
import type { Answer, Engine } from './contender.ts'
import { environmentKey, type World } from './world.ts'

type Flag = { name: string; enabled: boolean; value: FlagValue; reason: string }
type Context = { [part: string]: unknown; identity?: unknown }

/** The package exports its client only; the engine lies beside it, at paths of this version. */
const inside = <T>(path: string): Promise<T> =>
  import(new URL(`flagsmith-engine/${path}`, import.meta.resolve('flagsmith-nodejs')).href)

const { getEvaluationResult } = await inside<{
  getEvaluationResult: (context: Context) => { flags: Record<string, Flag> }
}>('index.js')
const { getEvaluationContext } = await inside<{
  getEvaluationContext: (environment: EnvironmentModel) => Context
}>('evaluation/evaluationContext/mappers.js')
const { buildEnvironmentModel } = await inside<{
  buildEnvironmentModel: (document: unknown) => EnvironmentModel
}>('environments/util.js')

const stateJson = (state: FeatureState, feature: { id: number; name: string }) => ({
  feature: { ...feature, type: state.variants.length > 0 ? 'MULTIVARIATE' : 'STANDARD' },
  enabled: state.enabled,
  django_id: state.id,
  feature_state_value: state.value,
  multivariate_feature_state_values: state.variants.map((variant) => ({
    id: variant.id,
    percentage_allocation: variant.weight,
    multivariate_feature_option: { id: variant.optionId, value: variant.value },
  })),
})

const ruleJson = (rule: Rule): unknown => ({
  type: rule.type,
  rules: rule.rules.map(ruleJson),
  conditions: rule.conditions.map(({ operator, property, value }) => ({
    operator,
    value,
    property_: property,
  })),
})

/** The world as the environment document that the client downloads. */
function environmentJson({ document, overrides }: World): unknown {
  const names = new Map(document.features.map(({ id, name }) => [id, name]))
  const feature = (id: number) => ({ id, name: names.get(id) ?? '' })
  return {
    id: 1,
    api_key: environmentKey,
    name: document.environment.name,
    feature_states: document.features.map(({ id, state }) => stateJson(state, feature(id))),
    project: {
      id: 1,
      name: 'Project',
      hide_disabled_flags: false,
      organisation: { id: 1, name: 'Organisation', feature_analytics: false },
      segments: document.segments.map((segment) => ({
        id: segment.id,
        name: segment.name,
        rules: segment.rules.map(ruleJson),
        feature_states: segment.overrides.map(({ featureId, priority, state }) => ({
          ...stateJson(state, feature(featureId)),
          feature_segment: { priority },
        })),
      })),
    },
    identity_overrides: [...overrides].map(([identifier, states]) => ({
      identifier,
      environment_api_key: environmentKey,
      identity_traits: [],
      identity_features: [...states].map(([id, state]) => stateJson(state, feature(id))),
    })),
  }
}

const answersOf = (flags: Flag[]): Map<string, Answer> =>
  new Map(flags.map(({ name, value, enabled, reason }) => [name, { value, enabled, reason }]))

export const flagsmithEngine: Engine = {
  name: 'flagsmith engine',
  prepare: (world) => {
    const shared = getEvaluationContext(buildEnvironmentModel(environmentJson(world)))
    const contexts = world.people.map((identity) => ({ ...shared, identity }))
    const call = (person: number) => getEvaluationResult(contexts[person] as Context)
    return {
      call,
      answers: async (person) => answersOf(Object.values(call(person).flags)),
    }
  },
}

export const flagsmithClient: Engine = {
  name: 'flagsmith client',
  prepare: (world) => {
    const environment = buildEnvironmentModel(environmentJson(world))
    const offlineHandler = { getEnvironment: () => environment }
    const client = new Flagsmith({ offlineMode: true, offlineHandler })
    const call = (person: number) => {
      const { identifier, traits } = world.people[person] as World['people'][number]
      return client.getIdentityFlags(identifier, traits)
    }
    return {
      call,
      answers: async (person) => {
        const flags = (await call(person)).allFlags()
        return new Map(
          flags.map(({ featureName, value, enabled, reason }) => [
            featureName,
            { value: value ?? null, enabled, reason: reason ?? '' },
          ]),
        )
      },
    }
  },
}
