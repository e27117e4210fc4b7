/** How a feature begins: with a state in every environment. Contract admin-api §B.5. */
import type { FeatureType } from '../engine/document.ts'
import { invalid, notFound, ok } from '../outcome.ts'
import { insertRows } from '../storage/database.ts'
import { listEnvironmentsOfProject } from '../storage/environments.ts'
import {
  type Feature,
  features,
  findFeatureByName,
  multivariateOptions,
} from '../storage/features.ts'
import { findProject } from '../storage/projects.ts'
import { countFeatures } from '../storage/totals.ts'
import type { WholeFeature } from '../storage/whole-features.ts'
import { aboutFeature, featureSnapshot } from './feature-entry.ts'
import { refuseValues } from './feature-limits.ts'
import { refuseName } from './feature-name.ts'
import { firstOwners, insertOwners } from './feature-owners.ts'
import { stateEntry, stateSnapshot } from './feature-states.ts'
import { checkTags, insertTags } from './feature-tags.ts'
import { noAdmin } from './features.ts'
import type { Target } from './flag.ts'
import { flagEvent } from './flag-event.ts'
import { checkOptions, newOption, type OptionInput } from './multivariate-options.ts'
import { insertStates, planNewStates } from './new-states.ts'
import type { Write } from './write.ts'

export type NewFeature = {
  name: string
  type: FeatureType
  description: string | null
  initialValue: string | null
  defaultEnabled: boolean
  isArchived: boolean
  isServerKeyOnly: boolean
  options: OptionInput[]
  /** Ids. */
  tags?: number[] | undefined
  owners?: number[] | undefined
  groupOwners?: number[] | undefined
}

const nameTaken = invalid({
  name: [
    'Feature with that name already exists for this project. ' +
      'Note that feature names are case insensitive.',
  ],
})

const tooMany = invalid({
  project: ['The Project has reached the maximum allowed features limit.'],
})

const target: Target = { kind: 'default' }

export const createFeature: Write<
  { projectId: number; feature: NewFeature; areOptionsFixed?: boolean },
  WholeFeature
> = async (context, { projectId, feature: sent, areOptionsFixed }) => {
  const { db, now, reserve } = context
  const { options: inputs, tags: tagIds = [], owners: users = [], ...rest } = sent
  const { groupOwners: groups = [], ...input } = rest
  const project = await findProject(db, projectId)
  if (project === undefined) return notFound()
  if (areOptionsFixed === true && inputs.length > 0) return noAdmin
  const badName = refuseName(project.featureNameRegex, input.name)
  if (badName !== undefined) return badName
  const [present, taken, tags, owners] = await Promise.all([
    countFeatures(db, projectId),
    findFeatureByName(db, projectId, input.name),
    checkTags(db, projectId, tagIds),
    firstOwners(context, project, { users, groups }),
  ])
  if (present >= project.maxFeaturesAllowed) return tooMany
  if (taken !== undefined) return nameTaken
  if (tags.kind !== 'ok') return tags
  if (owners.kind !== 'ok') return owners
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
  const after = { initialValue: feature.initialValue, options }
  const refusal =
    checkOptions(options) ?? (await refuseValues(db, project, { before: null, after }))
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
  const created: WholeFeature = { feature, options, tags: tags.value, ...owners.value }
  return ok({
    result: created,
    statements: [
      db.insert(features).values(feature),
      ...insertRows(db, multivariateOptions, options),
      ...insertTags(db, feature.id, tags.value),
      ...insertOwners(db, feature.id, owners.value),
      ...insertStates(db, added),
    ],
    entries: [
      {
        ...aboutFeature(project, feature),
        action: 'feature.created',
        log,
        before: null,
        after: featureSnapshot(created),
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
