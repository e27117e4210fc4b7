/**
 * Feature states: the default of a feature in an environment, its overrides for segments and
 * identities, and the shares each gives multivariate options.
 */
import { and, asc, count, eq, inArray, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm'
import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf, type Statement } from './database.ts'
import { environments } from './environments.ts'
import { features } from './features.ts'
import type { Slice } from './pages.ts'
import { valueColumns } from './values.ts'

export const featureStates = sqliteTable('feature_states', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  featureId: integer('feature_id').notNull(),
  environmentId: integer('environment_id').notNull(),
  /** Set: the override of a segment. */
  featureSegmentId: integer('feature_segment_id'),
  /** Set, with `identifier`: the override of an identity, which may live in another database. */
  identityId: integer('identity_id'),
  identifier: text(),
  enabled: integer({ mode: 'boolean' }).notNull(),
  ...valueColumns,
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export const multivariateValues = sqliteTable('multivariate_values', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  featureStateId: integer('feature_state_id').notNull(),
  optionId: integer('option_id').notNull(),
  percentageAllocation: real('percentage_allocation').notNull(),
})

/** An environment's own state of a feature, no override. */
export const isDefault = and(
  isNull(featureStates.featureSegmentId),
  isNull(featureStates.identityId),
)

export type FeatureState = typeof featureStates.$inferSelect
export type MultivariateValue = typeof multivariateValues.$inferSelect

export const findFeatureState = async (
  db: Database,
  id: number,
): Promise<FeatureState | undefined> =>
  (await db.select().from(featureStates).where(eq(featureStates.id, id)).limit(1))[0]

export const listDefaultStatesOfFeature = (
  db: Database,
  featureId: number,
): Promise<FeatureState[]> =>
  db
    .select()
    .from(featureStates)
    .where(and(eq(featureStates.featureId, featureId), isDefault))
    .orderBy(asc(featureStates.id))

export const listMultivariateValues = (
  db: Database,
  featureStateId: number,
): Promise<MultivariateValue[]> =>
  db
    .select()
    .from(multivariateValues)
    .where(eq(multivariateValues.featureStateId, featureStateId))
    .orderBy(asc(multivariateValues.id))

export const listMultivariateValuesOfFeature = (
  db: Database,
  featureId: number,
): Promise<MultivariateValue[]> =>
  db
    .select()
    .from(multivariateValues)
    .where(
      inArray(
        multivariateValues.featureStateId,
        db
          .select({ id: featureStates.id })
          .from(featureStates)
          .where(eq(featureStates.featureId, featureId)),
      ),
    )
    .orderBy(asc(multivariateValues.id))

/** The overrides that give shares to any of the options. */
export async function listOverrideIdsOfOptions(
  db: Database,
  optionIds: number[],
): Promise<number[]> {
  if (optionIds.length === 0) return []
  const isOverride = or(
    isNotNull(featureStates.featureSegmentId),
    isNotNull(featureStates.identityId),
  )
  const rows = await db
    .selectDistinct({ id: featureStates.id })
    .from(featureStates)
    .innerJoin(multivariateValues, eq(multivariateValues.featureStateId, featureStates.id))
    .where(and(isOneOf(multivariateValues.optionId, optionIds), isOverride))
    .orderBy(asc(featureStates.id))
  return rows.map(({ id }) => id)
}

/** Any number of new shares in one statement. */
export const setShares = (
  db: Database,
  rows: Pick<MultivariateValue, 'id' | 'percentageAllocation'>[],
): Statement => {
  const json = JSON.stringify(
    rows.map(({ id, percentageAllocation }) => ({ id, percentageAllocation })),
  )
  return db
    .update(multivariateValues)
    .set({ percentageAllocation: sql`moved.value ->> 'percentageAllocation'` })
    .from(sql`json_each(${json}) AS moved`)
    .where(sql`${multivariateValues.id} = moved.value ->> 'id'`)
}

/** Which default states of an environment, or which overrides of its identities. */
export type StateFilter = {
  featureId?: number | undefined
  featureName?: string | undefined
  ofIdentities?: boolean | undefined
}

const matching = (db: Database, environmentId: number, filter: StateFilter) =>
  and(
    eq(featureStates.environmentId, environmentId),
    filter.ofIdentities ? isNotNull(featureStates.identityId) : isDefault,
    filter.featureId === undefined ? undefined : eq(featureStates.featureId, filter.featureId),
    filter.featureName === undefined
      ? undefined
      : inArray(
          featureStates.featureId,
          db
            .select({ id: features.id })
            .from(features)
            .where(
              and(
                // Without its project, the features of all projects would be read.
                inArray(
                  features.projectId,
                  db
                    .select({ id: environments.projectId })
                    .from(environments)
                    .where(eq(environments.id, environmentId)),
                ),
                sql`${features.name} = ${filter.featureName} COLLATE NOCASE`,
              ),
            ),
        ),
  )

export type StatePage = { count: number; rows: FeatureState[]; shares: MultivariateValue[] }

/**
 * One page of the states that `own` selects, with their shares, and how many there are; one
 * transaction, so that a state and its shares fit together.
 */
export async function pageStatesWhere(
  db: Database,
  own: SQL | undefined,
  page: Slice,
): Promise<StatePage> {
  const pageIds = db
    .select({ id: featureStates.id })
    .from(featureStates)
    .where(own)
    .orderBy(asc(featureStates.id))
    .limit(page.limit)
    .offset(page.offset)
  const [counted, rows, shares] = await db.batch([
    db.select({ count: count() }).from(featureStates).where(own),
    db
      .select()
      .from(featureStates)
      .where(inArray(featureStates.id, pageIds))
      .orderBy(asc(featureStates.id)),
    db
      .select()
      .from(multivariateValues)
      .where(inArray(multivariateValues.featureStateId, pageIds))
      .orderBy(asc(multivariateValues.id)),
  ])
  return { count: counted[0]?.count ?? 0, rows, shares }
}

/** One page of an environment's states. */
export const pageStates = (
  db: Database,
  at: { environmentId: number; filter: StateFilter },
  page: Slice,
): Promise<StatePage> => pageStatesWhere(db, matching(db, at.environmentId, at.filter), page)

export const findStateOfSegment = async (
  db: Database,
  featureSegmentId: number,
): Promise<FeatureState | undefined> =>
  (
    await db
      .select()
      .from(featureStates)
      .where(eq(featureStates.featureSegmentId, featureSegmentId))
      .limit(1)
  )[0]

export const findStateOfIdentity = async (
  db: Database,
  at: { environmentId: number; identityId: number; featureId: number },
): Promise<FeatureState | undefined> =>
  (
    await db
      .select()
      .from(featureStates)
      .where(
        and(
          eq(featureStates.environmentId, at.environmentId),
          eq(featureStates.identityId, at.identityId),
          eq(featureStates.featureId, at.featureId),
        ),
      )
      .limit(1)
  )[0]

export const findDefaultState = async (
  db: Database,
  environmentId: number,
  featureId: number,
): Promise<FeatureState | undefined> =>
  (
    await db
      .select()
      .from(featureStates)
      .where(
        and(
          eq(featureStates.environmentId, environmentId),
          eq(featureStates.featureId, featureId),
          isDefault,
        ),
      )
      .limit(1)
  )[0]
