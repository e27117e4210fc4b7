/** Who belongs to an organisation, as its administrators change it. The tables are `organisations.ts`'s. */
import { and, asc, count, eq } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { type Grant, grants } from './grants.ts'
import { type Member, memberships } from './organisations.ts'
import { users } from './users.ts'

/** Those of the ids that belong to the organisation. */
export const listMembersAmong = (
  db: Database,
  organisationId: number,
  userIds: number[],
): Promise<Member[]> =>
  db
    .select({ user: users, role: memberships.role })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.organisationId, organisationId), isOneOf(users.id, userIds)))
    .orderBy(asc(users.id))

/** Those of the addresses that belong to a member, as the member spells them. */
export const listMemberEmailsAmong = async (
  db: Database,
  organisationId: number,
  emails: string[],
): Promise<string[]> =>
  (
    await db
      .select({ email: users.email })
      .from(memberships)
      .innerJoin(users, eq(users.id, memberships.userId))
      .where(and(eq(memberships.organisationId, organisationId), isOneOf(users.email, emails)))
  ).map((row) => row.email)

/** What was granted to people themselves in an organisation, at every level. */
export const listGrantsOfUsers = (
  db: Database,
  organisationId: number,
  userIds: number[],
): Promise<Grant[]> =>
  db
    .select()
    .from(grants)
    .where(and(eq(grants.organisationId, organisationId), isOneOf(grants.userId, userIds)))
    .orderBy(asc(grants.id))

export const countAdmins = async (db: Database, organisationId: number): Promise<number> =>
  (
    await db
      .select({ count: count() })
      .from(memberships)
      .where(and(eq(memberships.organisationId, organisationId), eq(memberships.role, 'ADMIN')))
  )[0]?.count ?? 0

export const listAdminIds = async (
  db: Database,
  organisationId: number,
  limit: number,
): Promise<number[]> =>
  (
    await db
      .select({ id: memberships.userId })
      .from(memberships)
      .where(and(eq(memberships.organisationId, organisationId), eq(memberships.role, 'ADMIN')))
      .orderBy(asc(memberships.userId))
      .limit(limit)
  ).map(({ id }) => id)

/** Undefined for whoever does not administer the organisation any more. */
export const findAdminEmail = async (
  db: Database,
  organisationId: number,
  userId: number,
): Promise<string | undefined> =>
  (
    await db
      .select({ email: users.email })
      .from(memberships)
      .innerJoin(users, eq(users.id, memberships.userId))
      .where(
        and(
          eq(memberships.organisationId, organisationId),
          eq(memberships.userId, userId),
          eq(memberships.role, 'ADMIN'),
        ),
      )
      .limit(1)
  )[0]?.email
