/** Features of a project and the options of multivariate ones. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { FeatureType } from '../engine/document.ts'
import type { Database } from './database.ts'
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

export const findFeatureByUuid = async (db: Database, uuid: string): Promise<Feature | undefined> =>
  (await db.select().from(features).where(eq(features.uuid, uuid)).limit(1))[0]
