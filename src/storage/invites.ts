/** Invites by e-mail. What opens one is known here by its SHA-256 only. */
import { and, asc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'
import type { Role } from './organisations.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

export const invites = sqliteTable('invites', {
  id: integer().primaryKey(),
  organisationId: integer('organisation_id').notNull(),
  email: text().notNull(),
  hash: text().notNull(),
  role: text().$type<Role>().notNull(),
  /** Null: an organisation key did, or a user who is gone. */
  invitedBy: integer('invited_by'),
  createdAt: integer('created_at').notNull(),
})

/** The groups that the invited person will be put into. */
export const inviteGroups = sqliteTable('invite_groups', {
  inviteId: integer('invite_id').notNull(),
  groupId: integer('group_id').notNull(),
})

export type Invite = typeof invites.$inferSelect

/** Of this organisation only: a foreign invite is unknown. */
export const findInvite = async (
  db: Database,
  organisationId: number,
  id: number,
): Promise<Invite | undefined> =>
  (
    await db
      .select()
      .from(invites)
      .where(and(eq(invites.id, id), eq(invites.organisationId, organisationId)))
      .limit(1)
  )[0]

export const findInviteByHash = async (db: Database, hash: string): Promise<Invite | undefined> =>
  (await db.select().from(invites).where(eq(invites.hash, hash)).limit(1))[0]

/** The invites that wait for any of these addresses; the column compares without regard to case. */
export const listInvitesOfEmails = (
  db: Database,
  organisationId: number,
  emails: string[],
): Promise<Invite[]> =>
  db
    .select()
    .from(invites)
    .where(and(eq(invites.organisationId, organisationId), isOneOf(invites.email, emails)))

/** One page of an organisation's invites and how many there are. */
export function pageInvites(
  db: Database,
  organisationId: number,
  page: Slice,
): Promise<Page<Invite>> {
  const own = eq(invites.organisationId, organisationId)
  return pageRows(db, { table: invites, where: own, orderBy: [asc(invites.id)] }, page)
}

export type InviteGroup = typeof inviteGroups.$inferSelect

/** The invites that carry a group. */
export const listInviteIdsOfGroup = async (db: Database, groupId: number): Promise<number[]> =>
  (
    await db
      .select({ id: inviteGroups.inviteId })
      .from(inviteGroups)
      .where(eq(inviteGroups.groupId, groupId))
      .orderBy(asc(inviteGroups.inviteId))
  ).map(({ id }) => id)

export const listGroupsOfInvites = (db: Database, inviteIds: number[]): Promise<InviteGroup[]> =>
  db
    .select()
    .from(inviteGroups)
    .where(isOneOf(inviteGroups.inviteId, inviteIds))
    .orderBy(asc(inviteGroups.inviteId), asc(inviteGroups.groupId))
