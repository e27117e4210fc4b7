/**
 * The Merkle tree of a ledger in tiles of 256 hashes (levels as in C2SP tlog-tiles): a tile of level
 * 0 holds leaf hashes, one of level n + 1 the roots of 256 tiles of level n. Only complete tiles have
 * a row, so a row never changes; what is not complete yet is read from the entries and from the roots
 * of the level below.
 */
import { and, asc, eq, gte, lt, sql } from 'drizzle-orm'
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, insertRows } from './database.ts'
import { entries } from './entries.ts'

export const treeTiles = sqliteTable(
  'tree_tiles',
  {
    ledger: text().notNull(),
    level: integer().notNull(),
    position: integer().notNull(),
    /** The root of the tile's own subtree, in hex. */
    root: text().notNull(),
    /** 256 hashes in hex, one behind the other. */
    hashes: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.ledger, table.level, table.position] })],
)

export type TileRow = typeof treeTiles.$inferInsert

/** Hashes in a tile. */
export const tileWidth = 256

/** How many complete tiles of leaves there are. */
export const countLeafTiles = (db: Database, ledger: string) =>
  db
    .select({ count: sql<number>`coalesce(max(${treeTiles.position}) + 1, 0)` })
    .from(treeTiles)
    .where(and(eq(treeTiles.ledger, ledger), eq(treeTiles.level, 0)))

/** The last sequence number of a ledger; 0 while it has no entry. */
export const lastSequence = (db: Database, ledger: string) =>
  db
    .select({ sequence: sql<number>`coalesce(max(${entries.sequence}), 0)` })
    .from(entries)
    .where(eq(entries.ledger, ledger))

/** One row a tile, also for the last one that is not complete; `width` tells whether one is missing. */
export const selectLeaves = (
  db: Database,
  ledger: string,
  { position, size }: { position: number; size: number },
) => {
  const at = sql<number>`(${entries.sequence} - 1) / ${sql.raw(String(tileWidth))}`
  return db
    .select({
      position: at.as('position'),
      width: sql<number>`count(*)`.as('width'),
      hashes: sql<string>`group_concat(${entries.hash}, '' ORDER BY ${entries.sequence})`.as(
        'hashes',
      ),
    })
    .from(entries)
    .where(
      and(
        eq(entries.ledger, ledger),
        sql`${entries.sequence} > ${position * tileWidth}`,
        sql`${entries.sequence} <= ${size}`,
      ),
    )
    .groupBy(at)
    .orderBy(at)
}

/** The complete tiles of leaves from a position up to but not including another. */
export const selectLeafTiles = (
  db: Database,
  ledger: string,
  { from, to }: { from: number; to: number },
) =>
  db
    .select({ position: treeTiles.position, hashes: treeTiles.hashes })
    .from(treeTiles)
    .where(
      and(
        eq(treeTiles.ledger, ledger),
        eq(treeTiles.level, 0),
        gte(treeTiles.position, from),
        lt(treeTiles.position, to),
      ),
    )
    .orderBy(asc(treeTiles.position))

/** The complete tiles that are asked for, any number of them. */
export const selectTiles = (
  db: Database,
  ledger: string,
  tiles: { level: number; position: number }[],
) => {
  const pairs = JSON.stringify(tiles.map(({ level, position }) => [level, position]))
  return db
    .select({ level: treeTiles.level, position: treeTiles.position, hashes: treeTiles.hashes })
    .from(treeTiles)
    .where(
      and(
        eq(treeTiles.ledger, ledger),
        sql`(${treeTiles.level}, ${treeTiles.position}) IN
          (SELECT value ->> 0, value ->> 1 FROM json_each(${pairs}))`,
      ),
    )
}

/** The roots of the complete tiles of a level, from a position up to but not including another. */
export const selectRoots = (
  db: Database,
  ledger: string,
  { level, from, to }: { level: number; from: number; to: number },
) =>
  db
    .select({ position: treeTiles.position, root: treeTiles.root })
    .from(treeTiles)
    .where(
      and(
        eq(treeTiles.ledger, ledger),
        eq(treeTiles.level, level),
        gte(treeTiles.position, from),
        lt(treeTiles.position, to),
      ),
    )
    .orderBy(asc(treeTiles.position))

/** Two who fill at the same time write the same. */
export const insertTiles = (db: Database, rows: TileRow[]) =>
  insertRows(db, treeTiles, rows).map((statement) => statement.onConflictDoNothing())
