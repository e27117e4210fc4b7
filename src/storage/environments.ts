/** Environments. `version` rises by one with every change that the published document shows. */
import { and, asc, eq, gt, inArray, or } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'
import { keyRotations } from './key-rotations.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

export const environments = sqliteTable('environments', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  projectId: integer('project_id').notNull(),
  name: text().notNull(),
  description: text(),
  /** The client-side key; also the environment's name in admin URLs. */
  apiKey: text('api_key').notNull(),
  allowClientTraits: integer('allow_client_traits', { mode: 'boolean' }).notNull().default(true),
  bannerText: text('banner_text'),
  bannerColour: text('banner_colour'),
  /** Null: the project's setting holds. */
  hideDisabledFlags: integer('hide_disabled_flags', { mode: 'boolean' }),
  hideSensitiveData: integer('hide_sensitive_data', { mode: 'boolean' }).notNull().default(false),
  useIdentityCompositeKeyForHashing: integer('use_identity_composite_key_for_hashing', {
    mode: 'boolean',
  })
    .notNull()
    .default(true),
  useIdentityOverridesInLocalEval: integer('use_identity_overrides_in_local_eval', {
    mode: 'boolean',
  })
    .notNull()
    .default(true),
  version: integer().notNull().default(1),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export type Environment = typeof environments.$inferSelect

export const findEnvironment = async (db: Database, id: number): Promise<Environment | undefined> =>
  (await db.select().from(environments).where(eq(environments.id, id)).limit(1))[0]

/** By its client-side key; while a rotation runs, by the old one as well. */
export const findEnvironmentByKey = async (
  db: Database,
  apiKey: string,
  now = Date.now(),
): Promise<Environment | undefined> => {
  const byOldKey = db
    .select({ id: keyRotations.environmentId })
    .from(keyRotations)
    .where(and(eq(keyRotations.oldKey, apiKey), gt(keyRotations.endsAt, now)))
  const named = or(eq(environments.apiKey, apiKey), inArray(environments.id, byOldKey))
  return (await db.select().from(environments).where(named).limit(1))[0]
}

export const findEnvironmentByName = async (
  db: Database,
  projectId: number,
  name: string,
): Promise<Environment | undefined> =>
  (
    await db
      .select()
      .from(environments)
      .where(and(eq(environments.projectId, projectId), eq(environments.name, name)))
      .limit(1)
  )[0]

export const listEnvironmentsOfProject = (
  db: Database,
  projectId: number,
): Promise<Environment[]> =>
  db
    .select()
    .from(environments)
    .where(eq(environments.projectId, projectId))
    .orderBy(asc(environments.id))

/** One page of a project's environments, of all or of some, and how many there are. */
export function pageEnvironments(
  db: Database,
  of: { projectId: number; only: 'all' | number[] },
  page: Slice,
): Promise<Page<Environment>> {
  const own = and(
    eq(environments.projectId, of.projectId),
    of.only === 'all' ? undefined : isOneOf(environments.id, of.only),
  )
  return pageRows(db, { table: environments, where: own, orderBy: [asc(environments.id)] }, page)
}

export const findEnvironmentByUuid = async (
  db: Database,
  uuid: string,
): Promise<Environment | undefined> =>
  (await db.select().from(environments).where(eq(environments.uuid, uuid)).limit(1))[0]
