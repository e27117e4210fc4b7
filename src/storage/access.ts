/**
 * What speaks for a person: their role, their own grants and those of their groups. Read in one round
 * trip together with the thing it is about, and never kept: a grant that is gone counts no more.
 */
import { and, eq, inArray, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type Grant, type GrantPlace, grants } from './grants.ts'
import { groupMembers } from './groups.ts'
import {
  type Membership,
  memberships,
  type Organisation,
  organisations,
  type Role,
} from './organisations.ts'
import { type Project, projects } from './projects.ts'

export type Access = { role: Role | undefined; grants: Grant[] }

const heldBy = (db: Database, userId: number): SQL | undefined =>
  or(
    eq(grants.userId, userId),
    inArray(
      grants.groupId,
      db
        .select({ id: groupMembers.groupId })
        .from(groupMembers)
        .where(eq(groupMembers.userId, userId)),
    ),
  )

const rolesIn = (db: Database, organisationId: number | SQL, userId: number) =>
  db
    .select({ role: memberships.role })
    .from(memberships)
    .where(and(eq(memberships.organisationId, organisationId), eq(memberships.userId, userId)))
    .limit(1)

/** With the grants at the organisation itself, not those below it. */
export async function readOrganisationAccess(
  db: Database,
  id: number,
  userId: number,
): Promise<Access & { organisation: Organisation | undefined }> {
  const [found, roles, held] = await db.batch([
    db.select().from(organisations).where(eq(organisations.id, id)).limit(1),
    rolesIn(db, id, userId),
    db
      .select()
      .from(grants)
      .where(and(eq(grants.organisationId, id), isNull(grants.projectId), heldBy(db, userId))),
  ])
  return { organisation: found[0], role: roles[0]?.role, grants: held }
}

/** With the grants at the project and at all of its environments. */
export async function readProjectAccess(
  db: Database,
  id: number,
  userId: number,
): Promise<Access & { project: Project | undefined }> {
  const owner = sql`(SELECT organisation_id FROM projects WHERE id = ${id})`
  const [found, roles, held] = await db.batch([
    db.select().from(projects).where(eq(projects.id, id)).limit(1),
    rolesIn(db, owner, userId),
    db
      .select()
      .from(grants)
      .where(and(eq(grants.projectId, id), heldBy(db, userId))),
  ])
  return { project: found[0], role: roles[0]?.role, grants: held }
}

/** What speaks for a person at a place: the grants at it and above it, short of the organisation's. */
export async function readAccess(db: Database, place: GrantPlace, userId: number): Promise<Access> {
  if (place.projectId === null) return readOrganisationAccess(db, place.organisationId, userId)
  const { role, grants: held } = await readProjectAccess(db, place.projectId, userId)
  const isAbove = ({ environmentId }: Grant) =>
    environmentId === null || environmentId === place.environmentId
  return { role, grants: held.filter(isAbove) }
}

/** Where a person belongs, and everything that they hold at projects, in any organisation. */
export async function readReach(
  db: Database,
  userId: number,
): Promise<{ memberships: Membership[]; grants: Grant[] }> {
  const [belonging, held] = await db.batch([
    db.select().from(memberships).where(eq(memberships.userId, userId)),
    db
      .select()
      .from(grants)
      .where(and(isNotNull(grants.projectId), isNull(grants.environmentId), heldBy(db, userId))),
  ])
  return { memberships: belonging, grants: held }
}
