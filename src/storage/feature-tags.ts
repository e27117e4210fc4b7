/** Which features carry which tags. */
import { asc, eq } from 'drizzle-orm'
import { integer, sqliteTable } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'

export const featureTags = sqliteTable('feature_tags', {
  featureId: integer('feature_id').notNull(),
  tagId: integer('tag_id').notNull(),
})

export type FeatureTag = typeof featureTags.$inferSelect

/** The tags of many features, those of each by rising id. */
export const listTagsOfFeatures = (db: Database, featureIds: number[]): Promise<FeatureTag[]> =>
  db
    .select()
    .from(featureTags)
    .where(isOneOf(featureTags.featureId, featureIds))
    .orderBy(asc(featureTags.featureId), asc(featureTags.tagId))

export const listFeatureIdsOfTag = async (db: Database, tagId: number): Promise<number[]> =>
  (
    await db
      .select({ featureId: featureTags.featureId })
      .from(featureTags)
      .where(eq(featureTags.tagId, tagId))
      .orderBy(asc(featureTags.featureId))
  ).map((row) => row.featureId)
