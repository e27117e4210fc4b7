/** Opens D1 through Drizzle. A statement is built here and executed by whoever holds the batch. */
import { getTableColumns, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'

export type Database = DrizzleD1Database
export type Statement = BatchItem<'sqlite'>

/** One handle per request or per object: a handle kept at module scope outlives its bindings. */
export const openDatabase = (d1: D1Database): Database => drizzle(d1)

/** Runs the statements as one transaction: all of them, or none. */
export async function runBatch(db: Database, statements: Statement[]): Promise<unknown[]> {
  const [first, ...rest] = statements
  return first === undefined ? [] : await db.batch([first, ...rest])
}

/** A bound value may have two megabytes; a single row of more than this gets a statement of its own. */
const chunkCharacters = 500_000

/** The rows as JSON arrays of arrays, in as few texts as a bound value each may carry. */
function packRows(columns: SQLiteColumn[], rows: Record<string, unknown>[], names: string[]) {
  const chunks: string[][] = []
  let room = 0
  for (const row of rows) {
    const cells = columns.map((column, index) => {
      const value = row[names[index] ?? ''] ?? column.default ?? null
      return value === null ? null : column.mapToDriverValue(value)
    })
    const packed = JSON.stringify(cells)
    if (packed.length > room) {
      chunks.push([])
      room = chunkCharacters
    }
    chunks.at(-1)?.push(packed)
    room -= packed.length
  }
  return chunks.map((chunk) => `[${chunk.join(',')}]`)
}

/**
 * Statements that insert the rows, none for no rows: a batch may have 1,000 of them and each 100 bound
 * parameters, so rows travel as JSON, thousands to a statement. Columns hold no NUL, which JSON in
 * SQLite cannot carry.
 */
export function insertRows<T extends SQLiteTable>(
  db: Database,
  table: T,
  rows: T['$inferInsert'][],
) {
  const named = getTableColumns(table) as Record<string, SQLiteColumn>
  const columns = Object.values(named)
  const cells = sql.join(
    columns.map((_, index) => sql.raw(`value ->> ${index}`)),
    sql.raw(', '),
  )
  return packRows(columns, rows, Object.keys(named)).map((json) =>
    // `WHERE true` keeps an ON CONFLICT that follows from being read as part of a join.
    db.insert(table).select(sql`SELECT ${cells} FROM json_each(${json}) WHERE true`),
  )
}

/** `column IN (…)` for any number of values: one bound parameter however many there are. */
export const isOneOf = (column: SQLWrapper, values: readonly (number | string)[]): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`

/** D1 takes no longer pattern (UTF-8). */
const maxPatternBytes = 50

/**
 * Whether a text has the part in it, in any case of ASCII letters. LIKE takes half as long as `instr`
 * for it, where its pattern is not too long and has no NUL, at which SQLite would end it; wildcards in the
 * part are letters like any other.
 */
export function contains(text: SQLWrapper, part: string): SQL {
  const pattern = `%${part.replace(/[%_\\]/g, '\\$&')}%`
  const isPattern =
    !part.includes('\0') && new TextEncoder().encode(pattern).length <= maxPatternBytes
  return isPattern
    ? sql`${text} LIKE ${pattern} ESCAPE ${'\\'}`
    : sql`instr(lower(${text}), lower(${part})) > 0`
}
