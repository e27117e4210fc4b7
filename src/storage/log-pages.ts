/** The records of a ledger by their sequence: one, or all of them page after page. */
import { and, asc, eq, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { entries } from './entries.ts'

/** An entry as it was hashed. */
export type LogLine = { sequence: number; hash: string; record: string }

const columns = { sequence: entries.sequence, hash: entries.hash, record: entries.record }

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
              SELECT sequence, octet_length(record) AS bytes FROM entries
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
  upTo: number,
): AsyncGenerator<LogLine[], undefined> {
  let after = 0
  for (;;) {
    const page = await readPage(db, ledger, { after, upTo })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    after = last.sequence
  }
}
