/** Segments of a project. The rule tree lies as it was sent; what it means is the engine's business. */
import { and, asc, count, eq, isNull, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'

/** JSON that no reader of a row may assume anything of. */
export type RuleTree = unknown[]

export const segments = sqliteTable('segments', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  projectId: integer('project_id').notNull(),
  /** Set: the segment serves this feature only. */
  featureId: integer('feature_id'),
  name: text().notNull(),
  description: text(),
  rules: text({ mode: 'json' }).$type<RuleTree>().notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export type Segment = typeof segments.$inferSelect

export const findSegment = async (db: Database, id: number): Promise<Segment | undefined> =>
  (await db.select().from(segments).where(eq(segments.id, id)).limit(1))[0]

export const listSegments = (db: Database, ids: number[]): Promise<Segment[]> =>
  db.select().from(segments).where(isOneOf(segments.id, ids))

export const findSegmentByUuid = async (db: Database, uuid: string): Promise<Segment | undefined> =>
  (await db.select().from(segments).where(eq(segments.uuid, uuid)).limit(1))[0]

/** Which segments of a project: without those of single features unless they are asked for. */
export type SegmentFilter = { search: string | undefined; withFeatureSpecific: boolean }

/** One page of a project's segments and how many there are. */
export async function pageSegments(
  db: Database,
  at: { projectId: number; filter: SegmentFilter },
  page: { limit: number; offset: number },
): Promise<{ count: number; rows: Segment[] }> {
  const { search, withFeatureSpecific } = at.filter
  const own = and(
    eq(segments.projectId, at.projectId),
    withFeatureSpecific ? undefined : isNull(segments.featureId),
    search === undefined ? undefined : sql`instr(lower(${segments.name}), lower(${search})) > 0`,
  )
  const [counted, rows] = await db.batch([
    db.select({ count: count() }).from(segments).where(own),
    db
      .select()
      .from(segments)
      .where(own)
      .orderBy(asc(segments.id))
      .limit(page.limit)
      .offset(page.offset),
  ])
  return { count: counted[0]?.count ?? 0, rows }
}
