/** What the database takes along when an organisation is deleted, but for what lies below projects. */
import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type Environment, environments } from './environments.ts'
import { type OrganisationKey, organisationKeys } from './organisation-keys.ts'
import { memberships } from './organisations.ts'
import { type Project, projects } from './projects.ts'
import { users } from './users.ts'
import { type Webhook, webhooks } from './webhooks.ts'

export type OrganisationCascade = {
  projects: Project[]
  environments: Environment[]
  keys: OrganisationKey[]
  /** Its own; those of its environments go with these. */
  webhooks: Webhook[]
  members: { userId: number; email: string; role: string }[]
}

export async function readOrganisationCascade(
  db: Database,
  organisationId: number,
): Promise<OrganisationCascade> {
  const own = db
    .select({ id: projects.id })
    .from(projects)
    .where(eq(projects.organisationId, organisationId))
  const [projectRows, environmentRows, keys, hooks] = await db.batch([
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
      .from(webhooks)
      .where(and(eq(webhooks.organisationId, organisationId), isNull(webhooks.environmentId)))
      .orderBy(asc(webhooks.id)),
  ])
  const members = await db
    .select({ userId: users.id, email: users.email, role: memberships.role })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(eq(memberships.organisationId, organisationId))
    .orderBy(asc(users.id))
  return { projects: projectRows, environments: environmentRows, keys, webhooks: hooks, members }
}
