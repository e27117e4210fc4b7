/**
 * The rules of features that are there; feature-create.ts has those of new ones. Name, default switch
 * and initial value never change (contract admin-api §B.5).
 */
import { eq } from 'drizzle-orm'
import type { FeatureType } from '../engine/document.ts'
import { forbidden, notFound, type Outcome, ok } from '../outcome.ts'
import { readFeatureCascade } from '../storage/cascade-rows.ts'
import type { Database } from '../storage/database.ts'
import { listEnvironmentsOfProject } from '../storage/environments.ts'
import {
  listDefaultStatesOfFeature,
  listMultivariateValuesOfFeature,
  listOverrideIdsOfOptions,
} from '../storage/feature-states.ts'
import {
  type Feature,
  features,
  findFeature,
  type MultivariateOption,
} from '../storage/features.ts'
import { findProject, type Project } from '../storage/projects.ts'
import { readWholeFeature, type WholeFeature } from '../storage/whole-features.ts'
import { statesGone } from './cascades.ts'
import { aboutFeature, featureDeleted, featureUpdated } from './feature-entry.ts'
import { refuseValues } from './feature-limits.ts'
import {
  optionEntries,
  optionEvents,
  optionStatements,
  overrideEntries,
  reshare,
  stateEntries,
} from './feature-options.ts'
import { type OwnerIds, ownersOf, replaceOwners } from './feature-owners.ts'
import { checkTags, replaceTags } from './feature-tags.ts'
import { type Flag, findFlags, type Target } from './flag.ts'
import { flagEvent } from './flag-event.ts'
import {
  type OptionChanges,
  type OptionInput,
  replaceOptions,
  unchangedOptions,
} from './multivariate-options.ts'
import { segmentDeleted } from './segment-entry.ts'
import { changed } from './snapshot.ts'
import { type Context, nothingToDo, type Write } from './write.ts'

export type FeatureWithOptions = { feature: Feature; options: MultivariateOption[] }

type FeatureSettings = Pick<Feature, 'type' | 'description' | 'isArchived' | 'isServerKeyOnly'>

export const noAdmin = forbidden('User must be project admin to modify / create MV options.')

const target: Target = { kind: 'default' }

/** A feature as every environment has it now. */
async function listFlags(
  db: Database,
  project: Project,
  { feature, options }: FeatureWithOptions,
): Promise<Flag[]> {
  const [environments, states, shares] = await Promise.all([
    listEnvironmentsOfProject(db, project.id),
    listDefaultStatesOfFeature(db, feature.id),
    listMultivariateValuesOfFeature(db, feature.id),
  ])
  return environments.flatMap((environment) => {
    const state = states.find((candidate) => candidate.environmentId === environment.id)
    if (state === undefined) return []
    const own = shares.filter((share) => share.featureStateId === state.id)
    return [{ project, environment, feature, target, state, shares: own, options }]
  })
}

/** Options make a feature multivariate, and losing the last of them ends that (contract §B.5). */
function typeAfter(asked: FeatureType, { options, removed }: OptionChanges): FeatureType {
  if (options.length > 0) return 'MULTIVARIATE'
  return removed.length > 0 ? 'STANDARD' : asked
}

async function planOptions(
  { reserve }: Pick<Context, 'reserve'>,
  present: { feature: Feature; options: MultivariateOption[] },
  inputs: OptionInput[] | undefined,
): Promise<Outcome<OptionChanges>> {
  if (inputs === undefined) return ok(unchangedOptions(present.options))
  const count = inputs.filter((input) => input.id === undefined).length
  const { 'multivariate-option': firstId } = await reserve({ 'multivariate-option': count })
  return replaceOptions(present.options, inputs, { id: present.feature.id, firstId })
}

const sameTags = (before: number[], after: number[]) => before.join() === after.join()

/**
 * A sent list of options, tags or owners replaces the present one; without a list they stay. For a
 * caller who may not change options (contract §B.5) they are fixed: the list may only say what is there.
 */
export const updateFeature: Write<
  {
    projectId: number
    id: number
    settings: Partial<FeatureSettings>
    options?: OptionInput[] | undefined
    areOptionsFixed?: boolean
    tags?: number[] | undefined
    owners?: OwnerIds | undefined
  },
  WholeFeature
> = async (context, { projectId, id, settings, options: inputs, areOptionsFixed, ...sent }) => {
  const { db } = context
  const [feature, project] = await Promise.all([findFeature(db, id), findProject(db, projectId)])
  if (feature?.projectId !== projectId || project === undefined) return notFound()
  const before = await readWholeFeature(db, feature)
  const tags = sent.tags === undefined ? ok(before.tags) : await checkTags(db, projectId, sent.tags)
  if (tags.kind !== 'ok') return tags
  const owned = await replaceOwners(db, project, {
    before,
    wanted: sent.owners ?? ownersOf(before),
  })
  if (owned.kind !== 'ok') return owned
  const planned = await planOptions(context, before, inputs)
  if (planned.kind !== 'ok') return planned
  const changes = planned.value
  const { options, added, edited, removed } = changes
  const isReoptioned = added.length + edited.length + removed.length > 0
  if (isReoptioned && areOptionsFixed === true) return noAdmin
  const { initialValue } = feature
  const values = { before: { ...before, initialValue }, after: { initialValue, options } }
  const refusal = isReoptioned ? await refuseValues(db, project, values) : undefined
  if (refusal !== undefined) return refusal
  const merged: Feature = { ...feature, ...settings }
  const definition = { ...merged, type: typeAfter(merged.type, changes) }
  const { owners, statements: reowned } = owned.value
  const after = { ...before, ...owners, feature: definition, options, tags: tags.value }
  const isRetagged = !sameTags(before.tags, after.tags)
  const isTold = isRetagged || reowned.length > 0
  const isEdited = changed(feature, definition) || edited.length > 0
  if (!isEdited && !isTold && !isReoptioned) return ok(nothingToDo(after, [id]))
  const flags = await listFlags(db, project, before)
  const reshared = await reshare(context, flags, { feature: definition, changes })
  const losing = await listOverrideIdsOfOptions(
    db,
    removed.map((option) => option.id),
  )
  return ok({
    result: after,
    statements: [
      db.update(features).set(definition).where(eq(features.id, id)),
      ...optionStatements(context, changes, reshared),
      ...(isRetagged ? replaceTags(db, id, after.tags) : []),
      ...reowned,
    ],
    entries: [
      ...(isEdited || isTold ? [featureUpdated(project, before, after)] : []),
      ...optionEntries(aboutFeature(project, feature), changes),
      ...stateEntries(flags, reshared, changes),
      ...overrideEntries(await findFlags(db, losing), changes),
    ],
    features: [id],
    // Tags and owners are not served.
    publish: isEdited || isReoptioned ? flags.map((flag) => flag.environment.id) : [],
    events: optionEvents(context, flags, reshared),
  })
}

export const deleteFeature: Write<{ projectId: number; id: number }, null> = async (
  context,
  { projectId, id },
) => {
  const { db } = context
  const [feature, project] = await Promise.all([findFeature(db, id), findProject(db, projectId)])
  if (feature?.projectId !== projectId || project === undefined) return notFound()
  const before = await readWholeFeature(db, feature)
  const flags = await listFlags(db, project, before)
  const gone = await readFeatureCascade(db, id)
  return ok({
    result: null,
    statements: [db.delete(features).where(eq(features.id, id))],
    entries: [
      featureDeleted(project, before),
      ...gone.segments.map((segment) => segmentDeleted(project, segment)),
      ...(await statesGone(db, gone)),
    ],
    features: [id],
    publish: flags.map((flag) => flag.environment.id),
    events: flags.map((flag) =>
      flagEvent(context, flag.environment.id, { before: flag, after: null }),
    ),
  })
}
