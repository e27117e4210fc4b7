/**
 * The environment document as the contract writes it (sdk-api §2.4), in the two parts that lie
 * around the identity overrides, and one override at a time. Pure, and it needs no Workers runtime.
 */
import type {
  Document,
  Feature,
  FeatureState,
  FlagValue,
  Rule,
  Segment,
  Variant,
} from '../engine/document.ts'
import { asciiJson } from '../http/ascii-json.ts'

/** One feature of one identity. */
export type IdentityOverride = {
  identityId: number
  identifier: string
  /** Epoch milliseconds. */
  createdAt: number
  featureId: number
  state: FeatureState
}

/** As Python prints a time in UTC: microseconds, left out when there are none (sdk-api §1.6). */
const toPythonTime = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace('.000Z', '+00:00').replace('Z', '000+00:00')

const variantView = (variant: Variant) => ({
  multivariate_feature_option: { value: variant.value, id: variant.optionId, key: variant.key },
  percentage_allocation: variant.weight,
  id: variant.id,
  mv_fs_value_uuid: variant.uuid,
})

type Shown = { value: FlagValue; featureSegment: { priority: number } | null }

const stateView = ({ id, name, type }: Feature, state: FeatureState, shown: Shown) => ({
  feature: { id, name, type },
  enabled: state.enabled,
  django_id: state.seed,
  feature_segment: shown.featureSegment,
  featurestate_uuid: state.uuid,
  feature_state_value: shown.value,
  multivariate_feature_state_values: state.variants.map(variantView),
})

/** A split without a value would be a TypeError in the Python SDK; a blank one matches nobody. */
const conditionValue = (operator: string, value: string | null) =>
  value === null && operator === 'PERCENTAGE_SPLIT' ? '' : value

type RuleView = { type: string; rules: RuleView[]; conditions: object[] }

const ruleView = ({ type, rules, conditions }: Rule): RuleView => ({
  type,
  rules: rules.map(ruleView),
  conditions: conditions.map(({ operator, value, property }) => ({
    operator,
    value: conditionValue(operator, value),
    property_: property,
  })),
})

const segmentView = ({ id, name, rules, overrides }: Segment, features: Map<number, Feature>) => ({
  id,
  name,
  rules: rules.map(ruleView),
  feature_states: overrides.flatMap(({ featureId, priority, state }) => {
    const feature = features.get(featureId)
    if (feature === undefined) return []
    return [stateView(feature, state, { value: state.value, featureSegment: { priority } })]
  }),
})

const projectView = ({ project, organisation, features, segments }: Document) => {
  const byId = new Map(features.map((feature) => [feature.id, feature]))
  return {
    id: project.id,
    name: project.name,
    organisation: {
      id: organisation.id,
      name: organisation.name,
      feature_analytics: false,
      stop_serving_flags: organisation.stopServingFlags,
      persist_trait_data: organisation.persistTraitData,
    },
    hide_disabled_flags: project.hideDisabledFlags,
    segments: segments.map((segment) => segmentView(segment, byId)),
    enable_realtime_updates: project.enableRealtimeUpdates,
    server_key_only_feature_ids: features
      .filter((feature) => feature.isServerKeyOnly)
      .map((feature) => feature.id),
  }
}

/** The text before the first and behind the last identity override. */
export function documentParts(document: Document): { before: string; after: string } {
  const { environment, features } = document
  const before = asciiJson({
    id: environment.id,
    api_key: environment.apiKey,
    project: projectView(document),
    feature_states: features.map((feature) =>
      stateView(feature, feature.state, { value: feature.state.value, featureSegment: null }),
    ),
  })
  const after = asciiJson({
    name: environment.name,
    allow_client_traits: environment.allowClientTraits,
    updated_at: toPythonTime(document.updatedAt),
    hide_sensitive_data: environment.hideSensitiveData,
    hide_disabled_flags: environment.hideDisabledFlags,
    use_identity_composite_key_for_hashing: environment.useIdentityCompositeKeyForHashing,
    use_identity_overrides_in_local_eval: environment.useIdentityOverridesInLocalEval,
  })
  return { before: `${before.slice(0, -1)},"identity_overrides":[`, after: `],${after.slice(1)}` }
}

/**
 * An option that has the whole identity stands in the value as well: the Python SDK knows no
 * variants of identity overrides and would serve the control value (sdk-api §12, 28).
 */
function chosenValue({ value, variants }: FeatureState): FlagValue {
  const chosen = variants.find((variant) => variant.weight === 100)
  return chosen === undefined ? value : chosen.value
}

export const overrideText = (feature: Feature, state: FeatureState): string =>
  asciiJson(stateView(feature, state, { value: chosenValue(state), featureSegment: null }))

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0')

/** Identities have no uuid of their own: this one says where they are, so it never changes. */
const identityUuid = (environmentId: number, identityId: number): string =>
  `${hex(environmentId, 8)}-0000-8000-8000-${hex(identityId, 12)}`

/** What stands around the features of one identity. */
export function identityParts(
  document: Document,
  { identityId, identifier, createdAt }: IdentityOverride,
): { before: string; after: string } {
  const { id, apiKey } = document.environment
  const before = asciiJson({
    identifier,
    environment_api_key: apiKey,
    created_date: toPythonTime(createdAt),
  })
  const after = asciiJson({
    identity_traits: [],
    identity_uuid: identityUuid(id, identityId),
    django_id: identityId,
    dashboard_alias: null,
    composite_key: `${apiKey}_${identifier}`,
  })
  return { before: `${before.slice(0, -1)},"identity_features":[`, after: `],${after.slice(1)}` }
}
