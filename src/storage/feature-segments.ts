/** Which segments override a feature in an environment, and in which order (the smaller wins). */
import { and, asc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

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
