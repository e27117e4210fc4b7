/**
 * What each ledger has promised about its entries, kept twice: in D1, and in KV as a witness that a
 * restore of the database does not take back. Decides nothing.
 */
import { and, eq, type SQLWrapper, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'
import { type Organisation, organisations } from './organisations.ts'

export const checkpoints = sqliteTable('checkpoints', {
  ledger: text().primaryKey(),
  /** The first so many entries … */
  size: integer().notNull(),
  /** … have this root, in hex. */
  root: text().notNull(),
  promisedAt: integer('promised_at').notNull(),
})

export type Promised = { size: number; root: string }

export const selectPromise = (db: Database, ledger: string) =>
  db
    .select({ size: checkpoints.size, root: checkpoints.root })
    .from(checkpoints)
    .where(eq(checkpoints.ledger, ledger))

/** What the ledger of an organisation has promised, and all that its log's name follows from. */
export type OrganisationPromise = Promised & Pick<Organisation, 'id' | 'uuid'>

/** As a column of another query, so that it costs none of its own; null where nothing is promised. */
export const promiseTo = (organisationId: SQLWrapper) =>
  sql<OrganisationPromise | null>`(
    SELECT json_object('id', organisations.id, 'uuid', organisations.uuid,
      'size', checkpoints.size, 'root', checkpoints.root)
    FROM ${organisations} JOIN ${checkpoints} ON checkpoints.ledger = 'organisation:' || organisations.id
    WHERE organisations.id = ${organisationId})`.mapWith((json: string) => JSON.parse(json))

/**
 * Ledgers with entries beyond their last promise. Goes from ledger to ledger by the index, so it costs the
 * same however long the logs are. In no order, so that logs which cannot grow do not keep the others waiting.
 */
export const listUnpromised = async (db: Database, limit: number): Promise<string[]> =>
  (
    await db.all<{ ledger: string }>(sql`
      WITH RECURSIVE ledgers (ledger) AS (
        SELECT min(ledger) FROM entries
        UNION ALL
        SELECT (SELECT min(entries.ledger) FROM entries WHERE entries.ledger > ledgers.ledger)
        FROM ledgers WHERE ledgers.ledger IS NOT NULL)
      SELECT ledger FROM ledgers
      WHERE EXISTS (
        SELECT 1 FROM entries
        WHERE entries.ledger = ledgers.ledger AND entries.sequence > coalesce(
          (SELECT size FROM checkpoints WHERE checkpoints.ledger = ledgers.ledger), 0))
      ORDER BY random() LIMIT ${limit}`)
  ).map(({ ledger }) => ledger)

/** Promises more, provided that the last promise is still the one that was read; answers one row if so. */
export const promise = (
  db: Database,
  next: typeof checkpoints.$inferInsert,
  last: Promised | undefined,
) =>
  last === undefined
    ? db.insert(checkpoints).values(next).onConflictDoNothing().returning()
    : db
        .update(checkpoints)
        .set(next)
        .where(
          and(
            eq(checkpoints.ledger, next.ledger),
            eq(checkpoints.size, last.size),
            eq(checkpoints.root, last.root),
          ),
        )
        .returning()

const keyOf = (ledger: string) => `checkpoint:${ledger}`

/** An older promise than D1's where KV lags; it has to hold all the same. */
export const readWitness = async (kv: KVNamespace, ledger: string): Promise<Promised | undefined> =>
  (await kv.get<Promised>(keyOf(ledger), 'json')) ?? undefined

export const putWitness = (kv: KVNamespace, ledger: string, { size, root }: Promised) =>
  kv.put(keyOf(ledger), JSON.stringify({ size, root }))
