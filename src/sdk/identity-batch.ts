/**
 * Changes of many identities at once: one batch for each database they live in. A batch is applied
 * whole or not at all; of several, one may be refused while the others stand.
 */
import type { Env } from '../env.ts'
import { type Database, openDatabase, runBatch, type Statement } from '../storage/database.ts'
import {
  deleteOtherTraits,
  deleteTraits,
  guardTraitCount,
  insertIdentities,
  isTraitCountExceeded,
  selectIdentities,
  selectTraitsOfAll,
  upsertTraits,
} from '../storage/identities.ts'
import { identityDatabase } from '../storage/identity-shard.ts'
import { forgetIdentity } from './identity-memo.ts'
import type { Change } from './identity-store.ts'

export type IdentityChange = Change & {
  identifier: string
  /** Make it if it is not there. */
  create: boolean
  /** Remove every trait that is not among `set`. */
  overwrite: boolean
}

function statementsOf(db: Database, environmentId: number, changes: IdentityChange[]): Statement[] {
  const now = Date.now()
  const identifiers = changes.filter((one) => one.create).map((one) => one.identifier)
  const overwritten = changes
    .filter((one) => one.overwrite)
    .map((one) => ({ identifier: one.identifier, keys: one.set.map((trait) => trait.key) }))
  const removed = changes
    .filter((one) => one.remove.length > 0)
    .map((one) => ({ identifier: one.identifier, keys: one.remove }))
  const rows = changes
    .filter((one) => one.set.length > 0)
    .map((one) => ({ identifier: one.identifier, traits: one.set }))
  const touched = rows.map((row) => row.identifier)
  return [
    ...(identifiers.length > 0 ? [insertIdentities(db, environmentId, { identifiers, now })] : []),
    ...(overwritten.length > 0 ? [deleteOtherTraits(db, environmentId, overwritten)] : []),
    ...(removed.length > 0 ? [deleteTraits(db, environmentId, removed)] : []),
    ...(rows.length > 0 ? [upsertTraits(db, environmentId, { rows, now })] : []),
    ...(rows.length > 0 ? [guardTraitCount(db, environmentId, touched)] : []),
  ]
}

const byDatabase = <T extends { identifier: string }>(
  env: Env,
  environmentId: number,
  items: T[],
) => Map.groupBy(items, ({ identifier }) => identityDatabase(env, environmentId, identifier))

/** False if an identity would have more traits than it may. */
export async function changeIdentities(
  env: Env,
  environmentId: number,
  changes: IdentityChange[],
): Promise<boolean> {
  try {
    await Promise.all(
      [...byDatabase(env, environmentId, changes)].map(([d1, own]) => {
        const db = openDatabase(d1)
        return runBatch(db, statementsOf(db, environmentId, own))
      }),
    )
    for (const { identifier } of changes) forgetIdentity({ environmentId, identifier })
    return true
  } catch (error) {
    if (isTraitCountExceeded(error)) return false
    throw error
  }
}

export type TraitsOfIdentity = { identifier: string; traits: { key: string; json: string }[] }

/** The traits of each that is stored, in the order of the identifiers. */
export async function readTraitsOf(
  env: Env,
  environmentId: number,
  identifiers: string[],
): Promise<TraitsOfIdentity[]> {
  const wanted = identifiers.map((identifier) => ({ identifier }))
  const parts = await Promise.all(
    [...byDatabase(env, environmentId, wanted)].map(([d1, own]) => {
      const db = openDatabase(d1)
      const names = own.map((one) => one.identifier)
      return db.batch([
        selectIdentities(db, environmentId, names),
        selectTraitsOfAll(db, environmentId, names),
      ])
    }),
  )
  const found = new Map<string, TraitsOfIdentity>()
  for (const [identities, traits] of parts) {
    const byIdentity = Map.groupBy(traits, (trait) => trait.identityId)
    for (const { id, identifier } of identities) {
      const own = (byIdentity.get(id) ?? []).map(({ key, value }) => ({ key, json: value }))
      found.set(identifier, { identifier, traits: own })
    }
  }
  return identifiers.flatMap((identifier) => found.get(identifier) ?? [])
}
