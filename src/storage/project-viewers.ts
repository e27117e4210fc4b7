/** What speaks for many people at one project. Who may see it is domain's decision. */
import { and, eq, isNull } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { type Grant, grants } from './grants.ts'
import { groupMembers } from './groups.ts'
import { memberships, type Role } from './organisations.ts'
import type { Project } from './projects.ts'

/** Role and grants, their own and their groups', of those of the people who belong here. */
export async function listMembersAtProject(
  db: Database,
  project: Project,
  userIds: number[],
): Promise<{ userId: number; role: Role; grants: Grant[] }[]> {
  const atProject = and(eq(grants.projectId, project.id), isNull(grants.environmentId))
  const [roles, own, ofGroups] = await Promise.all([
    db
      .select({ userId: memberships.userId, role: memberships.role })
      .from(memberships)
      .where(
        and(
          eq(memberships.organisationId, project.organisationId),
          isOneOf(memberships.userId, userIds),
        ),
      ),
    db
      .select()
      .from(grants)
      .where(and(atProject, isOneOf(grants.userId, userIds))),
    db
      .select({ userId: groupMembers.userId, grant: grants })
      .from(groupMembers)
      .innerJoin(grants, eq(grants.groupId, groupMembers.groupId))
      .where(and(atProject, isOneOf(groupMembers.userId, userIds))),
  ])
  return roles.map(({ userId, role }) => ({
    userId,
    role,
    grants: [
      ...own.filter((grant) => grant.userId === userId),
      ...ofGroups.filter((held) => held.userId === userId).map((held) => held.grant),
    ],
  }))
}
