/**
 * The rules of identities that people and tools change. SDKs make identities too, without ledger: a
 * change here is planned on what was read, and made anew where an SDK was quicker.
 */
import { and, eq } from 'drizzle-orm'
import { invalid, notFound, ok } from '../outcome.ts'
import { featureStates } from '../storage/feature-states.ts'
import { type Identity, identities, type Trait } from '../storage/identities.ts'
import { findNamed, homeOf, reserveIdentityId } from '../storage/identity-homes.ts'
import { listOverrideIds, listOverrides, type Overrides } from '../storage/overrides-of-identity.ts'
import { listTraits } from '../storage/traits.ts'
import { type EnvironmentGround, findEnvironmentGround } from './environment-ground.ts'
import { stateEntry, stateSnapshot } from './feature-states.ts'
import { type Flag, stateLog } from './flag.ts'
import { aboutIn, findOneIdentity, planAtHome } from './identity-plan.ts'
import { snapshot } from './snapshot.ts'
import { type JsonObject, nothingToDo, type Write } from './write.ts'

/** The contract's words, and its form: no list (admin-api §B.8). */
const taken = (identifier: string) =>
  invalid({
    identifier: `Identity with identifier '${identifier}' already exists in this environment`,
  })

const entryOf = (ground: EnvironmentGround, { id, identifier }: Identity) =>
  aboutIn(ground, { type: 'IDENTITY', id, name: identifier })

export const createIdentity: Write<
  { environmentId: number; identifier: string },
  Identity
> = async (context, key) => {
  const { db, homes, now } = context
  const [ground, present] = await Promise.all([
    findEnvironmentGround(db, key.environmentId),
    findNamed(homes, key),
  ])
  if (ground === undefined) return notFound()
  if (present !== undefined) return taken(key.identifier)
  const home = homeOf(homes, key)
  const identity: Identity = { ...key, id: await reserveIdentityId(home), createdAt: now }
  return ok({
    ...planAtHome(context, home, [home.db.insert(identities).values(identity)]),
    result: identity,
    entries: [
      {
        ...entryOf(ground, identity),
        action: 'identity.created',
        log: `Identity created: ${identity.identifier}`,
        before: null,
        after: snapshot(identity),
      },
    ],
    publish: [],
    events: [],
  })
}

/**
 * Only the identifier can change. Where an identity lives follows from it, so of several databases
 * none can give it another.
 */
export const updateIdentity: Write<
  { environmentId: number; id: number; identifier: string },
  Identity
> = async (context, { identifier, ...place }) => {
  const { db, homes } = context
  const found = await findOneIdentity(context, place)
  if (found === undefined) return notFound()
  const { identity: before, home } = found
  const { environmentId, id } = place
  if (before.identifier === identifier) return ok(nothingToDo(before))
  if (home.shard !== null) {
    const message = 'With several databases of identities an identifier cannot be changed.'
    return invalid({ identifier: [message] })
  }
  if (await findNamed(homes, { environmentId, identifier })) return taken(identifier)
  const after: Identity = { ...before, identifier }
  const overridden = await listOverrideIds(db, { environmentId, identityId: id })
  const features = overridden.map(({ featureId }) => featureId)
  const overrides = and(
    eq(featureStates.environmentId, environmentId),
    eq(featureStates.identityId, id),
  )
  return ok({
    result: after,
    statements: [
      db.update(identities).set({ identifier }).where(eq(identities.id, id)),
      db.update(featureStates).set({ identifier }).where(overrides),
    ],
    entries: [
      {
        ...entryOf(found, after),
        action: 'identity.updated',
        log: `Identity updated: ${before.identifier} is now ${identifier}`,
        before: snapshot(before),
        after: snapshot(after),
        // Its overrides name it by its identifier, too.
        rows: { before: null, after: { feature_states: overridden.map(({ id }) => id) } },
      },
    ],
    features,
    publish: features.length > 0 ? [environmentId] : [],
    events: [],
  })
}

/** A row of the database takes two megabytes, and a thousand long traits are more. */
const maxTold = 200_000

/** What goes with an identity: its traits, without their values where those are too long to tell. */
function traitsTold(traits: Trait[]): JsonObject {
  const length = traits.reduce((sum, { value }) => sum + value.length, 0)
  return length > maxTold
    ? { trait_keys: traits.map(({ key }) => key) }
    : { traits: traits.map(({ key, value }) => ({ trait_key: key, trait_value: value })) }
}

/** The entries of overrides that go, one each. */
export const entriesOfDeleted = (
  ground: EnvironmentGround,
  { id, identifier }: Identity,
  { states, shares, features }: Overrides,
) =>
  states.flatMap((state) => {
    const feature = features.find((candidate) => candidate.id === state.featureId)
    if (feature === undefined) return []
    const flag: Flag = {
      ...ground,
      feature,
      target: { kind: 'identity', id, identifier },
      state,
      shares: shares.filter((share) => share.featureStateId === state.id),
      options: [],
    }
    const log = stateLog(flag, 'deleted')
    const before = stateSnapshot(flag)
    return [stateEntry(flag, { action: 'feature-state.deleted', log, before, after: null })]
  })

/** Takes its traits and its overrides with it. */
export const deleteIdentity: Write<{ environmentId: number; id: number }, null> = async (
  context,
  place,
) => {
  const { db } = context
  const found = await findOneIdentity(context, place)
  if (found === undefined) return notFound()
  const { identity, home } = found
  const own = { environmentId: place.environmentId, identityId: identity.id }
  const [overrides, traits] = await Promise.all([
    listOverrides(db, own),
    listTraits(home.db, identity.id),
  ])
  const { statements, debts } = planAtHome(context, home, [
    home.db.delete(identities).where(eq(identities.id, identity.id)),
  ])
  const ofIdentity = and(
    eq(featureStates.environmentId, own.environmentId),
    eq(featureStates.identityId, own.identityId),
  )
  return ok({
    result: null,
    statements: [db.delete(featureStates).where(ofIdentity), ...statements],
    debts,
    entries: [
      {
        ...entryOf(found, identity),
        action: 'identity.deleted',
        log: `Identity deleted: ${identity.identifier}`,
        before: { ...snapshot(identity), ...traitsTold(traits) },
        after: null,
      },
      ...entriesOfDeleted(found, identity, overrides),
    ],
    features: overrides.features.map((feature) => feature.id),
    publish: overrides.states.length > 0 ? [place.environmentId] : [],
    events: [],
  })
}
