/**
 * The audit log's rows. They are appended by the ledger's batch and never edited, except that personal
 * data is erased. Columns that D1 computes from `record` and `personal` (migrations 0012, 0013) are no
 * business of who writes; audit-filters.ts names them.
 */
import { desc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

export const entries = sqliteTable('entries', {
  id: integer().primaryKey({ autoIncrement: true }),
  ledger: text().notNull(),
  /** Dense per ledger, from 1: commit order. */
  sequence: integer().notNull(),
  /** SHA-256 (hex) of 0x00 and the canonical record, which names the hash before it. */
  hash: text().notNull(),
  /** One per committed plan: all its entries, events and log lines share it. */
  changeId: text('change_id').notNull(),
  action: text().notNull(),
  actorKind: text('actor_kind').notNull(),
  actorId: text('actor_id'),
  resourceType: text('resource_type').notNull(),
  resourceId: text('resource_id'),
  projectId: integer('project_id'),
  environmentId: integer('environment_id'),
  createdAt: integer('created_at').notNull(),
  /** What was hashed, as canonical JSON (RFC 8785): the columns beside it are its index. */
  record: text().notNull(),
  /**
   * What the record only commits to, as JSON: `actor` and `subject`, each with its salt, until it is
   * erased. Null: nothing is left, or the entry is of the first version. records.ts has the whole.
   */
  personal: text(),
})

export type EntryRow = typeof entries.$inferSelect

/** The last entry of a ledger: where the next one is chained. */
export type Head = { sequence: number; hash: string }

export const findHead = async (db: Database, ledger: string): Promise<Head | undefined> =>
  (
    await db
      .select({ sequence: entries.sequence, hash: entries.hash })
      .from(entries)
      .where(eq(entries.ledger, ledger))
      .orderBy(desc(entries.sequence))
      .limit(1)
  )[0]

/** The last sequence number a change wrote, if the change was committed. */
export const findHeadOfChange = async (db: Database, changeId: string): Promise<Head | undefined> =>
  (
    await db
      .select({ sequence: entries.sequence, hash: entries.hash })
      .from(entries)
      .where(eq(entries.changeId, changeId))
      .orderBy(desc(entries.sequence))
      .limit(1)
  )[0]

export const findEntryById = async (db: Database, id: number): Promise<EntryRow | undefined> =>
  (await db.select().from(entries).where(eq(entries.id, id)).limit(1))[0]

/** The last entry of a change: where a caller finds what it did. */
export const findEntryOfChange = async (
  db: Database,
  changeId: string,
): Promise<Pick<EntryRow, 'id' | 'sequence'> | undefined> =>
  (
    await db
      .select({ id: entries.id, sequence: entries.sequence })
      .from(entries)
      .where(eq(entries.changeId, changeId))
      .orderBy(desc(entries.sequence))
      .limit(1)
  )[0]
