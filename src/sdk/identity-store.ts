/**
 * An identity as the database holds it, read once and written only where it differs. Concurrent
 * writers need no lock: every write is one batch of statements that say what shall be so.
 */
import { stateBuilder } from '../document/build.ts'
import type { FeatureState } from '../engine/document.ts'
import type { Env } from '../env.ts'
import { type Database, openDatabase, type Statement } from '../storage/database.ts'
import {
  deleteTraits,
  guardTraitCount,
  type IdentityKey,
  incrementTrait,
  insertIdentity,
  isTraitCountExceeded,
  readTraitValue,
  selectIdentity,
  selectTraits,
  upsertTraits,
} from '../storage/identities.ts'
import { readIdentityRows } from '../storage/identity-rows.ts'
import { identityDatabase } from '../storage/identity-shard.ts'
import { forgetIdentity } from './identity-memo.ts'
import type { Merge, Trait } from './merge-traits.ts'

export type StoredIdentity = {
  /** Null: nobody has stored it. */
  id: number | null
  traits: Trait[]
  overrides: ReadonlyMap<number, FeatureState>
}

/** An identity that is not stored, or not asked for. */
export const nobody: StoredIdentity = { id: null, traits: [], overrides: new Map() }

export async function readIdentity(env: Env, key: IdentityKey): Promise<StoredIdentity> {
  const rows = await readIdentityRows(env, key)
  if (rows.identity === undefined) return nobody
  const build = stateBuilder(rows)
  return {
    id: rows.identity.id,
    traits: rows.traits.map(({ id, key: name, value: json }) => {
      return { id, key: name, json, value: readTraitValue(json), transient: false }
    }),
    overrides: new Map(rows.states.map((state) => [state.featureId, build(state)])),
  }
}

export type Change = Pick<Merge, 'set' | 'remove'>

export type Written = {
  id: number
  /** Of the traits that were written, by key. */
  traitIds: Map<string, number>
}

function statementsOf(db: Database, key: IdentityKey, { set, remove }: Change): Statement[] {
  const { environmentId, identifier } = key
  const statements: Statement[] = []
  if (remove.length > 0) {
    statements.push(deleteTraits(db, environmentId, [{ identifier, keys: remove }]))
  }
  if (set.length > 0) statements.push(guardTraitCount(db, environmentId, [identifier]))
  return statements
}

/**
 * Makes the identity exist and applies the change, all or nothing; null if it would have more traits
 * than an identity may have. The identity is inserted again even if it was there when it was read: it
 * may have been deleted since.
 */
export async function writeIdentity(
  env: Env,
  key: IdentityKey,
  change: Change,
): Promise<Written | null> {
  const db = openDatabase(identityDatabase(env, key.environmentId, key.identifier))
  const now = Date.now()
  const rows = [{ identifier: key.identifier, traits: change.set }]
  try {
    const [, ids, traits] = await db.batch([
      insertIdentity(db, key, now),
      selectIdentity(db, key),
      upsertTraits(db, key.environmentId, { rows, now }),
      ...statementsOf(db, key, change),
    ])
    forgetIdentity(key)
    const id = ids[0]?.id
    if (id === undefined) throw new Error('the identity was not stored')
    return { id, traitIds: new Map(traits.map((trait) => [trait.key, trait.id])) }
  } catch (error) {
    if (isTraitCountExceeded(error)) return null
    throw error
  }
}

export type Sum =
  | { kind: 'ok'; value: number }
  | { kind: 'no-integer' }
  | { kind: 'out-of-range' }
  | { kind: 'too-many' }

/** Adds to a trait in one statement, so that no increment of several at once is lost. */
export async function incrementStored(
  env: Env,
  at: IdentityKey & { key: string },
  by: number,
): Promise<Sum> {
  const db = openDatabase(identityDatabase(env, at.environmentId, at.identifier))
  const now = Date.now()
  try {
    const [, [summed], stored] = await db.batch([
      insertIdentity(db, at, now),
      incrementTrait(db, at, { by, now }),
      selectTraits(db, at),
      guardTraitCount(db, at.environmentId, [at.identifier]),
    ])
    forgetIdentity(at)
    if (summed !== undefined) return { kind: 'ok', value: Number(summed.value) }
    const present = stored.find((trait) => trait.key === at.key)
    return { kind: /^-?\d+$/.test(present?.value ?? '') ? 'out-of-range' : 'no-integer' }
  } catch (error) {
    if (isTraitCountExceeded(error)) return { kind: 'too-many' }
    throw error
  }
}
