/**
 * What many features are in one environment: the state of each, its overrides for one segment and one
 * identity, and how many overrides there are. One batch, whatever the number of features.
 */
import { and, count, eq, inArray, isNotNull, type SQL } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { featureSegments } from './feature-segments.ts'
import { type FeatureState, featureStates, isDefault } from './feature-states.ts'

/** Where it is looked from. */
export type Viewpoint = {
  environmentId: number
  segmentId: number | undefined
  identityId: number | undefined
}

/** By the feature's id; a feature without overrides is not there. */
export type Counted = { featureId: number; count: number }

export type StatesOfFeatures = {
  defaults: FeatureState[]
  ofSegment: FeatureState[]
  ofIdentity: FeatureState[]
  segmentOverrides: Counted[]
  identityOverrides: Counted[]
}

/** No segment and no identity has this id. */
const nobody = 0

/**
 * States of segments are found by their links alone: links know feature and environment, and the
 * index of states by link is the smaller one.
 */
export async function listStatesOfFeatures(
  db: Database,
  featureIds: number[],
  { environmentId, segmentId = nobody, identityId = nobody }: Viewpoint,
): Promise<StatesOfFeatures> {
  const within = and(
    eq(featureStates.environmentId, environmentId),
    isOneOf(featureStates.featureId, featureIds),
  )
  const linked = (segment?: SQL) =>
    inArray(
      featureStates.featureSegmentId,
      db
        .select({ id: featureSegments.id })
        .from(featureSegments)
        .where(
          and(
            eq(featureSegments.environmentId, environmentId),
            isOneOf(featureSegments.featureId, featureIds),
            segment,
          ),
        ),
    )
  const states = (which: SQL | undefined) => db.select().from(featureStates).where(which)
  const counts = (which: SQL | undefined) =>
    db
      .select({ featureId: featureStates.featureId, count: count() })
      .from(featureStates)
      .where(which)
      .groupBy(featureStates.featureId)
  const [defaults, ofSegment, ofIdentity, segmentOverrides, identityOverrides] = await db.batch([
    states(and(within, isDefault)),
    states(linked(eq(featureSegments.segmentId, segmentId))),
    states(and(within, eq(featureStates.identityId, identityId))),
    counts(linked()),
    counts(and(within, isNotNull(featureStates.identityId))),
  ])
  return { defaults, ofSegment, ofIdentity, segmentOverrides, identityOverrides }
}
