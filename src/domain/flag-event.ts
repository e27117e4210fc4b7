/** A flag's state as webhook events tell it (contract admin-api §C.5). Pure. */
import { toTimestamp } from '../storage/timestamps.ts'
import { toFlagValue } from '../storage/values.ts'
import type { Flag, Target } from './flag.ts'
import type { Context, EventDraft, JsonObject } from './write.ts'

const segmentOf = (target: Target): JsonObject | null => {
  if (target.kind !== 'segment') return null
  const { id, name, description } = target.segment
  return { segment: { id, name, description }, priority: target.link.priority }
}

export const flagState = ({
  project,
  environment,
  feature,
  target,
  state,
  shares,
  options,
}: Flag): JsonObject => ({
  enabled: state.enabled,
  environment: { id: environment.id, name: environment.name },
  feature: {
    id: feature.id,
    name: feature.name,
    type: feature.type,
    description: feature.description,
    initial_value: feature.initialValue,
    default_enabled: feature.defaultEnabled,
    created_date: toTimestamp(feature.createdAt),
    project: { id: project.id, name: project.name },
  },
  feature_segment: segmentOf(target),
  feature_state_value: toFlagValue(state),
  identity: target.kind === 'identity' ? target.id : null,
  identity_identifier: target.kind === 'identity' ? target.identifier : null,
  multivariate_feature_state_values: shares.flatMap((share) => {
    const option = options.find((candidate) => candidate.id === share.optionId)
    if (option === undefined) return []
    return [
      {
        id: share.id,
        multivariate_feature_option: { id: option.id, value: toFlagValue(option) },
        percentage_allocation: share.percentageAllocation,
      },
    ]
  }),
})

type Told = { before: Flag | null; after: Flag | null }

/**
 * `previous_state` is left out when there was none; `new_state` is null when there is none any more.
 * One change is one event, also where the original sends one for the state and one for the value.
 */
export function flagEvent(context: Context, environmentId: number, told: Told): EventDraft {
  const { before, after } = told
  return {
    type: after === null ? 'FLAG_DELETED' : 'FLAG_UPDATED',
    environmentId,
    data: {
      changed_by: context.actor.name,
      timestamp: toTimestamp(context.now),
      new_state: after && flagState(after),
      ...(before === null ? {} : { previous_state: flagState(before) }),
    },
  }
}
