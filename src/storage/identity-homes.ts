/**
 * The databases with identities as an admin change sees them: what it can write in its own batch, and
 * what lives elsewhere; and ids for rows that are made there. It decides nothing.
 */
import { and, eq } from 'drizzle-orm'
import type { Env } from '../env.ts'
import { type Database, openDatabase, type Statement } from './database.ts'
import {
  type Identity,
  type IdentityKey,
  identities,
  insertIdentities,
  selectIdentity,
  traits,
} from './identities.ts'
import { identityDatabases, shardOf } from './identity-shard.ts'

/** `shard` is null for the main database. */
export type IdentityHome = { db: Database; shard: number | null }

/** A statement that can also be kept and run later. */
export type HomeStatement = Statement & { toSQL: () => { sql: string; params: unknown[] } }

export const identityHomes = (env: Env): IdentityHome[] =>
  identityDatabases(env).map((d1, index) => ({
    db: openDatabase(d1),
    shard: d1 === env.DB ? null : index,
  }))

/** The one home of an identity, whether it exists or not. */
export function homeOf(
  homes: IdentityHome[],
  { environmentId, identifier }: IdentityKey,
): IdentityHome {
  const home = homes[shardOf(homes.length, environmentId, identifier)]
  if (home === undefined) throw new Error('there is no database with identities')
  return home
}

export type Housed = { identity: Identity; home: IdentityHome }

/** An id alone does not tell where an identity lives: every home is asked. */
export async function findHoused(
  homes: IdentityHome[],
  environmentId: number,
  id: number,
): Promise<Housed | undefined> {
  const own = and(eq(identities.id, id), eq(identities.environmentId, environmentId))
  const found = await Promise.all(
    homes.map(async (home) => {
      const rows = await home.db.select().from(identities).where(own).limit(1)
      return rows.map((identity) => ({ identity, home }))
    }),
  )
  return found.flat()[0]
}

export const findNamed = async (
  homes: IdentityHome[],
  key: IdentityKey,
): Promise<Identity | undefined> => (await selectIdentity(homeOf(homes, key).db, key))[0]

/** Wherever it lives and whatever its environment. */
export async function findIdentityAnywhere(
  homes: IdentityHome[],
  id: number,
): Promise<Identity | undefined> {
  const found = await Promise.all(
    homes.map(({ db }) => db.select().from(identities).where(eq(identities.id, id)).limit(1)),
  )
  return found.flat()[0]
}

/** No id is given twice, so rows that go at once reserve theirs. No environment has the id 0. */
export async function reserveIdentityIds({ db }: IdentityHome, count: number): Promise<number[]> {
  const identifiers = Array.from({ length: count }, () => crypto.randomUUID())
  const [rows] = await db.batch([
    insertIdentities(db, 0, { identifiers, now: 0 }).returning({ id: identities.id }),
    db.delete(identities).where(eq(identities.environmentId, 0)),
  ])
  return rows.map(({ id }) => id)
}

export async function reserveIdentityId(home: IdentityHome): Promise<number> {
  const [id] = await reserveIdentityIds(home, 1)
  if (id === undefined) throw new Error('no id was reserved')
  return id
}

/** The same for a trait; its row belongs to the identity for as long as the batch takes. */
export async function reserveTraitId({ db }: IdentityHome, identityId: number): Promise<number> {
  const key = crypto.randomUUID()
  const [rows] = await db.batch([
    db
      .insert(traits)
      .values({ identityId, key, value: '0', createdAt: 0 })
      .returning({ id: traits.id }),
    db.delete(traits).where(and(eq(traits.identityId, identityId), eq(traits.key, key))),
  ])
  const id = rows[0]?.id
  if (id === undefined) throw new Error('no id was reserved')
  return id
}
