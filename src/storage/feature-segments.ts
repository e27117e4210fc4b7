/** Which segments override a feature in an environment, and in which order (the smaller wins). */
import { and, asc, eq, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf, type Statement } from './database.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

export const featureSegments = sqliteTable('feature_segments', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  featureId: integer('feature_id').notNull(),
  segmentId: integer('segment_id').notNull(),
  environmentId: integer('environment_id').notNull(),
  priority: integer().notNull(),
})

export type FeatureSegment = typeof featureSegments.$inferSelect

export const findFeatureSegment = async (
  db: Database,
  id: number,
): Promise<FeatureSegment | undefined> =>
  (await db.select().from(featureSegments).where(eq(featureSegments.id, id)).limit(1))[0]

export const findFeatureSegmentByUuid = async (
  db: Database,
  uuid: string,
): Promise<FeatureSegment | undefined> =>
  (await db.select().from(featureSegments).where(eq(featureSegments.uuid, uuid)).limit(1))[0]

export const listFeatureSegmentsByIds = (db: Database, ids: number[]): Promise<FeatureSegment[]> =>
  db.select().from(featureSegments).where(isOneOf(featureSegments.id, ids))

/** Strongest first. */
export const listFeatureSegments = (
  db: Database,
  environmentId: number,
  featureId: number,
): Promise<FeatureSegment[]> =>
  db
    .select()
    .from(featureSegments)
    .where(
      and(
        eq(featureSegments.environmentId, environmentId),
        eq(featureSegments.featureId, featureId),
      ),
    )
    .orderBy(asc(featureSegments.priority), asc(featureSegments.id))

export const listFeatureSegmentsOfSegment = (
  db: Database,
  segmentId: number,
): Promise<FeatureSegment[]> =>
  db
    .select()
    .from(featureSegments)
    .where(eq(featureSegments.segmentId, segmentId))
    .orderBy(asc(featureSegments.id))

/** One page of a feature's overrides in an environment, strongest first, and how many there are. */
export function pageFeatureSegments(
  db: Database,
  at: { environmentId: number; featureId: number },
  page: Slice,
): Promise<Page<FeatureSegment>> {
  const own = and(
    eq(featureSegments.environmentId, at.environmentId),
    eq(featureSegments.featureId, at.featureId),
  )
  return pageRows(
    db,
    {
      table: featureSegments,
      where: own,
      orderBy: [asc(featureSegments.priority), asc(featureSegments.id)],
    },
    page,
  )
}

/** Any number of new priorities in one statement. */
export const setPriorities = (
  db: Database,
  links: { id: number; priority: number }[],
): Statement => {
  const json = JSON.stringify(links.map(({ id, priority }) => ({ id, priority })))
  return db
    .update(featureSegments)
    .set({ priority: sql`moved.value ->> 'priority'` })
    .from(sql`json_each(${json}) AS moved`)
    .where(sql`${featureSegments.id} = moved.value ->> 'id'`)
}
