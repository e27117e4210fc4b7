/**
 * The rules of features. A new one gets a state in every environment; name, default switch and
 * initial value never change afterwards (contract admin-api §B.5).
 */
import { eq } from 'drizzle-orm'
import type { FeatureType } from '../engine/document.ts'
import { invalid, notFound, type Outcome, ok } from '../outcome.ts'
import { type Database, insertRows } from '../storage/database.ts'
import { listEnvironmentsOfProject } from '../storage/environments.ts'
import {
  listDefaultStatesOfFeature,
  listMultivariateValuesOfFeature,
} from '../storage/feature-states.ts'
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
import { refuseName } from './feature-name.ts'
import {
  optionEntries,
  optionEvents,
  optionStatements,
  reshare,
  stateEntries,
} from './feature-options.ts'
import { stateEntry, stateSnapshot } from './feature-states.ts'
import type { Flag, Target } from './flag.ts'
import { flagEvent } from './flag-event.ts'
import {
  checkOptions,
  newOption,
  type OptionChanges,
  type OptionInput,
  replaceOptions,
  unchangedOptions,
} from './multivariate-options.ts'
import { insertStates, planNewStates } from './new-states.ts'
import { changed, snapshot } from './snapshot.ts'
import { type Context, type EntryDraft, nothingToDo, type Write } from './write.ts'

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

type FeatureSettings = Pick<Feature, 'type' | 'description' | 'isArchived' | 'isServerKeyOnly'>

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

/** Without what rises with every change: an entry could only tell it wrongly. */
const featureSnapshot = ({ feature: { version: _, ...feature }, options }: FeatureWithOptions) => ({
  ...snapshot(feature),
  multivariate_options: options.map((option) => snapshot(option)),
})

const target: Target = { kind: 'default' }

/** A feature as every environment has it now. */
export async function listFlags(
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

export const createFeature: Write<
  { projectId: number; feature: NewFeature },
  FeatureWithOptions
> = async (context, { projectId, feature: { options: inputs, ...input } }) => {
  const { db, now, reserve } = context
  const project = await findProject(db, projectId)
  if (project === undefined) return notFound()
  const badName = refuseName(project.featureNameRegex, input.name)
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
    version: 1,
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
    return [{ project, environment, feature, target, state, shares, options }]
  })
  const log = `New Flag / Remote Config created: ${feature.name}`
  return ok({
    result: { feature, options },
    statements: [
      db.insert(features).values(feature),
      ...insertRows(db, multivariateOptions, options),
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

/** A sent list of options replaces the present one; without a list they stay. */
export const updateFeature: Write<
  {
    projectId: number
    id: number
    settings: Partial<FeatureSettings>
    options?: OptionInput[] | undefined
  },
  FeatureWithOptions
> = async (context, { projectId, id, settings, options: inputs }) => {
  const { db } = context
  const [feature, project] = await Promise.all([findFeature(db, id), findProject(db, projectId)])
  if (feature?.projectId !== projectId || project === undefined) return notFound()
  const before = { feature, options: await listOptions(db, id) }
  const planned = await planOptions(context, before, inputs)
  if (planned.kind !== 'ok') return planned
  const changes = planned.value
  const { options, added, edited, removed } = changes
  const merged: Feature = { ...feature, ...settings }
  const after = { feature: { ...merged, type: typeAfter(merged.type, changes) }, options }
  const isEdited = changed(feature, after.feature) || edited.length > 0
  if (!isEdited && added.length + removed.length === 0) return ok(nothingToDo(after, [id]))
  const flags = await listFlags(db, project, before)
  const reshared = await reshare(context, flags, { feature: after.feature, changes })
  const about = entryOf(project, feature)
  const updated: EntryDraft = {
    ...about,
    action: 'feature.updated',
    log: `Flag / Remote Config updated: ${feature.name}`,
    before: featureSnapshot(before),
    after: featureSnapshot(after),
  }
  return ok({
    result: after,
    statements: [
      db.update(features).set(after.feature).where(eq(features.id, id)),
      ...optionStatements(context, changes, reshared),
    ],
    entries: [
      ...(isEdited ? [updated] : []),
      ...optionEntries(about, changes),
      ...stateEntries(flags, reshared, changes),
    ],
    features: [id],
    publish: flags.map((flag) => flag.environment.id),
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
    features: [id],
    publish: flags.map((flag) => flag.environment.id),
    events: flags.map((flag) =>
      flagEvent(context, flag.environment.id, { before: flag, after: null }),
    ),
  })
}
