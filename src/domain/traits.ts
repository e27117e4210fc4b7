/**
 * The rules of traits that people and tools change: those of the SDKs, and an entry for each change.
 * Of an SDK's write and one from here, the later one stays.
 */
import { eq } from 'drizzle-orm'
import { forbidden, invalid, invalidBody, notFound, ok, type Refusal } from '../outcome.ts'
import { type Identity, maxTraits, type Trait, traits } from '../storage/identities.ts'
import { reserveTraitId } from '../storage/identity-homes.ts'
import { findOrganisation } from '../storage/organisations.ts'
import {
  countTraits,
  deleteKey,
  findTrait,
  findTraitByKey,
  insertTrait,
  measureKey,
  replaceTrait,
} from '../storage/traits.ts'
import { findEnvironmentGround } from './environment-ground.ts'
import { aboutIn, findOneIdentity, type OneIdentity, planAtHome } from './identity-plan.ts'
import { changed, snapshot } from './snapshot.ts'
import { type Context, type JsonObject, nothingToDo, type Write } from './write.ts'

const taken = invalid({ trait_key: ['The identity has this trait already: change it instead.'] })

const tooMany = invalidBody(`An identity may have at most ${maxTraits} traits.`)

type Place = { environmentId: number; identityId: number }

const identityAt = (context: Context, { environmentId, identityId }: Place) =>
  findOneIdentity(context, { environmentId, id: identityId })

/** Who may not store traits through SDKs may not do it here. */
async function refuseStorage(
  { db }: Context,
  { project }: OneIdentity,
): Promise<Refusal | undefined> {
  const organisation = await findOrganisation(db, project.organisationId)
  return organisation?.persistTraitData
    ? undefined
    : forbidden('Organisation is not authorised to store traits.')
}

const entryOf = (found: OneIdentity, trait: Trait) =>
  aboutIn(found, { type: 'TRAIT', id: trait.id, name: trait.key })

const told = (trait: Trait, { identifier }: Identity): JsonObject => ({
  ...snapshot(trait),
  identifier,
})

const whose = (trait: Trait, identity: Identity) =>
  `trait '${trait.key}' of identity '${identity.identifier}'`

export const createTrait: Write<Place & { key: string; value: string }, Trait> = async (
  context,
  { key, value, ...place },
) => {
  const found = await identityAt(context, place)
  if (found === undefined) return notFound()
  const { identity, home } = found
  const [refusal, present, count] = await Promise.all([
    refuseStorage(context, found),
    findTraitByKey(home.db, { identityId: identity.id, key }),
    countTraits(home.db, identity.id),
  ])
  if (refusal !== undefined) return refusal
  if (present !== undefined) return taken
  if (count >= maxTraits) return tooMany
  const id = await reserveTraitId(home, identity.id)
  const trait: Trait = { id, identityId: identity.id, key, value, createdAt: context.now }
  return ok({
    ...planAtHome(context, home, [insertTrait(home.db, trait)]),
    result: trait,
    entries: [
      {
        ...entryOf(found, trait),
        action: 'trait.created',
        log: `New ${whose(trait, identity)}`,
        before: null,
        after: told(trait, identity),
      },
    ],
    publish: [],
    events: [],
  })
}

export const updateTrait: Write<
  Place & { id: number; changes: { key?: string; value?: string } },
  Trait
> = async (context, { id, changes, ...place }) => {
  const found = await identityAt(context, place)
  if (found === undefined) return notFound()
  const { identity, home } = found
  const before = await findTrait(home.db, { identityId: identity.id, id })
  if (before === undefined) return notFound()
  const refusal = await refuseStorage(context, found)
  if (refusal !== undefined) return refusal
  const after: Trait = { ...before, ...changes }
  if (!changed(before, after)) return ok(nothingToDo(before))
  if (after.key !== before.key) {
    const other = await findTraitByKey(home.db, { identityId: identity.id, key: after.key })
    if (other !== undefined) return taken
  }
  return ok({
    ...planAtHome(context, home, [replaceTrait(home.db, before, after)]),
    result: after,
    entries: [
      {
        ...entryOf(found, after),
        action: 'trait.updated',
        log: `Changed ${whose(after, identity)}`,
        before: told(before, identity),
        after: told(after, identity),
      },
    ],
    publish: [],
    events: [],
  })
}

export const deleteTrait: Write<Place & { id: number }, null> = async (
  context,
  { id, ...place },
) => {
  const found = await identityAt(context, place)
  if (found === undefined) return notFound()
  const { identity, home } = found
  const trait = await findTrait(home.db, { identityId: identity.id, id })
  if (trait === undefined) return notFound()
  return ok({
    ...planAtHome(context, home, [home.db.delete(traits).where(eq(traits.id, id))]),
    result: null,
    entries: [
      {
        ...entryOf(found, trait),
        action: 'trait.deleted',
        log: `Deleted ${whose(trait, identity)}`,
        before: told(trait, identity),
        after: null,
      },
    ],
    publish: [],
    events: [],
  })
}

/**
 * Takes a trait from all identities of an environment. They may be a hundred thousand: one entry tells
 * how many they were.
 */
export const deleteTraitKey: Write<{ environmentId: number; key: string }, null> = async (
  context,
  { environmentId, key },
) => {
  const { db, homes } = context
  const ground = await findEnvironmentGround(db, environmentId)
  if (ground === undefined) return notFound()
  const parts = await Promise.all(
    homes.map(async (home) => ({ home, ...(await measureKey(home.db, environmentId, key)) })),
  )
  const concerned = parts.filter((part) => part.count > 0)
  if (concerned.length === 0) return ok(nothingToDo(null))
  const plans = concerned.map(({ home, lastId }) =>
    planAtHome(context, home, [deleteKey(home.db, { environmentId, key, lastId })]),
  )
  const count = concerned.reduce((sum, part) => sum + part.count, 0)
  return ok({
    result: null,
    statements: plans.flatMap((plan) => plan.statements),
    debts: plans.flatMap((plan) => plan.debts),
    entries: [
      {
        ...aboutIn(ground, { type: 'TRAIT', id: null, name: key }),
        action: 'trait-key.deleted',
        log: `Deleted trait '${key}' of all identities`,
        before: { trait_key: key, identities: count },
        after: null,
      },
    ],
    publish: [],
    events: [],
  })
}
