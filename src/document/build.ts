/** Rows → document. Pure: the same rows always give the same document. */
import type { Document, Feature, FeatureState } from '../engine/document.ts'
import type { DocumentRows } from '../storage/document-rows.ts'
import { toFlagValue } from '../storage/values.ts'

type StateRow = DocumentRows['states'][number]

function buildState(row: StateRow, rows: DocumentRows): FeatureState {
  const variants = rows.multivariateValues
    .filter((share) => share.featureStateId === row.id)
    .flatMap((share) => {
      const option = rows.options.find((candidate) => candidate.id === share.optionId)
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
    })
  return {
    id: row.id,
    uuid: row.uuid,
    enabled: row.enabled,
    value: toFlagValue(row),
    variants,
    seed: row.id,
  }
}

function buildFeatures(rows: DocumentRows): Feature[] {
  const features = new Map(rows.features.map((feature) => [feature.id, feature]))
  return rows.states.flatMap((state) => {
    const feature = features.get(state.featureId)
    if (feature === undefined) return []
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
        state: buildState(state, rows),
      },
    ]
  })
}

export function buildDocument(rows: DocumentRows): Document {
  const { environment, project, organisation } = rows
  return {
    schema: 1,
    version: environment.version,
    updatedAt: environment.updatedAt,
    environment: {
      id: environment.id,
      name: environment.name,
      apiKey: environment.apiKey,
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
    features: buildFeatures(rows),
    segments: [],
  }
}
