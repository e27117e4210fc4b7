/** A served flag as the contract writes it (sdk-api §2.1, §2.2). */
import type { Document, Feature, FlagValue } from '../engine/document.ts'
import type { Flag } from '../engine/index.ts'
import { toTimestamp } from '../http/fields.ts'
import type { Side } from './access.ts'

/** The state that won, as far as an answer shows it. */
type Shown = {
  id: number
  value: FlagValue
  enabled: boolean
  /** Of the identity whose override won. */
  identityId: number | null
  featureSegmentId: number | null
}

/** With hide_sensitive_data the contract nulls these (sdk-api §4), on every flag. */
function view(feature: Feature, document: Document, state: Shown) {
  const shown = !document.environment.hideSensitiveData
  return {
    id: shown ? state.id : null,
    feature: {
      id: feature.id,
      name: feature.name,
      created_date: shown ? toTimestamp(feature.createdAt) : null,
      description: shown ? feature.description : null,
      initial_value: shown ? feature.initialValue : null,
      default_enabled: shown ? feature.defaultEnabled : null,
      type: feature.type,
    },
    feature_state_value: state.value,
    environment: shown ? document.environment.id : null,
    identity: shown ? state.identityId : null,
    feature_segment: shown ? state.featureSegmentId : null,
    enabled: state.enabled,
  }
}

/** The environment's own state. */
export const flagView = (feature: Feature, document: Document) =>
  view(feature, document, { ...feature.state, identityId: null, featureSegmentId: null })

type Place = { document: Document; identityId: number | null }

/** An identity's flag as the legacy endpoints write it: no variant, and the control value (§2.3). */
export const legacyFlagView = (feature: Feature, flag: Flag, { document, identityId }: Place) =>
  view(feature, document, {
    id: flag.stateId,
    value: flag.control,
    enabled: flag.enabled,
    identityId: flag.origin === 'identity' ? identityId : null,
    featureSegmentId: flag.featureSegmentId,
  })

/**
 * For multivariate features only: the key of the option that was hit, null if it has none, and
 * `control` if none was hit, even where there was none to hit.
 */
function variantOf(feature: Feature, flag: Flag): string | null {
  if (feature.type !== 'MULTIVARIATE') return null
  return flag.reason.startsWith('SPLIT') ? flag.variant : 'control'
}

/** An identity's flag as `/identities/` writes it. */
export const identityFlagView = (feature: Feature, flag: Flag, place: Place) => ({
  ...legacyFlagView(feature, flag, place),
  feature_state_value: flag.value,
  variant: variantOf(feature, flag),
})

/** Both filters hold at once: what is hidden by one never comes back by the other. */
export function servedFeatures(document: Document, side: Side): Feature[] {
  const hideDisabled = document.environment.hideDisabledFlags ?? document.project.hideDisabledFlags
  return document.features.filter(
    (feature) =>
      (feature.state.enabled || !hideDisabled) && (side === 'server' || !feature.isServerKeyOnly),
  )
}
