/** The rules of feature states: switching a flag, giving it a value, sharing out its variants. */
import { eq } from 'drizzle-orm'
import type { FlagValue } from '../engine/document.ts'
import { invalid, notFound, ok } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { findEnvironment } from '../storage/environments.ts'
import {
  type FeatureState,
  featureStates,
  findFeatureState,
  listMultivariateValues,
  type MultivariateValue,
  multivariateValues,
} from '../storage/feature-states.ts'
import { findFeature, listOptions } from '../storage/features.ts'
import { findProject, type Project } from '../storage/projects.ts'
import { toValueColumns } from '../storage/values.ts'
import { type Flag, flagEvent } from './flag-event.ts'
import { changed, snapshot } from './snapshot.ts'
import { type EntryDraft, nothingToDo, type Write } from './write.ts'

export type StateChanges = {
  enabled?: boolean
  value?: FlagValue
  /** New shares of options that the state already knows, in percent. */
  shares?: { optionId: number; percentageAllocation: number }[]
}

/** A state with the shares it gives, as admin routes show it. */
export type StateWithShares = { state: FeatureState; shares: MultivariateValue[] }

const unknownOption = (position: number) =>
  invalid({
    multivariate_feature_state_values: Array.from({ length: position + 1 }, (_, index) =>
      index === position ? { multivariate_feature_option: ['Not an option of this feature.'] } : {},
    ),
  })

const tooMuch = invalid({
  multivariate_feature_state_values: ['Multivariate percentage values exceed 100%.'],
})

const total = (shares: { percentageAllocation: number }[]) =>
  shares.reduce((sum, share) => sum + share.percentageAllocation, 0)

export const stateEntry = (
  flag: Flag & { project: Project },
  told: Pick<EntryDraft, 'action' | 'log' | 'before' | 'after'>,
): EntryDraft => ({
  ...told,
  resource: {
    type: 'FEATURE_STATE',
    id: String(flag.state.id),
    uuid: flag.state.uuid,
    name: flag.feature.name,
  },
  organisationId: flag.project.organisationId,
  projectId: flag.project.id,
  environment: { id: flag.environment.id, name: flag.environment.name },
})

export const stateSnapshot = ({ state, shares }: StateWithShares) => ({
  ...snapshot(state),
  multivariate_feature_state_values: shares.map((share) => snapshot(share)),
})

/** The original has a text for each part of a change; where two change, the switch names it. */
function logText(before: FeatureState, after: FeatureState, name: string): string {
  if (before.enabled !== after.enabled) return `Flag state updated for feature: ${name}`
  const { updatedAt: _, ...value } = after
  return changed(before, value)
    ? `Remote config value updated for feature: ${name}`
    : `Multivariate value changed for feature '${name}'.`
}

async function findFlag(db: Database, id: number): Promise<(Flag & { project: Project }) | null> {
  const state = await findFeatureState(db, id)
  const environment = state && (await findEnvironment(db, state.environmentId))
  const project = environment && (await findProject(db, environment.projectId))
  const feature = state && (await findFeature(db, state.featureId))
  if (!state || !environment || !project || !feature) return null
  const [shares, options] = await Promise.all([
    listMultivariateValues(db, id),
    listOptions(db, feature.id),
  ])
  return { project, environment, feature, state, shares, options }
}

export const updateFeatureState: Write<
  { environmentId: number; id: number; changes: StateChanges },
  StateWithShares
> = async (context, { environmentId, id, changes }) => {
  const { db, now } = context
  const before = await findFlag(db, id)
  if (before?.environment.id !== environmentId) return notFound()
  const asked = new Map(changes.shares?.map((share) => [share.optionId, share]))
  const known = new Set(before.shares.map((share) => share.optionId))
  const stranger = (changes.shares ?? []).findIndex((share) => !known.has(share.optionId))
  if (stranger >= 0) return unknownOption(stranger)
  const shares = before.shares.map((share) => ({ ...share, ...asked.get(share.optionId) }))
  if (total(shares) > 100) return tooMuch
  const state: FeatureState = {
    ...before.state,
    enabled: changes.enabled ?? before.state.enabled,
    ...(changes.value === undefined ? {} : toValueColumns(changes.value)),
  }
  const moved = shares.filter((share, index) => changed(before.shares[index] ?? {}, share))
  if (!changed(before.state, state) && moved.length === 0) {
    return ok(nothingToDo({ state, shares }))
  }
  const after = { ...before, state: { ...state, updatedAt: now }, shares }
  return ok({
    result: { state: after.state, shares },
    statements: [
      db.update(featureStates).set(after.state).where(eq(featureStates.id, id)),
      ...moved.map(({ id: shareId, percentageAllocation }) =>
        db
          .update(multivariateValues)
          .set({ percentageAllocation })
          .where(eq(multivariateValues.id, shareId)),
      ),
    ],
    entries: [
      stateEntry(after, {
        action: 'feature-state.updated',
        log: logText(before.state, state, before.feature.name),
        before: stateSnapshot(before),
        after: stateSnapshot(after),
      }),
    ],
    publish: [environmentId],
    events: [flagEvent(context, environmentId, { before, after })],
  })
}
