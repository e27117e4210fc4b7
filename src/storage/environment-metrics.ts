/** How much there is in an environment, counted by SQLite in one round trip. */
import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { featureStates, isDefault } from './feature-states.ts'

export type EnvironmentMetrics = {
  features: number
  enabledFeatures: number
  segmentOverrides: number
  identityOverrides: number
}

/** Archived features count too: they have a state like any other. */
export async function countInEnvironment(
  db: Database,
  environmentId: number,
): Promise<EnvironmentMetrics> {
  const own = eq(featureStates.environmentId, environmentId)
  const segment = isNotNull(featureStates.featureSegmentId)
  const identity = isNotNull(featureStates.identityId)
  const [row] = await db.all<EnvironmentMetrics>(sql`
    SELECT ${db.$count(featureStates, and(own, isDefault))} AS features,
      ${db.$count(featureStates, and(own, isDefault, featureStates.enabled))} AS enabledFeatures,
      ${db.$count(featureStates, and(own, segment))} AS segmentOverrides,
      ${db.$count(featureStates, and(own, identity))} AS identityOverrides`)
  if (row === undefined) throw new Error('the counts have no row')
  return row
}
