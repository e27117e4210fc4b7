/** Grants: what people and groups are given at a place. What follows from them is domain's business. */
import { and, asc, eq, isNotNull, isNull, type SQL } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf, type Statement } from './database.ts'
import { type Group, groups } from './groups.ts'
import { type User, users } from './users.ts'

export const grants = sqliteTable('grants', {
  id: integer().primaryKey(),
  organisationId: integer('organisation_id').notNull(),
  /** Null: a grant at the organisation. */
  projectId: integer('project_id'),
  /** Set besides the project: a grant at the environment. */
  environmentId: integer('environment_id'),
  /** Either a person holds it or a group. */
  userId: integer('user_id'),
  groupId: integer('group_id'),
  /** Every permission of the place; never at an organisation, where the role says that. */
  admin: integer({ mode: 'boolean' }).notNull().default(false),
  permissions: text({ mode: 'json' }).$type<string[]>().notNull(),
})

export type Grant = typeof grants.$inferSelect

/** Where a grant stands. */
export type GrantPlace = {
  organisationId: number
  projectId: number | null
  environmentId: number | null
}

export type HolderKind = 'user' | 'group'
export type Holder = { kind: HolderKind; id: number }

const standsAt = ({ organisationId, projectId, environmentId }: GrantPlace): SQL | undefined =>
  and(
    eq(grants.organisationId, organisationId),
    projectId === null ? isNull(grants.projectId) : eq(grants.projectId, projectId),
    environmentId === null ? isNull(grants.environmentId) : eq(grants.environmentId, environmentId),
  )

const columnOf = { user: grants.userId, group: grants.groupId }

/** A grant that stands at this place and is held by this kind of holder; others are unknown. */
export const findGrant = async (
  db: Database,
  at: { place: GrantPlace; kind: HolderKind },
  id: number,
): Promise<Grant | undefined> =>
  (
    await db
      .select()
      .from(grants)
      .where(and(eq(grants.id, id), standsAt(at.place), isNotNull(columnOf[at.kind])))
      .limit(1)
  )[0]

export const findGrantOf = async (
  db: Database,
  place: GrantPlace,
  holder: Holder,
): Promise<Grant | undefined> =>
  (
    await db
      .select()
      .from(grants)
      .where(and(standsAt(place), eq(columnOf[holder.kind], holder.id)))
      .limit(1)
  )[0]

/** Whoever holds a grant: one of the two is there. */
export type HeldGrant = { grant: Grant; user: User | null; group: Group | null }

/** The grants that stand at exactly this place, with their holders; `id` asks for a single one. */
export const listGrants = (
  db: Database,
  at: { place: GrantPlace; kind: HolderKind },
  id?: number,
): Promise<HeldGrant[]> =>
  db
    .select({ grant: grants, user: users, group: groups })
    .from(grants)
    .leftJoin(users, eq(users.id, grants.userId))
    .leftJoin(groups, eq(groups.id, grants.groupId))
    .where(
      and(
        standsAt(at.place),
        isNotNull(columnOf[at.kind]),
        id === undefined ? undefined : eq(grants.id, id),
      ),
    )
    .orderBy(asc(grants.id))

/** What a group holds, at every level: it goes with the group. */
export const listGrantsOfGroup = (db: Database, groupId: number): Promise<Grant[]> =>
  db.select().from(grants).where(eq(grants.groupId, groupId)).orderBy(asc(grants.id))

/** Whoever leaves an organisation keeps nothing in it. */
export const deleteGrantsOfUsers = (
  db: Database,
  organisationId: number,
  userIds: number[],
): Statement =>
  db
    .delete(grants)
    .where(and(eq(grants.organisationId, organisationId), isOneOf(grants.userId, userIds)))
