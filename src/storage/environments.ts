/** Environments. `version` rises by one with every change that the published document shows. */
import { and, asc, count, eq, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf, type Statement } from './database.ts'

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

export const findEnvironmentByKey = async (
  db: Database,
  apiKey: string,
): Promise<Environment | undefined> =>
  (await db.select().from(environments).where(eq(environments.apiKey, apiKey)).limit(1))[0]

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

export const bumpVersions = (db: Database, ids: number[], now: number): Statement =>
  db
    .update(environments)
    .set({ version: sql`${environments.version} + 1`, updatedAt: now })
    .where(isOneOf(environments.id, ids))

/** One page of a project's environments and how many there are. */
export async function pageEnvironments(
  db: Database,
  projectId: number,
  page: { limit: number; offset: number },
): Promise<{ count: number; rows: Environment[] }> {
  const own = eq(environments.projectId, projectId)
  const [counted, rows] = await db.batch([
    db.select({ count: count() }).from(environments).where(own),
    db
      .select()
      .from(environments)
      .where(own)
      .orderBy(asc(environments.id))
      .limit(page.limit)
      .offset(page.offset),
  ])
  return { count: counted[0]?.count ?? 0, rows }
}

export const findEnvironmentByUuid = async (
  db: Database,
  uuid: string,
): Promise<Environment | undefined> =>
  (await db.select().from(environments).where(eq(environments.uuid, uuid)).limit(1))[0]
