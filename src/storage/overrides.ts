/**
 * Feature states beyond an environment's defaults, in pages, and whose they can be. It reads and
 * orders, no more.
 */
import { and, eq, inArray, isNull } from 'drizzle-orm'
import { type Database, openDatabase } from './database.ts'
import { featureSegments } from './feature-segments.ts'
import {
  type FeatureState,
  featureStates,
  pageStatesWhere,
  type Slice,
  type StatePage,
} from './feature-states.ts'
import { type Identity, identities, selectIdentity } from './identities.ts'

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

/** An id alone does not tell where an identity lives: all databases with identities are asked. */
export async function findIdentityById(
  databases: D1Database[],
  environmentId: number,
  id: number,
): Promise<Identity | undefined> {
  const found = await Promise.all(
    databases.map((database) =>
      openDatabase(database)
        .select()
        .from(identities)
        .where(and(eq(identities.id, id), eq(identities.environmentId, environmentId)))
        .limit(1),
    ),
  )
  return found.flat()[0]
}

export const findIdentityByIdentifier = async (
  database: D1Database,
  environmentId: number,
  identifier: string,
): Promise<Identity | undefined> =>
  (await selectIdentity(openDatabase(database), { environmentId, identifier }))[0]
