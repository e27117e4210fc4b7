/**
 * Identities and their traits, as SDKs write them: single atomic statements, no ledger, no audit.
 * Only what differs is written; of two writers of one trait the later one stays.
 */
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf, type Statement } from './database.ts'

export type TraitValue = string | number | boolean

export const identities = sqliteTable('identities', {
  id: integer().primaryKey({ autoIncrement: true }),
  environmentId: integer('environment_id').notNull(),
  identifier: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

export const traits = sqliteTable('traits', {
  id: integer().primaryKey({ autoIncrement: true }),
  identityId: integer('identity_id').notNull(),
  key: text().notNull(),
  /** The JSON text of a string, number or boolean, so that `5.0` stays a float. Never null. */
  value: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

export type Identity = typeof identities.$inferSelect
export type Trait = typeof traits.$inferSelect

/** An identity's place: unique, and what its shard is chosen by. */
export type IdentityKey = { environmentId: number; identifier: string }

/**
 * A stored value as the engine takes it: a whole float as its text, by which the engine tells it from
 * an integer. Whoever shows values to people parses the JSON itself.
 */
export const readTraitValue = (json: string): TraitValue => {
  const value: TraitValue = JSON.parse(json)
  return Number.isSafeInteger(value) && json.includes('.') ? json : value
}

/** What one identity gets: values as JSON text. */
export type TraitsToStore = { identifier: string; traits: { key: string; value: string }[] }

/** Which traits of one identity. */
export type TraitKeys = { identifier: string; keys: string[] }

/** More than this no identity may have: it is read whole with every request. */
export const maxTraits = 1_000

const isAt = ({ environmentId, identifier }: IdentityKey) =>
  and(eq(identities.environmentId, environmentId), eq(identities.identifier, identifier))

export const selectIdentity = (db: Database, key: IdentityKey) =>
  db.select().from(identities).where(isAt(key))

/** In the order they were first set. */
export const selectTraits = (db: Database, key: IdentityKey) =>
  db
    .select()
    .from(traits)
    .where(
      inArray(
        traits.identityId,
        db.select({ id: identities.id }).from(identities).where(isAt(key)),
      ),
    )
    .orderBy(asc(traits.id))

const idsOf = (db: Database, environmentId: number, identifiers: string[]) =>
  db
    .select({ id: identities.id })
    .from(identities)
    .where(
      and(eq(identities.environmentId, environmentId), isOneOf(identities.identifier, identifiers)),
    )

export const selectIdentities = (db: Database, environmentId: number, identifiers: string[]) =>
  db
    .select()
    .from(identities)
    .where(
      and(eq(identities.environmentId, environmentId), isOneOf(identities.identifier, identifiers)),
    )

/** Of all these identities, each in the order its traits were first set. */
export const selectTraitsOfAll = (db: Database, environmentId: number, identifiers: string[]) =>
  db
    .select()
    .from(traits)
    .where(inArray(traits.identityId, idsOf(db, environmentId, identifiers)))
    .orderBy(asc(traits.id))

/** Does nothing for those that are there already. */
export const insertIdentities = (
  db: Database,
  environmentId: number,
  { identifiers, now }: { identifiers: string[]; now: number },
) =>
  db
    .insert(identities)
    .select(
      sql`SELECT NULL, ${environmentId}, value, ${now} FROM json_each(${JSON.stringify(identifiers)})
        WHERE true`,
    )
    .onConflictDoNothing()

/** Does nothing when the identity is there already. */
export const insertIdentity = (db: Database, key: IdentityKey, now: number) =>
  insertIdentities(db, key.environmentId, { identifiers: [key.identifier], now })

/** Values go in as JSON inside JSON: `->` hands their text on as it was written. */
const asJson = (rows: TraitsToStore[]): string => {
  const pair = (trait: { key: string; value: string }) =>
    `[${JSON.stringify(trait.key)},${trait.value}]`
  const item = ({ identifier, traits }: TraitsToStore) =>
    `[${JSON.stringify(identifier)},[${traits.map(pair).join()}]]`
  return `[${rows.map(item).join()}]`
}

/** Any number of traits of identities that exist by now, in one statement; what is so stays. */
export const upsertTraits = (
  db: Database,
  environmentId: number,
  { rows, now }: { rows: TraitsToStore[]; now: number },
) =>
  db
    .insert(traits)
    .select(sql`
      SELECT NULL, identities.id, pair.value ->> 0, pair.value -> 1, ${now}
      FROM json_each(${asJson(rows)}) AS item
      JOIN identities
        ON identities.environment_id = ${environmentId}
        AND identities.identifier = item.value ->> 0
      JOIN json_each(item.value, '$[1]') AS pair
      WHERE true`)
    .onConflictDoUpdate({
      target: [traits.identityId, traits.key],
      set: { value: sql`excluded.value` },
      setWhere: sql`${traits.value} <> excluded.value`,
    })
    .returning({ id: traits.id, key: traits.key })

const idsOfTraits = (environmentId: number, rows: TraitKeys[]) => sql`(
  SELECT traits.id FROM json_each(${JSON.stringify(rows)}) AS item
  JOIN identities
    ON identities.environment_id = ${environmentId}
    AND identities.identifier = item.value ->> 'identifier'
  JOIN json_each(item.value, '$.keys') AS name
  JOIN traits ON traits.identity_id = identities.id AND traits.key = name.value)`

export const deleteTraits = (db: Database, environmentId: number, rows: TraitKeys[]): Statement =>
  db.delete(traits).where(sql`${traits.id} IN ${idsOfTraits(environmentId, rows)}`)

/** Leaves each of the identities with no other traits than those named. */
export const deleteOtherTraits = (
  db: Database,
  environmentId: number,
  kept: TraitKeys[],
): Statement => {
  const identifiers = kept.map((row) => row.identifier)
  return db
    .delete(traits)
    .where(
      and(
        inArray(traits.identityId, idsOf(db, environmentId, identifiers)),
        sql`${traits.id} NOT IN ${idsOfTraits(environmentId, kept)}`,
      ),
    )
}

/**
 * Stands last in a batch that adds traits: it fails, and with it the whole batch, if an identity now
 * has more than it may. So the limit holds whatever runs at the same time.
 */
export const guardTraitCount = (
  db: Database,
  environmentId: number,
  identifiers: string[],
): Statement =>
  db.insert(traits).select(sql`
    SELECT NULL, NULL, '', '', 0 FROM traits
    WHERE identity_id IN ${idsOf(db, environmentId, identifiers)}
    GROUP BY identity_id HAVING count(*) > ${maxTraits}`)

/** Whether a batch failed by `guardTraitCount`. */
export const isTraitCountExceeded = (error: unknown): boolean =>
  error instanceof Error &&
  (error.message.includes('NOT NULL constraint failed: traits.identity_id') ||
    isTraitCountExceeded(error.cause))

/** Adds to a whole number, from 0; leaves alone what is none or would leave 32 bits. */
export const incrementTrait = (
  db: Database,
  at: IdentityKey & { key: string },
  { by, now }: { by: number; now: number },
) => {
  // D1 binds every number as a float.
  const sum = sql`CAST(${traits.value} AS INTEGER) + CAST(${by} AS INTEGER)`
  return db
    .insert(traits)
    .select(sql`
      SELECT NULL, id, ${at.key}, ${String(by)}, ${now} FROM identities
      WHERE environment_id = ${at.environmentId} AND identifier = ${at.identifier}`)
    .onConflictDoUpdate({
      target: [traits.identityId, traits.key],
      set: { value: sql`CAST(${sum} AS TEXT)` },
      setWhere: sql`json_type(${traits.value}) = 'integer'
        AND ${sum} BETWEEN -2147483648 AND 2147483647`,
    })
    .returning({ value: traits.value })
}
