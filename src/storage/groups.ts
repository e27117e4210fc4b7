/** Groups of people in an organisation, and who is in them. */
import { and, asc, eq, inArray } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'
import { type Page, pageRows, type Slice } from './pages.ts'
import { type User, users } from './users.ts'

export const groups = sqliteTable('groups', {
  id: integer().primaryKey(),
  organisationId: integer('organisation_id').notNull(),
  name: text().notNull(),
  /** Whoever joins the organisation joins this group too. */
  isDefault: integer('is_default', { mode: 'boolean' }).notNull().default(false),
  /** What a directory elsewhere calls it. */
  externalId: text('external_id'),
  createdAt: integer('created_at').notNull(),
})

export const groupMembers = sqliteTable('group_members', {
  groupId: integer('group_id').notNull(),
  userId: integer('user_id').notNull(),
  /** May say who else is in this group. */
  isAdmin: integer('is_admin', { mode: 'boolean' }).notNull().default(false),
})

export type Group = typeof groups.$inferSelect
export type GroupMember = typeof groupMembers.$inferSelect

/** Of this organisation only: a foreign group is unknown. */
export const findGroup = async (
  db: Database,
  organisationId: number,
  id: number,
): Promise<Group | undefined> =>
  (
    await db
      .select()
      .from(groups)
      .where(and(eq(groups.id, id), eq(groups.organisationId, organisationId)))
      .limit(1)
  )[0]

export const findGroupByExternalId = async (
  db: Database,
  organisationId: number,
  externalId: string,
): Promise<Group | undefined> =>
  (
    await db
      .select()
      .from(groups)
      .where(and(eq(groups.externalId, externalId), eq(groups.organisationId, organisationId)))
      .limit(1)
  )[0]

/** Those of the ids that are groups of this organisation. */
export const listGroups = (db: Database, organisationId: number, ids: number[]): Promise<Group[]> =>
  db
    .select()
    .from(groups)
    .where(and(eq(groups.organisationId, organisationId), isOneOf(groups.id, ids)))
    .orderBy(asc(groups.id))

export const listGroupsOfOrganisation = (db: Database, organisationId: number): Promise<Group[]> =>
  db.select().from(groups).where(eq(groups.organisationId, organisationId)).orderBy(asc(groups.id))

/** What everybody who joins is put into. */
export const listDefaultGroups = (db: Database, organisationId: number): Promise<Group[]> =>
  db
    .select()
    .from(groups)
    .where(and(eq(groups.organisationId, organisationId), eq(groups.isDefault, true)))
    .orderBy(asc(groups.id))

/** Which groups of an organisation people are in. */
export const listGroupMembershipsOfUsers = async (
  db: Database,
  organisationId: number,
  userIds: number[],
): Promise<GroupMember[]> =>
  (
    await db
      .select({ member: groupMembers })
      .from(groupMembers)
      .innerJoin(groups, eq(groups.id, groupMembers.groupId))
      .where(and(eq(groups.organisationId, organisationId), isOneOf(groupMembers.userId, userIds)))
      .orderBy(asc(groupMembers.groupId), asc(groupMembers.userId))
  ).map((row) => row.member)

export const isGroupAdmin = async (
  db: Database,
  groupId: number,
  userId: number,
): Promise<boolean> =>
  (
    await db
      .select({ isAdmin: groupMembers.isAdmin })
      .from(groupMembers)
      .where(and(eq(groupMembers.groupId, groupId), eq(groupMembers.userId, userId)))
      .limit(1)
  )[0]?.isAdmin ?? false

export const listGroupMembers = (db: Database, groupId: number): Promise<GroupMember[]> =>
  db
    .select()
    .from(groupMembers)
    .where(eq(groupMembers.groupId, groupId))
    .orderBy(asc(groupMembers.userId))

export type PersonInGroup = { groupId: number; isAdmin: boolean; user: User }

/** The people of several groups in one query. */
export const listPeopleOfGroups = (db: Database, groupIds: number[]): Promise<PersonInGroup[]> =>
  db
    .select({ groupId: groupMembers.groupId, isAdmin: groupMembers.isAdmin, user: users })
    .from(groupMembers)
    .innerJoin(users, eq(users.id, groupMembers.userId))
    .where(isOneOf(groupMembers.groupId, groupIds))
    .orderBy(asc(groupMembers.groupId), asc(users.id))

const groupIdsOf = (db: Database, userId: number, adminOnly = false) =>
  db
    .select({ id: groupMembers.groupId })
    .from(groupMembers)
    .where(
      and(eq(groupMembers.userId, userId), adminOnly ? eq(groupMembers.isAdmin, true) : undefined),
    )

/** Whose groups a page shows: everybody's, a member's own, or those where they are group admin. */
export type GroupFilter = { memberId?: number; adminId?: number }

/** One page of an organisation's groups and how many there are. */
export function pageGroups(
  db: Database,
  at: { organisationId: number; filter: GroupFilter },
  page: Slice,
): Promise<Page<Group>> {
  const { memberId, adminId } = at.filter
  const shown = and(
    eq(groups.organisationId, at.organisationId),
    memberId === undefined ? undefined : inArray(groups.id, groupIdsOf(db, memberId)),
    adminId === undefined ? undefined : inArray(groups.id, groupIdsOf(db, adminId, true)),
  )
  return pageRows(db, { table: groups, where: shown, orderBy: [asc(groups.id)] }, page)
}
