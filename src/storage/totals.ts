/** How much there is in a project or an environment: counted by SQLite, whatever the number. */
import { eq, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { featureSegments } from './feature-segments.ts'
import { features } from './features.ts'
import { segments } from './segments.ts'

export type ProjectTotals = { features: number; segments: number }

export const countFeatures = (db: Database, projectId: number) =>
  db.$count(features, eq(features.projectId, projectId))

/** Those of single features too. */
export const countSegments = (db: Database, projectId: number) =>
  db.$count(segments, eq(segments.projectId, projectId))

export async function countInProject(db: Database, projectId: number): Promise<ProjectTotals> {
  const [row] = await db.all<ProjectTotals>(sql`
    SELECT ${countFeatures(db, projectId)} AS features,
      ${countSegments(db, projectId)} AS segments`)
  return row ?? { features: 0, segments: 0 }
}

/** As the project's limit counts them: by the links between features and segments. */
export const countSegmentOverrides = (db: Database, environmentId: number): Promise<number> =>
  db.$count(featureSegments, eq(featureSegments.environmentId, environmentId))
