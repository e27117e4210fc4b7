/** Links to join an organisation by: looked up by SHA-256, sealed for the list that shows them again. */
import { and, asc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'
import type { Role } from './organisations.ts'

export const inviteLinks = sqliteTable('invite_links', {
  id: integer().primaryKey(),
  organisationId: integer('organisation_id').notNull(),
  hash: text().notNull(),
  sealed: text().notNull(),
  role: text().$type<Role>().notNull(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at'),
})

export type InviteLink = typeof inviteLinks.$inferSelect

/** Of this organisation only: a foreign link is unknown. */
export const findInviteLink = async (
  db: Database,
  organisationId: number,
  id: number,
): Promise<InviteLink | undefined> =>
  (
    await db
      .select()
      .from(inviteLinks)
      .where(and(eq(inviteLinks.id, id), eq(inviteLinks.organisationId, organisationId)))
      .limit(1)
  )[0]

export const findInviteLinkByHash = async (
  db: Database,
  hash: string,
): Promise<InviteLink | undefined> =>
  (await db.select().from(inviteLinks).where(eq(inviteLinks.hash, hash)).limit(1))[0]

export const listInviteLinks = (db: Database, organisationId: number): Promise<InviteLink[]> =>
  db
    .select()
    .from(inviteLinks)
    .where(eq(inviteLinks.organisationId, organisationId))
    .orderBy(asc(inviteLinks.id))
