/** Features of a project and the options of multivariate ones. */
import { and, asc, count, eq, inArray, sql } from 'drizzle-orm'
import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { FeatureType } from '../engine/document.ts'
import { type Database, isOneOf, type Statement } from './database.ts'
import { valueColumns } from './values.ts'

export const features = sqliteTable('features', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  projectId: integer('project_id').notNull(),
  /** Unique in its project without regard to (ASCII) case. */
  name: text().notNull(),
  type: text().$type<FeatureType>().notNull(),
  description: text(),
  initialValue: text('initial_value'),
  defaultEnabled: integer('default_enabled', { mode: 'boolean' }).notNull().default(false),
  isArchived: integer('is_archived', { mode: 'boolean' }).notNull().default(false),
  isServerKeyOnly: integer('is_server_key_only', { mode: 'boolean' }).notNull().default(false),
  createdAt: integer('created_at').notNull(),
  /** Rises with every change of the feature, its options, states and overrides: for If-Match. */
  version: integer().notNull().default(1),
})

export const multivariateOptions = sqliteTable('multivariate_options', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  featureId: integer('feature_id').notNull(),
  key: text(),
  ...valueColumns,
  defaultPercentageAllocation: real('default_percentage_allocation').notNull(),
})

export type Feature = typeof features.$inferSelect
export type MultivariateOption = typeof multivariateOptions.$inferSelect

export const findFeature = async (db: Database, id: number): Promise<Feature | undefined> =>
  (await db.select().from(features).where(eq(features.id, id)).limit(1))[0]

/** Without regard to case. SQLite folds ASCII only: names with other letters are compared here. */
export async function findFeatureByName(
  db: Database,
  projectId: number,
  name: string,
): Promise<Feature | undefined> {
  const isAscii = /^[ -~]*$/.test(name)
  const candidates = await db
    .select()
    .from(features)
    .where(
      and(
        eq(features.projectId, projectId),
        isAscii
          ? sql`${features.name} = ${name} COLLATE NOCASE`
          : sql`${features.name} GLOB '*[^ -~]*'`,
      ),
    )
  const folded = name.toLowerCase()
  return candidates.find((candidate) => candidate.name.toLowerCase() === folded)
}

export const listFeaturesOfProject = (db: Database, projectId: number): Promise<Feature[]> =>
  db.select().from(features).where(eq(features.projectId, projectId)).orderBy(asc(features.id))

export const countFeatures = (db: Database, projectId: number): Promise<number> =>
  db.$count(features, eq(features.projectId, projectId))

export const listOptionsOfProject = (
  db: Database,
  projectId: number,
): Promise<MultivariateOption[]> =>
  db
    .select()
    .from(multivariateOptions)
    .where(
      inArray(
        multivariateOptions.featureId,
        db.select({ id: features.id }).from(features).where(eq(features.projectId, projectId)),
      ),
    )
    .orderBy(asc(multivariateOptions.id))

export const listOptions = (db: Database, featureId: number): Promise<MultivariateOption[]> =>
  db
    .select()
    .from(multivariateOptions)
    .where(eq(multivariateOptions.featureId, featureId))
    .orderBy(asc(multivariateOptions.id))

export const findOption = async (
  db: Database,
  id: number,
): Promise<MultivariateOption | undefined> =>
  (await db.select().from(multivariateOptions).where(eq(multivariateOptions.id, id)).limit(1))[0]

export const findOptionByUuid = async (
  db: Database,
  uuid: string,
): Promise<MultivariateOption | undefined> =>
  (
    await db.select().from(multivariateOptions).where(eq(multivariateOptions.uuid, uuid)).limit(1)
  )[0]

/** One page of a project's features with their options, and how many there are. */
export async function pageFeatures(
  db: Database,
  at: { projectId: number; search: string | undefined; isArchived: boolean | undefined },
  page: { limit: number; offset: number },
): Promise<{ count: number; rows: Feature[]; options: MultivariateOption[] }> {
  const own = and(
    eq(features.projectId, at.projectId),
    at.search === undefined
      ? undefined
      : sql`instr(lower(${features.name}), lower(${at.search})) > 0`,
    at.isArchived === undefined ? undefined : eq(features.isArchived, at.isArchived),
  )
  const pageIds = db
    .select({ id: features.id })
    .from(features)
    .where(own)
    .orderBy(asc(features.id))
    .limit(page.limit)
    .offset(page.offset)
  const [counted, rows, options] = await db.batch([
    db.select({ count: count() }).from(features).where(own),
    db.select().from(features).where(inArray(features.id, pageIds)).orderBy(asc(features.id)),
    db
      .select()
      .from(multivariateOptions)
      .where(inArray(multivariateOptions.featureId, pageIds))
      .orderBy(asc(multivariateOptions.id)),
  ])
  return { count: counted[0]?.count ?? 0, rows, options }
}

/** What a write bases itself on when its caller sent If-Match. */
export const bumpFeatureVersions = (db: Database, featureIds: number[]): Statement =>
  db
    .update(features)
    .set({ version: sql`${features.version} + 1` })
    .where(isOneOf(features.id, featureIds))

export const findFeatureByUuid = async (db: Database, uuid: string): Promise<Feature | undefined> =>
  (await db.select().from(features).where(eq(features.uuid, uuid)).limit(1))[0]
