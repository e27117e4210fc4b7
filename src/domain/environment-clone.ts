/**
 * The rules of cloning an environment: settings, default states, segment overrides and all their
 * shares, under a name and a client-side key of its own. Who and what belongs to the original stays
 * with it: identities, their overrides, keys, webhooks and the grants of people.
 */
import { notFound, ok } from '../outcome.ts'
import { readEndsOfLinks } from '../storage/cascade-rows.ts'
import { type Database, insertRows } from '../storage/database.ts'
import { readCloned } from '../storage/environment-clone.ts'
import { type Environment, environments } from '../storage/environments.ts'
import { type FeatureSegment, featureSegments } from '../storage/feature-segments.ts'
import { grants } from '../storage/grants.ts'
import { aboutEnvironment, environmentSnapshot } from './environment-entry.ts'
import { type EnvironmentGround, findEnvironmentGround } from './environment-ground.ts'
import { taken } from './environments.ts'
import { linkCreated } from './feature-segments.ts'
import { type Flag, findFlags } from './flag.ts'
import { planCreatorGrant } from './grants.ts'
import { insertStates, stateBorn } from './new-states.ts'
import { randomKey } from './random-key.ts'
import { snapshot } from './snapshot.ts'
import type { Context, EntryDraft, Write } from './write.ts'

type Copies = { links: FeatureSegment[]; flags: Flag[] }

/** Every link and every state with its shares, as the clone has them. */
async function copyAll(
  { now, reserve }: Pick<Context, 'now' | 'reserve'>,
  environment: Environment,
  source: Copies,
): Promise<Copies> {
  const firsts = await reserve({
    'feature-segment': source.links.length,
    'feature-state': source.flags.length,
    'multivariate-value': source.flags.reduce((sum, { shares }) => sum + shares.length, 0),
  })
  const uuid = () => crypto.randomUUID()
  const links = source.links.map((link, index) => {
    return {
      ...link,
      id: firsts['feature-segment'] + index,
      uuid: uuid(),
      environmentId: environment.id,
    }
  })
  const copyOf = new Map(source.links.map(({ id }, index) => [id, links[index]]))
  let shareId = firsts['multivariate-value']
  const flags = source.flags.map((flag, index): Flag => {
    const link = copyOf.get(flag.state.featureSegmentId ?? 0)
    const state = {
      ...flag.state,
      id: firsts['feature-state'] + index,
      uuid: uuid(),
      environmentId: environment.id,
      featureSegmentId: link?.id ?? null,
      createdAt: now,
      updatedAt: now,
    }
    const shares = flag.shares.map((share) => {
      return { ...share, id: shareId++, uuid: uuid(), featureStateId: state.id }
    })
    const { target } = flag
    const isLinked = target.kind === 'segment' && link !== undefined
    return {
      ...flag,
      environment,
      target: isLinked ? { ...target, link } : target,
      state,
      shares,
    }
  })
  return { links, flags }
}

/** Links that no state hangs on: with a state, the state's entry tells of the link too. */
async function bareLinks(
  db: Database,
  ground: EnvironmentGround,
  { links, flags }: Copies,
): Promise<EntryDraft[]> {
  const told = new Set(flags.map(({ state }) => state.featureSegmentId))
  const bare = links.filter(({ id }) => !told.has(id))
  if (bare.length === 0) return []
  const { features, segments } = await readEndsOfLinks(db, bare)
  return bare.flatMap((link) => {
    const feature = features.get(link.featureId)
    const segment = segments.get(link.segmentId)
    return feature && segment ? [linkCreated({ ...ground, feature }, { link, segment })] : []
  })
}

export const cloneEnvironment: Write<{ id: number; name: string }, Environment> = async (
  context,
  { id, name },
) => {
  const { db, now, reserve } = context
  const ground = await findEnvironmentGround(db, id)
  if (ground === undefined) return notFound()
  const { environment: source, project } = ground
  const draft: Environment = {
    ...source,
    // No other's: what it is to be called is checked before ids are reserved for it.
    id: 0,
    uuid: crypto.randomUUID(),
    name,
    apiKey: randomKey(22),
    // The commit raises it: the first published version is 1.
    version: 0,
    createdAt: now,
    updatedAt: now,
  }
  const refusal = await taken(db, draft)
  if (refusal !== undefined) return refusal
  const { links, stateIds } = await readCloned(db, id)
  const flags = await findFlags(db, stateIds)
  const { environment: cloneId } = await reserve({ environment: 1 })
  const clone: Environment = { ...draft, id: cloneId }
  const copies = await copyAll(context, clone, { links, flags })
  const { organisationId, id: projectId } = project
  const place = { organisationId, projectId, environmentId: clone.id }
  const own = await planCreatorGrant(context, place)
  return ok({
    result: clone,
    statements: [
      db.insert(environments).values(clone),
      ...insertRows(db, featureSegments, copies.links),
      ...insertStates(db, {
        states: copies.flags.map(({ state }) => state),
        shares: copies.flags.flatMap(({ shares }) => shares),
      }),
      ...insertRows(db, grants, own),
    ],
    entries: [
      {
        ...aboutEnvironment(project, clone),
        action: 'environment.created',
        log: `New Environment created: ${name}`,
        before: null,
        after: {
          ...environmentSnapshot(clone),
          grants: own.map(snapshot),
          cloned_from: {
            id: source.id,
            name: source.name,
            feature_states: flags.length,
            segment_overrides: links.length,
          },
        },
      },
      ...copies.flags.map(stateBorn),
      ...(await bareLinks(db, { project, environment: clone }, copies)),
    ],
    publish: [clone.id],
    events: [],
  })
}
