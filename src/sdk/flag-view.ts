/** A served flag as the contract writes it (sdk-api §2.1). */
import type { Document, Feature } from '../engine/document.ts'
import { toTimestamp } from '../http/fields.ts'
import type { Side } from './access.ts'

/** With hide_sensitive_data the contract nulls these (sdk-api §4), on every flag. */
export function flagView(feature: Feature, document: Document) {
  const shown = !document.environment.hideSensitiveData
  return {
    id: shown ? feature.state.id : null,
    feature: {
      id: feature.id,
      name: feature.name,
      created_date: shown ? toTimestamp(feature.createdAt) : null,
      description: shown ? feature.description : null,
      initial_value: shown ? feature.initialValue : null,
      default_enabled: shown ? feature.defaultEnabled : null,
      type: feature.type,
    },
    feature_state_value: feature.state.value,
    environment: shown ? document.environment.id : null,
    identity: null,
    feature_segment: null,
    enabled: feature.state.enabled,
  }
}

/** Both filters hold at once: what is hidden by one never comes back by the other. */
export function servedFeatures(document: Document, side: Side): Feature[] {
  const hideDisabled = document.environment.hideDisabledFlags ?? document.project.hideDisabledFlags
  return document.features.filter(
    (feature) =>
      (feature.state.enabled || !hideDisabled) && (side === 'server' || !feature.isServerKeyOnly),
  )
}
