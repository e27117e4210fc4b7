/** The rules of environments. A new one gets a client-side key and a state for every feature. */
import { eq } from 'drizzle-orm'
import { invalid, notFound, ok, type Refusal } from '../outcome.ts'
import { type Database, insertRows } from '../storage/database.ts'
import {
  type Environment,
  environments,
  findEnvironmentByKey,
  findEnvironmentByName,
} from '../storage/environments.ts'
import { listFeaturesOfProject, listOptionsOfProject } from '../storage/features.ts'
import { grants } from '../storage/grants.ts'
import { findKeyRotation, isOldKey } from '../storage/key-rotations.ts'
import { findProject } from '../storage/projects.ts'
import { belowGone, identitiesGone } from './cascades.ts'
import { aboutEnvironment, environmentDeleted, environmentSnapshot } from './environment-entry.ts'
import { findEnvironmentGround } from './environment-ground.ts'
import type { Flag, Target } from './flag.ts'
import { planCreatorGrant } from './grants.ts'
import { isRunning } from './key-rotations.ts'
import { insertStates, planNewStates, stateBorn } from './new-states.ts'
import { randomKey } from './random-key.ts'
import { changed, snapshot } from './snapshot.ts'
import { nothingToDo, type Write } from './write.ts'

export type EnvironmentSettings = Pick<
  Environment,
  | 'name'
  | 'description'
  | 'apiKey'
  | 'allowClientTraits'
  | 'bannerText'
  | 'bannerColour'
  | 'hideDisabledFlags'
  | 'hideSensitiveData'
  | 'useIdentityCompositeKeyForHashing'
  | 'useIdentityOverridesInLocalEval'
>

const nameTaken = invalid({ name: ['An environment with this name already exists.'] })
const keyRotates = invalid({
  api_key: ['A rotation of the client-side key is running. Complete or abort it first.'],
})
const target: Target = { kind: 'default' }

const keyTaken = invalid({ api_key: ['environment with this api key already exists.'] })

/** Names are unique in the project, client-side keys in the instance, old ones included. */
export async function taken(db: Database, environment: Environment): Promise<Refusal | undefined> {
  const sameName = await findEnvironmentByName(db, environment.projectId, environment.name)
  if (sameName !== undefined && sameName.id !== environment.id) return nameTaken
  const sameKey = await findEnvironmentByKey(db, environment.apiKey)
  if (sameKey !== undefined && sameKey.id !== environment.id) return keyTaken
  return (await isOldKey(db, environment.apiKey)) ? keyTaken : undefined
}

export const createEnvironment: Write<
  { projectId: number; settings: Pick<EnvironmentSettings, 'name'> & Partial<EnvironmentSettings> },
  Environment
> = async (context, { projectId, settings }) => {
  const { db, now, reserve } = context
  const project = await findProject(db, projectId)
  if (project === undefined) return notFound()
  const { environment: id } = await reserve({ environment: 1 })
  const environment: Environment = {
    description: null,
    apiKey: randomKey(22),
    allowClientTraits: true,
    bannerText: null,
    bannerColour: null,
    hideDisabledFlags: null,
    hideSensitiveData: false,
    useIdentityCompositeKeyForHashing: true,
    useIdentityOverridesInLocalEval: true,
    ...settings,
    id,
    uuid: crypto.randomUUID(),
    projectId,
    // The commit raises it: the first published version is 1.
    version: 0,
    createdAt: now,
    updatedAt: now,
  }
  const refusal = await taken(db, environment)
  if (refusal !== undefined) return refusal
  const features = await listFeaturesOfProject(db, projectId)
  const options = Map.groupBy(await listOptionsOfProject(db, projectId), (row) => row.featureId)
  const pairs = features.map((feature) => ({
    feature,
    environmentId: id,
    options: options.get(feature.id) ?? [],
  }))
  const states = await planNewStates(context, project, pairs)
  const sharesOf = Map.groupBy(states.shares, (share) => share.featureStateId)
  const flags = pairs.flatMap(({ feature, options: own }, index): Flag[] => {
    const state = states.states[index]
    if (state === undefined) return []
    const shares = sharesOf.get(state.id) ?? []
    return [{ project, environment, feature, target, state, shares, options: own }]
  })
  const place = { organisationId: project.organisationId, projectId, environmentId: id }
  const own = await planCreatorGrant(context, place)
  return ok({
    result: environment,
    statements: [
      db.insert(environments).values(environment),
      ...insertStates(db, states),
      ...insertRows(db, grants, own),
    ],
    entries: [
      {
        ...aboutEnvironment(project, environment),
        action: 'environment.created',
        log: `New Environment created: ${environment.name}`,
        before: null,
        after: { ...environmentSnapshot(environment), grants: own.map(snapshot) },
      },
      ...flags.map(stateBorn),
    ],
    publish: [id],
    events: [],
  })
}

export const updateEnvironment: Write<
  { id: number; settings: Partial<EnvironmentSettings> },
  Environment
> = async ({ db, now }, { id, settings }) => {
  const ground = await findEnvironmentGround(db, id)
  if (ground === undefined) return notFound()
  const { environment: before, project } = ground
  const after: Environment = { ...before, ...settings }
  if (after.apiKey !== before.apiKey && isRunning(await findKeyRotation(db, id), now)) {
    return keyRotates
  }
  const refusal = await taken(db, after)
  if (refusal !== undefined) return refusal
  if (!changed(before, after)) return ok(nothingToDo(after))
  return ok({
    result: after,
    statements: [db.update(environments).set(settings).where(eq(environments.id, id))],
    entries: [
      {
        ...aboutEnvironment(project, after),
        action: 'environment.updated',
        log: `Environment updated: ${after.name}`,
        before: environmentSnapshot(before),
        after: environmentSnapshot(after),
      },
    ],
    publish: [id],
    events: [],
  })
}

export const deleteEnvironment: Write<{ id: number }, null> = async ({ db }, { id }) => {
  const ground = await findEnvironmentGround(db, id)
  if (ground === undefined) return notFound()
  const { environment, project } = ground
  const rotation = await findKeyRotation(db, id)
  return ok({
    result: null,
    statements: [db.delete(environments).where(eq(environments.id, id))],
    entries: [
      environmentDeleted(project, environment, rotation),
      ...(await belowGone(db, { projects: [], environments: [ground] })),
    ],
    publish: [id],
    debts: identitiesGone([id]),
    events: [],
  })
}
