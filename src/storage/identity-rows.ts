/**
 * All rows of one identity in one round trip: itself, its traits and its overrides. Where identities
 * have databases of their own, it is two at the same time: overrides stay in the main one.
 */
import { and, asc, eq, inArray } from 'drizzle-orm'
import type { Env } from '../env.ts'
import { type Database, openDatabase } from './database.ts'
import { type FeatureState, featureStates, multivariateValues } from './feature-states.ts'
import { type MultivariateOption, multivariateOptions } from './features.ts'
import {
  type Identity,
  type IdentityKey,
  selectIdentity,
  selectTraits,
  type Trait,
} from './identities.ts'
import { identityDatabase } from './identity-shard.ts'

export type IdentityRows = {
  identity: Identity | undefined
  traits: Trait[]
  states: FeatureState[]
  multivariateValues: (typeof multivariateValues.$inferSelect)[]
  options: MultivariateOption[]
}

const ownQueries = (db: Database, key: IdentityKey) =>
  [selectIdentity(db, key), selectTraits(db, key)] as const

/** No joins: D1 answers a batch by column name. */
function overrideQueries(db: Database, { environmentId, identifier }: IdentityKey) {
  const own = and(
    eq(featureStates.environmentId, environmentId),
    eq(featureStates.identifier, identifier),
  )
  const stateIds = db.select({ id: featureStates.id }).from(featureStates).where(own)
  const shares = inArray(multivariateValues.featureStateId, stateIds)
  const optionIds = db
    .select({ id: multivariateValues.optionId })
    .from(multivariateValues)
    .where(shares)
  return [
    db.select().from(featureStates).where(own),
    db.select().from(multivariateValues).where(shares).orderBy(asc(multivariateValues.id)),
    db.select().from(multivariateOptions).where(inArray(multivariateOptions.id, optionIds)),
  ] as const
}

async function readParts(env: Env, key: IdentityKey) {
  const home = identityDatabase(env, key.environmentId, key.identifier)
  const main = openDatabase(env.DB)
  if (home === env.DB) return main.batch([...ownQueries(main, key), ...overrideQueries(main, key)])
  const shard = openDatabase(home)
  const [own, overrides] = await Promise.all([
    shard.batch(ownQueries(shard, key)),
    main.batch(overrideQueries(main, key)),
  ])
  return [...own, ...overrides] as const
}

/** Overrides count by the identity's id: those of an identity that was deleted are nobody's. */
export async function readIdentityRows(env: Env, key: IdentityKey): Promise<IdentityRows> {
  const [[identity], traits, states, shares, options] = await readParts(env, key)
  const own = states.filter((state) => state.identityId === identity?.id)
  return { identity, traits, states: own, multivariateValues: shares, options }
}
