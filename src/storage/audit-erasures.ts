/**
 * Personal data beside the entries of a log: whose it is, how much of it there is, taking it away. What
 * entries tell of somebody is found by the index of those that are about people.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Log } from './audit-filters.ts'
import { type Database, isOneOf, type Statement } from './database.ts'
import { entries } from './entries.ts'

/** Everything that somebody is known by in a log. */
export type Someone =
  | { kind: 'person'; userIds: number[]; emails: string[] }
  | { kind: 'identity'; environmentId: number; identityIds: number[]; identifier: string }

const about = (ledger: string, types: readonly string[]): SQL => sql`
  entries INDEXED BY entries_about_people WHERE ledger = ${ledger}
    AND json_extract(personal, '$.subject') IS NOT NULL AND ${isOneOf(sql`resource_type`, types)}`

const ofPeople = ['USER', 'SESSION', 'MEMBERSHIP', 'PERMISSION', 'INVITE', 'ORGANISATION']
const ofIdentities = ['IDENTITY', 'TRAIT', 'FEATURE_STATE']

const inSnapshots = (id: SQL): SQL =>
  sql`coalesce(json_extract(record, '$.after.' || ${id}), json_extract(record, '$.before.' || ${id}))`

const userId = sql`CASE WHEN resource_type IN ('USER', 'MEMBERSHIP') THEN CAST(resource_id AS INTEGER)
  ELSE ${inSnapshots(sql`'user_id'`)} END`

const identityId = sql`CASE resource_type WHEN 'IDENTITY' THEN CAST(resource_id AS INTEGER)
  ELSE ${inSnapshots(sql`'identity_id'`)} END`

const told = (path: string): SQL => sql`json_extract(personal, ${`$.subject.${path}`})`

const isIdentifier = (identifier: string): SQL =>
  sql`(${told('before.identifier')} = ${identifier} OR ${told('after.identifier')} = ${identifier})`

/** Addresses compare as those of users do. */
const isEmailAmong = (email: SQL, emails: string[]): SQL =>
  sql`lower(${email}) IN (SELECT lower(value) FROM json_each(${JSON.stringify(emails)}))`

/**
 * A person by id or address, of whom members and entries may know more. Users of other organisations
 * stay unknown: what an erasure finds must not tell who has an account.
 */
export async function findPerson(
  db: Database,
  { ledger, organisationId }: Log,
  known: { userIds: number[]; emails: string[] },
): Promise<Someone> {
  const found = await db
    .select({ id: sql<number | null>`id`, email: sql<string | null>`email` })
    .from(sql`(
    SELECT id, email FROM (
      SELECT users.id, users.email FROM memberships JOIN users ON users.id = memberships.user_id
        WHERE organisation_id = ${organisationId}
      UNION SELECT ${userId}, nullif(${told('resource.name')}, '')
        FROM ${about(ledger, ['MEMBERSHIP', 'PERMISSION'])}
    ) WHERE ${isOneOf(sql`id`, known.userIds)} OR ${isEmailAmong(sql`email`, known.emails)})`)
  return {
    kind: 'person',
    userIds: [...new Set([...known.userIds, ...found.flatMap(({ id }) => id ?? [])])],
    emails: [...new Set([...known.emails, ...found.flatMap(({ email }) => email ?? [])])],
  }
}

/** All identities that had the identifier, one after the other, in the environment. */
export async function findNamedIdentities(
  db: Database,
  ledger: string,
  named: { environmentId: number; identifier: string },
): Promise<Someone> {
  const { environmentId, identifier } = named
  const found = await db.select({ id: sql<number | null>`id` }).from(sql`(
    SELECT DISTINCT ${identityId} AS id FROM ${about(ledger, ofIdentities)}
      AND environment_id = ${environmentId} AND ${isIdentifier(identifier)})`)
  return { kind: 'identity', ...named, identityIds: found.flatMap(({ id }) => id ?? []) }
}

/** Ids of the entries that somebody has made, while they tell who that was. */
function madeBy(ledger: string, someone: Someone): SQL {
  const userIds = someone.kind === 'person' ? someone.userIds : []
  return sql`SELECT id FROM entries INDEXED BY entries_by_actor WHERE ledger = ${ledger}
    AND ${isOneOf(sql`actor_id`, userIds.map(String))} AND actor_kind = 'user'
    AND json_extract(personal, '$.actor') IS NOT NULL`
}

/** Where entries about people have an address. */
const addresses = [
  'resource.name',
  'before.webhook_notification_email',
  'after.webhook_notification_email',
]

/** Ids of the entries that are about somebody, while they tell who that is. */
function madeAbout(ledger: string, someone: Someone): SQL {
  if (someone.kind === 'identity') {
    const { environmentId, identityIds, identifier } = someone
    return sql`SELECT id FROM ${about(ledger, ofIdentities)} AND environment_id = ${environmentId}
      AND (${isOneOf(identityId, identityIds)} OR ${isIdentifier(identifier)})`
  }
  const { userIds, emails } = someone
  const named = addresses.map((path) => isEmailAmong(told(path), emails))
  return sql`SELECT id FROM ${about(ledger, ofPeople)}
    AND (${isOneOf(userId, userIds)} OR ${sql.join(named, sql` OR `)})`
}

/** Entries, and parts of them, that tell of somebody. */
export type Left = { entries: number; actors: number; subjects: number }

export async function countPersonal(db: Database, ledger: string, someone: Someone): Promise<Left> {
  const parts = sql`SELECT id, 1 AS actor, 0 AS subject FROM (${madeBy(ledger, someone)})
    UNION ALL SELECT id, 0, 1 FROM (${madeAbout(ledger, someone)})`
  const [left] = await db
    .select({
      entries: sql<number>`count(DISTINCT id)`,
      actors: sql<number>`coalesce(sum(actor), 0)`,
      subjects: sql<number>`coalesce(sum(subject), 0)`,
    })
    .from(sql`(${parts})`)
  return left ?? { entries: 0, actors: 0, subjects: 0 }
}

const without = (path: string): SQL => sql`nullif(json_remove(personal, ${path}), '{}')`

/** For good: with its salt, a part is gone from the entry, and the entry's hash stays true. */
export const erasePersonal = (db: Database, ledger: string, someone: Someone): Statement[] => [
  db
    .update(entries)
    .set({ personal: without('$.actor') })
    .where(sql`id IN (${madeBy(ledger, someone)})`),
  db
    .update(entries)
    .set({ personal: without('$.subject') })
    .where(sql`id IN (${madeAbout(ledger, someone)})`),
]
