/** Projects. */
import { and, asc, eq, or } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'

export const projects = sqliteTable('projects', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  organisationId: integer('organisation_id').notNull(),
  name: text().notNull(),
  hideDisabledFlags: integer('hide_disabled_flags', { mode: 'boolean' }).notNull().default(false),
  preventFlagDefaults: integer('prevent_flag_defaults', { mode: 'boolean' })
    .notNull()
    .default(false),
  enableRealtimeUpdates: integer('enable_realtime_updates', { mode: 'boolean' })
    .notNull()
    .default(false),
  onlyAllowLowerCaseFeatureNames: integer('only_allow_lower_case_feature_names', {
    mode: 'boolean',
  })
    .notNull()
    .default(true),
  featureNameRegex: text('feature_name_regex'),
  staleFlagsLimitDays: integer('stale_flags_limit_days').notNull().default(30),
  enforceFeatureOwners: integer('enforce_feature_owners', { mode: 'boolean' })
    .notNull()
    .default(false),
  maxFeaturesAllowed: integer('max_features_allowed').notNull().default(1000),
  maxSegmentsAllowed: integer('max_segments_allowed').notNull().default(500),
  /** In each environment. */
  maxSegmentOverridesAllowed: integer('max_segment_overrides_allowed').notNull().default(2000),
  /** In one segment. */
  maxSegmentConditionsAllowed: integer('max_segment_conditions_allowed').notNull().default(100),
  /** Of one value, as UTF-8. */
  maxFeatureValueBytes: integer('max_feature_value_bytes').notNull().default(20000),
  createdAt: integer('created_at').notNull(),
})

export type Project = typeof projects.$inferSelect

export const findProject = async (db: Database, id: number): Promise<Project | undefined> =>
  (await db.select().from(projects).where(eq(projects.id, id)).limit(1))[0]

export const findProjectByUuid = async (db: Database, uuid: string): Promise<Project | undefined> =>
  (await db.select().from(projects).where(eq(projects.uuid, uuid)).limit(1))[0]

export const findProjectByName = async (
  db: Database,
  organisationId: number,
  name: string,
): Promise<Project | undefined> =>
  (
    await db
      .select()
      .from(projects)
      .where(and(eq(projects.organisationId, organisationId), eq(projects.name, name)))
      .limit(1)
  )[0]

/** All projects of some organisations, and single ones besides. */
export const listProjectsWithin = (
  db: Database,
  reach: { organisationIds: number[]; projectIds: number[] },
): Promise<Project[]> =>
  db
    .select()
    .from(projects)
    .where(
      or(
        isOneOf(projects.organisationId, reach.organisationIds),
        isOneOf(projects.id, reach.projectIds),
      ),
    )
    .orderBy(asc(projects.id))
