/** Organisation API keys (`Authorization: Api-Key …`): found by the SHA-256 of the whole key. */
import { and, asc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

export const organisationKeys = sqliteTable('organisation_keys', {
  /** The first eight characters, shown in lists and URLs. */
  prefix: text().primaryKey(),
  hash: text().notNull(),
  organisationId: integer('organisation_id').notNull(),
  name: text().notNull(),
  revoked: integer({ mode: 'boolean' }).notNull().default(false),
  createdBy: integer('created_by'),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at'),
})

export type OrganisationKey = typeof organisationKeys.$inferSelect

export const findOrganisationKey = async (
  db: Database,
  organisationId: number,
  prefix: string,
): Promise<OrganisationKey | undefined> =>
  (
    await db
      .select()
      .from(organisationKeys)
      .where(
        and(
          eq(organisationKeys.organisationId, organisationId),
          eq(organisationKeys.prefix, prefix),
        ),
      )
      .limit(1)
  )[0]

export const findOrganisationKeyByPrefix = async (
  db: Database,
  prefix: string,
): Promise<OrganisationKey | undefined> =>
  (await db.select().from(organisationKeys).where(eq(organisationKeys.prefix, prefix)).limit(1))[0]

/** One page of an organisation's keys, oldest first. */
export function pageOrganisationKeys(
  db: Database,
  organisationId: number,
  page: Slice,
): Promise<Page<OrganisationKey>> {
  const own = eq(organisationKeys.organisationId, organisationId)
  const orderBy = [asc(organisationKeys.createdAt), asc(organisationKeys.prefix)]
  return pageRows(db, { table: organisationKeys, where: own, orderBy }, page)
}
