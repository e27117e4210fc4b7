/**
 * How long organisations keep the entries of their audit logs, and how far those are pruned. Only the
 * beginning of a log can go, in whole tiles whose hashes stay (triggers). Decides nothing.
 */
import { and, eq, lte, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database, Statement } from './database.ts'
import { entries } from './entries.ts'
import { organisations } from './organisations.ts'
import { tileWidth } from './tree-tiles.ts'

export const prunings = sqliteTable('prunings', {
  ledger: text().primaryKey(),
  /** The rows up to this sequence are gone. */
  through: integer().notNull(),
})

/** 0 while nothing was pruned. */
export const findPrunedThrough = async (db: Database, ledger: string): Promise<number> =>
  (
    await db
      .select({ through: prunings.through })
      .from(prunings)
      .where(eq(prunings.ledger, ledger))
      .limit(1)
  )[0]?.through ?? 0

/** When the youngest entry of a tile was written. */
export type TileAge = { position: number; youngest: number }

/** Read in an index alone, whatever the records are. */
export const listTileAges = (
  db: Database,
  ledger: string,
  { after, upTo }: { after: number; upTo: number },
): Promise<TileAge[]> =>
  db.select({ position: sql<number>`position`, youngest: sql<number>`youngest` }).from(sql`(
      SELECT (sequence - 1) / ${sql.raw(String(tileWidth))} AS position, max(created_at) AS youngest
      FROM entries INDEXED BY entries_by_text
      WHERE ledger = ${ledger} AND sequence > ${after} AND sequence <= ${upTo}
      GROUP BY 1 ORDER BY 1)`)

/** Says how far first: the triggers hold the deletion against it. */
export const pruneEntries = (db: Database, ledger: string, through: number): Statement[] => [
  db
    .insert(prunings)
    .values({ ledger, through })
    .onConflictDoUpdate({ target: prunings.ledger, set: { through } }),
  db.delete(entries).where(and(eq(entries.ledger, ledger), lte(entries.sequence, through))),
]

const dayMs = 24 * 60 * 60 * 1_000

export type Overdue = { organisationId: number; days: number }

/**
 * Organisations with a whole tile that was too old at a moment, judged by its last entry alone. In no
 * order, so that logs which cannot be pruned do not keep the others waiting.
 */
export const listOverdueLogs = (
  db: Database,
  { before, floorDays, limit }: { before: number; floorDays: number; limit: number },
): Promise<Overdue[]> =>
  db
    .select({ organisationId: organisations.id, days: organisations.auditRetentionDays })
    .from(organisations)
    .where(
      sql`EXISTS (
        SELECT 1 FROM entries
        WHERE ledger = 'organisation:' || ${organisations.id}
          AND sequence = ${tileWidth} + coalesce(
            (SELECT through FROM prunings WHERE ledger = 'organisation:' || ${organisations.id}), 0)
          AND created_at < ${before} - ${dayMs} * max(${organisations.auditRetentionDays}, ${floorDays}))`,
    )
    .orderBy(sql`random()`)
    .limit(limit)
