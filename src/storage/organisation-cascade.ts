/** What the database takes along when an organisation is deleted, but for what lies below projects. */
import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type Environment, environments } from './environments.ts'
import { type Grant, grants } from './grants.ts'
import { type Group, type GroupMember, groupMembers, groups } from './groups.ts'
import { type InviteLink, inviteLinks } from './invite-links.ts'
import { type Invite, type InviteGroup, inviteGroups, invites } from './invites.ts'
import { type OrganisationKey, organisationKeys } from './organisation-keys.ts'
import { listMembers, type Member } from './organisations.ts'
import { type Project, projects } from './projects.ts'
import { type Webhook, webhooks } from './webhooks.ts'

export type OrganisationCascade = {
  projects: Project[]
  environments: Environment[]
  keys: OrganisationKey[]
  /** Its own; those of its environments go with these. */
  webhooks: Webhook[]
  /** Those at the organisation itself. */
  grants: Grant[]
  groups: Group[]
  groupMembers: GroupMember[]
  invites: Invite[]
  inviteGroups: InviteGroup[]
  inviteLinks: InviteLink[]
  members: Member[]
}

export async function readOrganisationCascade(
  db: Database,
  organisationId: number,
): Promise<OrganisationCascade> {
  const own = db
    .select({ id: projects.id })
    .from(projects)
    .where(eq(projects.organisationId, organisationId))
  const groupIds = db
    .select({ id: groups.id })
    .from(groups)
    .where(eq(groups.organisationId, organisationId))
  const inviteIds = db
    .select({ id: invites.id })
    .from(invites)
    .where(eq(invites.organisationId, organisationId))
  const rows = await db.batch([
    db
      .select()
      .from(projects)
      .where(eq(projects.organisationId, organisationId))
      .orderBy(asc(projects.id)),
    db
      .select()
      .from(environments)
      .where(inArray(environments.projectId, own))
      .orderBy(asc(environments.id)),
    db.select().from(organisationKeys).where(eq(organisationKeys.organisationId, organisationId)),
    db
      .select()
      .from(grants)
      .where(and(eq(grants.organisationId, organisationId), isNull(grants.projectId)))
      .orderBy(asc(grants.id)),
    db
      .select()
      .from(groups)
      .where(eq(groups.organisationId, organisationId))
      .orderBy(asc(groups.id)),
    db
      .select()
      .from(groupMembers)
      .where(inArray(groupMembers.groupId, groupIds))
      .orderBy(asc(groupMembers.groupId), asc(groupMembers.userId)),
    db
      .select()
      .from(invites)
      .where(eq(invites.organisationId, organisationId))
      .orderBy(asc(invites.id)),
    db
      .select()
      .from(inviteGroups)
      .where(inArray(inviteGroups.inviteId, inviteIds))
      .orderBy(asc(inviteGroups.inviteId), asc(inviteGroups.groupId)),
    db
      .select()
      .from(inviteLinks)
      .where(eq(inviteLinks.organisationId, organisationId))
      .orderBy(asc(inviteLinks.id)),
    db
      .select()
      .from(webhooks)
      .where(and(eq(webhooks.organisationId, organisationId), isNull(webhooks.environmentId)))
      .orderBy(asc(webhooks.id)),
  ])
  return {
    projects: rows[0],
    environments: rows[1],
    keys: rows[2],
    grants: rows[3],
    groups: rows[4],
    groupMembers: rows[5],
    invites: rows[6],
    inviteGroups: rows[7],
    inviteLinks: rows[8],
    webhooks: rows[9],
    // Not in the batch: D1 answers batches by column name, and a join may have one name twice.
    members: await listMembers(db, organisationId),
  }
}
