/** The audit log folded, and held against the rows of D1: what they differ in, in words. */
import { env } from 'cloudflare:workers'
import { asc, gt } from 'drizzle-orm'
import { createFold, type Finding, type Fold, type FoldEntry } from '../../src/ledger/fold.ts'
import { compareTable, selectOf } from '../../src/ledger/fold-compare.ts'
import { foldTables } from '../../src/ledger/fold-tables.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { wholeRecord } from '../../src/storage/records.ts'

/** A page of entries is read at once: answers of D1 have their limits. */
const page = 2_000

export const toText = ({ ledger, sequence, table, key, column, text }: Finding): string => {
  const place = sequence === 0 ? '' : `${ledger} entry ${sequence}: `
  return `${place}${table} ${key}${column === null ? '' : `, ${column}`}: ${text}`
}

export type Log = { fold: Fold; lastId: number; found: Finding[] }

export function openLog(): Log {
  const found: Finding[] = []
  return { fold: createFold({ find: (finding) => found.push(finding) }), lastId: 0, found }
}

/** Takes what was written since; `change` may leave an entry out or make it another. */
export async function takeLog(
  log: Log,
  change: (entry: FoldEntry) => FoldEntry | null = (entry) => entry,
): Promise<void> {
  const db = openDatabase(env.DB)
  for (;;) {
    const rows = await db
      .select()
      .from(entries)
      .where(gt(entries.id, log.lastId))
      .orderBy(asc(entries.id))
      .limit(page)
    for (const row of rows) {
      const entry = change(wholeRecord(row) as FoldEntry)
      if (entry !== null) log.fold.take(entry)
    }
    log.lastId = rows.at(-1)?.id ?? log.lastId
    if (rows.length < page) break
  }
  log.fold.end()
}

/** The rows of every table that the log tells. */
export async function readStored(): Promise<Map<string, unknown[][]>> {
  const tables = [...foldTables.values()]
  const results = await Promise.all(
    tables.map((table) => env.DB.prepare(selectOf(table)).raw<unknown[]>()),
  )
  return new Map(tables.map((table, index) => [table.name, results[index] ?? []]))
}

/** `setUp`: tables into which the test itself put rows, behind the log's back. */
export async function compareLog({ fold, found }: Log, setUp: string[] = []): Promise<string[]> {
  const differences: Finding[] = []
  const stored = await readStored()
  for (const table of foldTables.values()) {
    compareTable(fold, table, {
      stored: stored.get(table.name) ?? [],
      find: (finding) => differences.push(finding),
      mayBePruned: () => setUp.includes(table.name),
    })
  }
  return [...found, ...differences].map(toText)
}

let log: Log | undefined

/**
 * What the log does not explain of the database, or the other way round. Goes on from where the last
 * check of this file ended, so that it costs no more than what is new.
 */
export async function checkFold(setUp: string[] = []): Promise<string[]> {
  log ??= openLog()
  await takeLog(log)
  return compareLog(log, setUp)
}

/** What the log told until now is gone from D1, behind its back: a test has cleaned up. */
export function forgetRows(): void {
  for (const name of foldTables.keys()) log?.fold.rows(name).clear()
}
