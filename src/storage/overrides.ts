/** Feature states beyond an environment's defaults, in pages. It reads and orders, no more. */
import { and, eq, inArray, isNull } from 'drizzle-orm'
import type { Database } from './database.ts'
import { featureSegments } from './feature-segments.ts'
import {
  type FeatureState,
  featureStates,
  pageStatesWhere,
  type StatePage,
} from './feature-states.ts'
import type { Slice } from './pages.ts'

/** The states that features have for a segment, in one environment or in all. */
export const pageStatesOfSegment = (
  db: Database,
  at: { segmentId: number; environmentId: number | undefined },
  page: Slice,
): Promise<StatePage> => {
  const links = db
    .select({ id: featureSegments.id })
    .from(featureSegments)
    .where(eq(featureSegments.segmentId, at.segmentId))
  const { environmentId } = at
  return pageStatesWhere(
    db,
    and(
      inArray(featureStates.featureSegmentId, links),
      environmentId === undefined ? undefined : eq(featureStates.environmentId, environmentId),
    ),
    page,
  )
}

export type StatesAsked = {
  environmentId: number
  featureId: number | undefined
  featureSegmentId: number | undefined
}

/** Defaults and segment overrides: those of identities may be a hundred thousand. */
export const pageStatesOfEnvironment = (
  db: Database,
  { environmentId, featureId, featureSegmentId }: StatesAsked,
  page: Slice,
): Promise<StatePage> =>
  pageStatesWhere(
    db,
    and(
      eq(featureStates.environmentId, environmentId),
      isNull(featureStates.identityId),
      featureId === undefined ? undefined : eq(featureStates.featureId, featureId),
      featureSegmentId === undefined
        ? undefined
        : eq(featureStates.featureSegmentId, featureSegmentId),
    ),
    page,
  )

export const findStateByUuid = async (
  db: Database,
  uuid: string,
): Promise<FeatureState | undefined> =>
  (await db.select().from(featureStates).where(eq(featureStates.uuid, uuid)).limit(1))[0]
