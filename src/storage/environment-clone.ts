/**
 * What of an environment goes into a clone of it: all that it serves to those who are no identity of
 * its own. Identities, their overrides, keys and webhooks stay where they are.
 */
import { and, asc, eq, isNull } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type FeatureSegment, featureSegments } from './feature-segments.ts'
import { featureStates } from './feature-states.ts'

export type Cloned = { links: FeatureSegment[]; stateIds: number[] }

/** Each by rising id: by it variants are bucketed (sdk-api §5), and lists are sorted. */
export async function readCloned(db: Database, environmentId: number): Promise<Cloned> {
  const ofNobody = and(
    eq(featureStates.environmentId, environmentId),
    isNull(featureStates.identityId),
  )
  const [links, states] = await db.batch([
    db
      .select()
      .from(featureSegments)
      .where(eq(featureSegments.environmentId, environmentId))
      .orderBy(asc(featureSegments.id)),
    db
      .select({ id: featureStates.id })
      .from(featureStates)
      .where(ofNobody)
      .orderBy(asc(featureStates.id)),
  ])
  return { links, stateIds: states.map(({ id }) => id) }
}
