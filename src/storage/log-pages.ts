/** The log of a ledger by sequence: one record, or page after page what is pruned and what is there. */
import { and, asc, eq, sql } from 'drizzle-orm'
import { findPrunedThrough } from './audit-retention.ts'
import type { Database } from './database.ts'
import { entries } from './entries.ts'
import { selectLeafTiles, tileWidth } from './tree-tiles.ts'

/** An entry as it was hashed, and what is left of the personal data beside it. */
export type LogLine = { sequence: number; hash: string; record: string; personal: string | null }

const columns = {
  sequence: entries.sequence,
  hash: entries.hash,
  record: entries.record,
  personal: entries.personal,
}

export const findLogLine = async (
  db: Database,
  ledger: string,
  sequence: number,
): Promise<LogLine | undefined> =>
  (
    await db
      .select(columns)
      .from(entries)
      .where(and(eq(entries.ledger, ledger), eq(entries.sequence, sequence)))
      .limit(1)
  )[0]

/** A page has at most this many entries … */
const pageRows = 1_000
/** … and ends behind the one that reaches this many bytes, since a record may be long. */
const pageBytes = 1_000_000

/** Where the next page ends; it has an entry whenever there is one left, however long that one is. */
const readPage = (db: Database, ledger: string, { after, upTo }: { after: number; upTo: number }) =>
  db
    .select(columns)
    .from(entries)
    .where(
      and(
        eq(entries.ledger, ledger),
        sql`${entries.sequence} IN (
          SELECT sequence FROM (
            SELECT sequence, sum(bytes) OVER (ORDER BY sequence) - bytes AS before
            FROM (
              SELECT sequence, octet_length(record) + coalesce(octet_length(personal), 0) AS bytes
              FROM entries
              WHERE ledger = ${ledger} AND sequence > ${after} AND sequence <= ${upTo}
              ORDER BY sequence LIMIT ${pageRows}
            )
          )
          WHERE before < ${pageBytes})`,
      ),
    )
    .orderBy(asc(entries.sequence))

/** Oldest first. Pages read what is there; that nothing is missing is for whoever checks. */
export async function* logPages(
  db: Database,
  ledger: string,
  { after: start, upTo }: { after: number; upTo: number },
): AsyncGenerator<LogLine[], undefined> {
  let after = start
  for (;;) {
    const page = await readPage(db, ledger, { after, upTo })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    after = last.sequence
  }
}

/** Tiles in a page: 16 kB each. */
const pageTiles = 32

/** What is left of pruned entries: their hashes in hex, one behind the other. */
export type PrunedLine = { from: number; to: number; hashes: string }

/** The tiles that are there; that none is missing is for whoever checks. */
export async function* prunedPages(
  db: Database,
  ledger: string,
  through: number,
): AsyncGenerator<PrunedLine[], undefined> {
  const end = through / tileWidth
  for (let from = 0; from < end; from += pageTiles) {
    const tiles = await selectLeafTiles(db, ledger, { from, to: Math.min(from + pageTiles, end) })
    yield tiles.map(({ position, hashes }) => ({
      from: position * tileWidth + 1,
      to: (position + 1) * tileWidth,
      hashes,
    }))
  }
}

/**
 * The pages behind what is pruned. Throws when more is pruned meanwhile than `after` and it shows:
 * an export that has told of other beginnings cannot go on as if entries were missing.
 */
export async function* keptPages(
  db: Database,
  ledger: string,
  { after, upTo }: { after: number; upTo: number },
): AsyncGenerator<LogLine[], undefined> {
  let last = after
  for await (const page of logPages(db, ledger, { after, upTo })) {
    const isGap = page[0]?.sequence !== last + 1
    if (isGap && (await findPrunedThrough(db, ledger)) > after) {
      throw new Error('the log was pruned while it was read: begin again')
    }
    yield page
    last = page.at(-1)?.sequence ?? last
  }
}
