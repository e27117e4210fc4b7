/**
 * The rules of features. A new one gets a state in every environment; name, default switch and
 * initial value never change afterwards (contract admin-api §B.5).
 */
import { eq } from 'drizzle-orm'
import type { FeatureType } from '../engine/document.ts'
import { invalid, notFound, ok } from '../outcome.ts'
import { chunkRows, type Database } from '../storage/database.ts'
import { listEnvironmentsOfProject } from '../storage/environments.ts'
import { listMultivariateValuesOfFeature, listStatesOfFeature } from '../storage/feature-states.ts'
import {
  type Feature,
  features,
  findFeature,
  findFeatureByName,
  listOptions,
  type MultivariateOption,
  multivariateOptions,
} from '../storage/features.ts'
import { findProject, type Project } from '../storage/projects.ts'
import { stateEntry, stateSnapshot } from './feature-states.ts'
import { type Flag, flagEvent } from './flag-event.ts'
import { checkOptions, newOption, type OptionInput } from './multivariate-options.ts'
import { insertStates, planNewStates } from './new-states.ts'
import { changed, snapshot } from './snapshot.ts'
import { type EntryDraft, nothingToDo, type Write } from './write.ts'

export type FeatureWithOptions = { feature: Feature; options: MultivariateOption[] }

export type NewFeature = {
  name: string
  type: FeatureType
  description: string | null
  initialValue: string | null
  defaultEnabled: boolean
  isArchived: boolean
  isServerKeyOnly: boolean
  options: OptionInput[]
}

type FeatureSettings = Pick<Feature, 'description' | 'isArchived' | 'isServerKeyOnly'>

const nameTaken = invalid({
  name: [
    'Feature with that name already exists for this project. ' +
      'Note that feature names are case insensitive.',
  ],
})

const entryOf = (
  project: Project,
  { id, uuid, name }: Feature,
): Omit<EntryDraft, 'action' | 'log' | 'before' | 'after'> => ({
  resource: { type: 'FEATURE', id: String(id), uuid, name },
  organisationId: project.organisationId,
  projectId: project.id,
  environment: null,
})

const featureSnapshot = ({ feature, options }: FeatureWithOptions) => ({
  ...snapshot(feature),
  multivariate_options: options.map((option) => snapshot(option)),
})

/** A feature as every environment has it now. */
export async function listFlags(
  db: Database,
  project: Project,
  { feature, options }: FeatureWithOptions,
): Promise<(Flag & { project: Project })[]> {
  const [environments, states, shares] = await Promise.all([
    listEnvironmentsOfProject(db, project.id),
    listStatesOfFeature(db, feature.id),
    listMultivariateValuesOfFeature(db, feature.id),
  ])
  return environments.flatMap((environment) => {
    const state = states.find((candidate) => candidate.environmentId === environment.id)
    if (state === undefined) return []
    const own = shares.filter((share) => share.featureStateId === state.id)
    return [{ project, environment, feature, state, shares: own, options }]
  })
}

function refuseName(project: Project, name: string) {
  const pattern = project.featureNameRegex
  if (pattern === null || new RegExp(`^(?:${pattern})$`, 'u').test(name)) return undefined
  return invalid({ name: [`Feature name must match regex: ${pattern}`] })
}

export const createFeature: Write<
  { projectId: number; feature: NewFeature },
  FeatureWithOptions
> = async (context, { projectId, feature: { options: inputs, ...input } }) => {
  const { db, now, reserve } = context
  const project = await findProject(db, projectId)
  if (project === undefined) return notFound()
  const badName = refuseName(project, input.name)
  if (badName !== undefined) return badName
  if (await findFeatureByName(db, projectId, input.name)) return nameTaken
  const firsts = await reserve({ feature: 1, 'multivariate-option': inputs.length })
  const feature: Feature = {
    ...input,
    type: inputs.length > 0 ? 'MULTIVARIATE' : input.type,
    id: firsts.feature,
    uuid: crypto.randomUUID(),
    projectId,
    createdAt: now,
  }
  const options = inputs.map((option, index) =>
    newOption(firsts['multivariate-option'] + index, feature.id, option),
  )
  const refusal = checkOptions(options)
  if (refusal !== undefined) return refusal
  const environments = await listEnvironmentsOfProject(db, projectId)
  const pairs = environments.map(({ id }) => ({ feature, environmentId: id, options }))
  const added = await planNewStates(context, project, pairs)
  const flags = environments.flatMap((environment, index) => {
    const state = added.states[index]
    if (state === undefined) return []
    const shares = added.shares.filter((share) => share.featureStateId === state.id)
    return [{ project, environment, feature, state, shares, options }]
  })
  const log = `New Flag / Remote Config created: ${feature.name}`
  return ok({
    result: { feature, options },
    statements: [
      db.insert(features).values(feature),
      ...chunkRows(options, 9).map((rows) => db.insert(multivariateOptions).values(rows)),
      ...insertStates(db, added),
    ],
    entries: [
      {
        ...entryOf(project, feature),
        action: 'feature.created',
        log,
        before: null,
        after: featureSnapshot({ feature, options }),
      },
      ...flags.map((flag) =>
        stateEntry(flag, {
          action: 'feature-state.created',
          log,
          before: null,
          after: stateSnapshot(flag),
        }),
      ),
    ],
    publish: environments.map((environment) => environment.id),
    events: flags.map((flag) =>
      flagEvent(context, flag.environment.id, { before: null, after: flag }),
    ),
  })
}

export const updateFeature: Write<
  { projectId: number; id: number; settings: Partial<FeatureSettings> },
  FeatureWithOptions
> = async ({ db }, { projectId, id, settings }) => {
  const [before, project] = await Promise.all([findFeature(db, id), findProject(db, projectId)])
  if (before?.projectId !== projectId || project === undefined) return notFound()
  const options = await listOptions(db, id)
  const after: Feature = { ...before, ...settings }
  if (!changed(before, after)) return ok(nothingToDo({ feature: after, options }))
  const environments = await listEnvironmentsOfProject(db, project.id)
  return ok({
    result: { feature: after, options },
    statements: [db.update(features).set(settings).where(eq(features.id, id))],
    entries: [
      {
        ...entryOf(project, after),
        action: 'feature.updated',
        log: `Flag / Remote Config updated: ${after.name}`,
        before: featureSnapshot({ feature: before, options }),
        after: featureSnapshot({ feature: after, options }),
      },
    ],
    publish: environments.map((environment) => environment.id),
    events: [],
  })
}

export const deleteFeature: Write<{ projectId: number; id: number }, null> = async (
  context,
  { projectId, id },
) => {
  const { db } = context
  const [feature, project] = await Promise.all([findFeature(db, id), findProject(db, projectId)])
  if (feature?.projectId !== projectId || project === undefined) return notFound()
  const options = await listOptions(db, id)
  const flags = await listFlags(db, project, { feature, options })
  const log = `Flag / Remote Config Deleted: ${feature.name}`
  return ok({
    result: null,
    statements: [db.delete(features).where(eq(features.id, id))],
    entries: [
      {
        ...entryOf(project, feature),
        action: 'feature.deleted',
        log,
        before: featureSnapshot({ feature, options }),
        after: null,
      },
      ...flags.map((flag) =>
        stateEntry(flag, {
          action: 'feature-state.deleted',
          log,
          before: stateSnapshot(flag),
          after: null,
        }),
      ),
    ],
    publish: flags.map((flag) => flag.environment.id),
    events: flags.map((flag) =>
      flagEvent(context, flag.environment.id, { before: flag, after: null }),
    ),
  })
}
