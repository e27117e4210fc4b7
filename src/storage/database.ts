/** Opens D1 through Drizzle. A statement is built here and executed by whoever holds the batch. */
import { getTableColumns, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import type { SQLiteInsertValue, SQLiteTable } from 'drizzle-orm/sqlite-core'

export type Database = DrizzleD1Database
export type Statement = BatchItem<'sqlite'>

/** One handle per request or per object: a handle kept at module scope outlives its bindings. */
export const openDatabase = (d1: D1Database): Database => drizzle(d1)

/** Runs the statements as one transaction: all of them, or none. */
export async function runBatch(db: Database, statements: Statement[]): Promise<unknown[]> {
  const [first, ...rest] = statements
  return first === undefined ? [] : await db.batch([first, ...rest])
}

/** D1 takes this many bound parameters a statement. */
const maxParameters = 100

/** The rows in as few parts as one insert each may carry; none for no rows. */
export function chunkRows<R>(table: SQLiteTable, rows: R[]): R[][] {
  const size = Math.floor(maxParameters / Object.keys(getTableColumns(table)).length)
  const chunks: R[][] = []
  for (let start = 0; start < rows.length; start += size) {
    chunks.push(rows.slice(start, start + size))
  }
  return chunks
}

export const insertRows = <T extends SQLiteTable>(
  db: Database,
  table: T,
  rows: SQLiteInsertValue<T>[],
): Statement[] => chunkRows(table, rows).map((chunk) => db.insert(table).values(chunk))

/** `column IN (…)` for any number of values: one bound parameter however many there are. */
export const isOneOf = (column: SQLWrapper, values: readonly (number | string)[]): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
