/**
 * Traits as admin routes read and write them: one by one, in pages, and their values in the contract's
 * typed columns. How SDKs write them is `identities.ts`.
 */
import { and, asc, count, eq, inArray, lte, max, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { identities, maxTraits, type Trait, traits } from './identities.ts'
import type { HomeStatement } from './identity-homes.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

export type TraitType = 'unicode' | 'int' | 'bool' | 'float'

/** A value with its type; never null. */
export type TypedTrait =
  | { type: 'unicode'; value: string }
  | { type: 'int' | 'float'; value: number }
  | { type: 'bool'; value: boolean }

/** The literal tells an integer from a float. */
export function readTypedTrait(json: string): TypedTrait {
  const value: string | number | boolean = JSON.parse(json)
  if (typeof value === 'string') return { type: 'unicode', value }
  if (typeof value === 'boolean') return { type: 'bool', value }
  return { type: /^-?\d+$/.test(json) ? 'int' : 'float', value }
}

export function traitJson({ type, value }: TypedTrait): string {
  const json = JSON.stringify(Object.is(value, -0) ? 0 : value)
  return type === 'float' && /^-?\d+$/.test(json) ? `${json}.0` : json
}

export const findTrait = async (
  db: Database,
  at: { identityId: number; id: number },
): Promise<Trait | undefined> =>
  (
    await db
      .select()
      .from(traits)
      .where(and(eq(traits.id, at.id), eq(traits.identityId, at.identityId)))
      .limit(1)
  )[0]

export const findTraitByKey = async (
  db: Database,
  at: { identityId: number; key: string },
): Promise<Trait | undefined> =>
  (
    await db
      .select()
      .from(traits)
      .where(and(eq(traits.identityId, at.identityId), eq(traits.key, at.key)))
      .limit(1)
  )[0]

export const countTraits = (db: Database, identityId: number): Promise<number> =>
  db.$count(traits, eq(traits.identityId, identityId))

/** Of one identity, in the order they were first set. */
export const listTraits = (db: Database, identityId: number): Promise<Trait[]> =>
  db.select().from(traits).where(eq(traits.identityId, identityId)).orderBy(asc(traits.id))

export function pageTraits(db: Database, identityId: number, page: Slice): Promise<Page<Trait>> {
  const own = eq(traits.identityId, identityId)
  return pageRows(db, { table: traits, where: own, orderBy: [asc(traits.id)] }, page)
}

/** Nothing if the identity is gone by then, or has as many traits as it may. */
export const insertTrait = (db: Database, trait: Trait): HomeStatement =>
  db.insert(traits).select(sql`
    SELECT ${trait.id}, id, ${trait.key}, ${trait.value}, ${trait.createdAt} FROM identities
    WHERE id = ${trait.identityId}
      AND (SELECT count(*) FROM traits WHERE identity_id = ${trait.identityId}) < ${maxTraits}`)

/** Only what was read is replaced: what an SDK has written since is the later word. */
export const replaceTrait = (db: Database, before: Trait, after: Trait): HomeStatement =>
  db
    .update(traits)
    .set({ key: after.key, value: after.value })
    .where(and(eq(traits.id, before.id), eq(traits.value, before.value)))

const namedIn = (db: Database, environmentId: number, key: string) =>
  and(
    eq(traits.key, key),
    inArray(
      traits.identityId,
      db
        .select({ id: identities.id })
        .from(identities)
        .where(eq(identities.environmentId, environmentId)),
    ),
  )

/** How many identities of an environment have the trait, and the newest of those traits. */
export async function measureKey(
  db: Database,
  environmentId: number,
  key: string,
): Promise<{ count: number; lastId: number }> {
  const [found] = await db
    .select({ count: count(), lastId: max(traits.id) })
    .from(traits)
    .where(namedIn(db, environmentId, key))
  return { count: found?.count ?? 0, lastId: found?.lastId ?? 0 }
}

/** Those that came after `lastId` were not asked about. */
export const deleteKey = (
  db: Database,
  at: { environmentId: number; key: string; lastId: number },
): HomeStatement =>
  db.delete(traits).where(and(namedIn(db, at.environmentId, at.key), lte(traits.id, at.lastId)))
