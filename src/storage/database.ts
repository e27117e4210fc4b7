/** Opens D1 through Drizzle. A statement is built here and executed by whoever holds the batch. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'

export type Database = DrizzleD1Database
export type Statement = BatchItem<'sqlite'>

/** One handle per request or per object: a handle kept at module scope outlives its bindings. */
export const openDatabase = (d1: D1Database): Database => drizzle(d1)

/** Runs the statements as one transaction: all of them, or none. */
export async function runBatch(db: Database, statements: Statement[]): Promise<unknown[]> {
  const [first, ...rest] = statements
  return first === undefined ? [] : await db.batch([first, ...rest])
}

/** D1 takes 100 bound parameters a statement; a multi-row insert is cut to fit. */
export function chunkRows<T>(rows: T[], columns: number): T[][] {
  const size = Math.max(1, Math.floor(100 / columns))
  const chunks: T[][] = []
  for (let start = 0; start < rows.length; start += size)
    chunks.push(rows.slice(start, start + size))
  return chunks
}

/** `column IN (…)` for any number of values: one bound parameter however many there are. */
export const isOneOf = (column: SQLWrapper, values: readonly (number | string)[]): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
