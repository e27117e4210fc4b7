/** Public ids: positive 32-bit integers, reserved in blocks before a change is committed. */
import { sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, runBatch } from './database.ts'

export const ids = sqliteTable('ids', {
  name: text().primaryKey(),
  next: integer().notNull(),
})

export type IdName =
  | 'user'
  | 'organisation'
  | 'project'
  | 'environment'
  | 'environment-key'
  | 'feature'
  | 'feature-state'
  | 'multivariate-option'
  | 'multivariate-value'
  | 'webhook'
  | 'segment'
  | 'segment-rule'
  | 'segment-condition'
  | 'feature-segment'
  | 'tag'
  | 'group'
  | 'grant'
  | 'invite'
  | 'invite-link'

/**
 * Reserves `counts[name]` ids of each kind in one round trip and answers the first of each block.
 * Ids of a change that then fails are never reused: gaps are normal.
 */
export async function reserveIds<N extends IdName>(
  db: Database,
  counts: Record<N, number>,
): Promise<Record<N, number>> {
  const names = (Object.keys(counts) as N[]).filter((name) => counts[name] > 0)
  const blocks = names.map((name) =>
    db
      .insert(ids)
      .values({ name, next: 1 + counts[name] })
      .onConflictDoUpdate({ target: ids.name, set: { next: sql`${ids.next} + ${counts[name]}` } })
      .returning({ next: ids.next }),
  )
  const results = (await runBatch(db, blocks)) as { next: number }[][]
  const firsts = {} as Record<N, number>
  names.forEach((name, index) => {
    const after = results[index]?.[0]?.next
    if (after === undefined) throw new Error(`no ids reserved for ${name}`)
    firsts[name] = after - counts[name]
  })
  return firsts
}
