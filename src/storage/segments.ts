/** Segments of a project. The rule tree lies as it was sent; what it means is the engine's business. */
import { and, asc, eq, isNull } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { contains, type Database, isOneOf } from './database.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

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
export type SegmentFilter = {
  search: string | undefined
  withFeatureSpecific: boolean
  ids?: number[] | undefined
}

/** One page of a project's segments and how many there are. */
export function pageSegments(
  db: Database,
  at: { projectId: number; filter: SegmentFilter },
  page: Slice,
): Promise<Page<Segment>> {
  const { search, withFeatureSpecific, ids } = at.filter
  const own = and(
    eq(segments.projectId, at.projectId),
    withFeatureSpecific ? undefined : isNull(segments.featureId),
    ids === undefined ? undefined : isOneOf(segments.id, ids),
    search === undefined ? undefined : contains(segments.name, search),
  )
  return pageRows(db, { table: segments, where: own, orderBy: [asc(segments.id)] }, page)
}
