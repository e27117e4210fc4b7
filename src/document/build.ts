/** Rows → document. Pure: the same rows always give the same document. */
import type { Document, Feature, FeatureState, Segment } from '../engine/document.ts'
import type { DocumentRows } from '../storage/document-rows.ts'
import type { FeatureState as StateRow } from '../storage/feature-states.ts'
import { toFlagValue } from '../storage/values.ts'
import { readRules } from './rules.ts'

type Shares = Pick<DocumentRows, 'options' | 'multivariateValues'>
type StateBuilder = (row: StateRow) => FeatureState

/** Rows → states, with the shares of each looked up once. */
export function stateBuilder(rows: Shares): StateBuilder {
  const options = new Map(rows.options.map((option) => [option.id, option]))
  const shares = Map.groupBy(rows.multivariateValues, (share) => share.featureStateId)
  return (row) => ({
    id: row.id,
    uuid: row.uuid,
    enabled: row.enabled,
    value: toFlagValue(row),
    variants: (shares.get(row.id) ?? []).flatMap((share) => {
      const option = options.get(share.optionId)
      if (option === undefined) return []
      return [
        {
          id: share.id,
          uuid: share.uuid,
          optionId: option.id,
          key: option.key,
          value: toFlagValue(option),
          weight: share.percentageAllocation,
        },
      ]
    }),
    seed: row.id,
  })
}

function buildFeatures(rows: DocumentRows, build: StateBuilder): Feature[] {
  const features = new Map(rows.features.map((feature) => [feature.id, feature]))
  return rows.states.flatMap((state) => {
    const feature = features.get(state.featureId)
    if (feature === undefined || state.featureSegmentId !== null) return []
    return [
      {
        id: feature.id,
        name: feature.name,
        type: feature.type,
        description: feature.description,
        initialValue: feature.initialValue,
        defaultEnabled: feature.defaultEnabled,
        createdAt: feature.createdAt,
        isServerKeyOnly: feature.isServerKeyOnly,
        state: build(state),
      },
    ]
  })
}

/** A segment of one feature only matters where it overrides that feature (sdk-api §2.4). */
function buildSegments(rows: DocumentRows, build: StateBuilder): Segment[] {
  const links = Map.groupBy(rows.featureSegments, (link) => link.segmentId)
  const states = new Map(rows.states.map((state) => [state.featureSegmentId, state]))
  return rows.segments.flatMap((segment) => {
    const overrides = (links.get(segment.id) ?? []).flatMap((link) => {
      const state = states.get(link.id)
      if (state === undefined) return []
      const { featureId, priority } = link
      return [{ featureId, featureSegmentId: link.id, priority, state: build(state) }]
    })
    if (segment.featureId !== null && overrides.length === 0) return []
    const { id, name, description } = segment
    return [{ id, name, description, rules: readRules(segment.rules), overrides }]
  })
}

export function buildDocument(rows: DocumentRows): Document {
  const { environment, project, organisation, keyRotation } = rows
  const build = stateBuilder(rows)
  return {
    schema: 1,
    version: environment.version,
    updatedAt: environment.updatedAt,
    environment: {
      id: environment.id,
      name: environment.name,
      apiKey: environment.apiKey,
      ...(keyRotation && { oldKey: { key: keyRotation.oldKey, expiresAt: keyRotation.endsAt } }),
      allowClientTraits: environment.allowClientTraits,
      hideDisabledFlags: environment.hideDisabledFlags,
      hideSensitiveData: environment.hideSensitiveData,
      useIdentityCompositeKeyForHashing: environment.useIdentityCompositeKeyForHashing,
      useIdentityOverridesInLocalEval: environment.useIdentityOverridesInLocalEval,
    },
    project: {
      id: project.id,
      name: project.name,
      hideDisabledFlags: project.hideDisabledFlags,
      enableRealtimeUpdates: project.enableRealtimeUpdates,
    },
    organisation: {
      id: organisation.id,
      name: organisation.name,
      stopServingFlags: organisation.stopServingFlags,
      persistTraitData: organisation.persistTraitData,
    },
    serverKeys: rows.serverKeys
      .filter((key) => key.active)
      .map((key) => ({ hash: key.hash, expiresAt: key.expiresAt })),
    features: buildFeatures(rows, build),
    segments: buildSegments(rows, build),
  }
}
