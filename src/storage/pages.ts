/** Lists in pages: the rows of one and how many there are in all, in one round trip. */
import { count, type SQL } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

export type Slice = { limit: number; offset: number }

export type Page<T> = { count: number; rows: T[] }

export async function pageRows<T extends SQLiteTable>(
  db: Database,
  { table, where, orderBy }: { table: T; where: SQL | undefined; orderBy: SQL[] },
  { limit, offset }: Slice,
): Promise<Page<T['$inferSelect']>> {
  const [counted, rows] = await db.batch([
    db.select({ count: count() }).from(table).where(where),
    db
      .select()
      .from(table)
      .where(where)
      .orderBy(...orderBy)
      .limit(limit)
      .offset(offset),
  ])
  return { count: counted[0]?.count ?? 0, rows }
}
