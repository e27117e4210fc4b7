/**
 * Rows of new default states: one per pair of feature and environment, with the default shares of a
 * multivariate feature's options. Shared by a new feature and a new environment.
 */
import { type Database, insertRows, type Statement } from '../storage/database.ts'
import {
  type FeatureState,
  featureStates,
  type MultivariateValue,
  multivariateValues,
} from '../storage/feature-states.ts'
import type { Feature, MultivariateOption } from '../storage/features.ts'
import type { Project } from '../storage/projects.ts'
import { toValueColumns } from '../storage/values.ts'
import { stateEntry, stateSnapshot } from './feature-states.ts'
import { type Flag, stateLog } from './flag.ts'
import { initialState } from './initial-value.ts'
import { snapshot } from './snapshot.ts'
import type { Context, EntryDraft } from './write.ts'

export type StatePair = {
  feature: Feature
  environmentId: number
  options: MultivariateOption[]
}

export type NewStates = { states: FeatureState[]; shares: MultivariateValue[] }

export async function planNewStates(
  { now, reserve }: Pick<Context, 'now' | 'reserve'>,
  project: Project,
  pairs: StatePair[],
): Promise<NewStates> {
  const shareCount = pairs.reduce((sum, pair) => sum + pair.options.length, 0)
  const firsts = await reserve({ 'feature-state': pairs.length, 'multivariate-value': shareCount })
  const states = pairs.map((pair, index): FeatureState => {
    const { enabled, value } = initialState(project, pair.feature)
    return {
      id: firsts['feature-state'] + index,
      uuid: crypto.randomUUID(),
      featureId: pair.feature.id,
      environmentId: pair.environmentId,
      featureSegmentId: null,
      identityId: null,
      identifier: null,
      enabled,
      ...toValueColumns(value),
      createdAt: now,
      updatedAt: now,
    }
  })
  const shares = pairs
    .flatMap((pair, index) => pair.options.map((option) => ({ option, index })))
    .map(
      ({ option, index }, position): MultivariateValue => ({
        id: firsts['multivariate-value'] + position,
        uuid: crypto.randomUUID(),
        featureStateId: firsts['feature-state'] + index,
        optionId: option.id,
        percentageAllocation: option.defaultPercentageAllocation,
      }),
    )
  return { states, shares }
}

/**
 * The entry of a state that begins with its environment. The original tells none (contract admin-api
 * §C.3), so the text of a default state is ours.
 */
export const stateBorn = (flag: Flag): EntryDraft => {
  const { target, feature } = flag
  const link = target.kind === 'segment' ? { feature_segment: snapshot(target.link) } : {}
  return stateEntry(flag, {
    action: 'feature-state.created',
    log:
      target.kind === 'default'
        ? `Flag state created with its environment for feature: ${feature.name}`
        : stateLog(flag, 'state'),
    before: null,
    after: { ...stateSnapshot(flag), ...link },
  })
}

export const insertStates = (db: Database, { states, shares }: NewStates): Statement[] => [
  ...insertRows(db, featureStates, states),
  ...insertRows(db, multivariateValues, shares),
]
