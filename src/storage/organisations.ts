/** Organisations and who belongs to them. */
import { and, asc, count, eq, isNotNull } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'
import { environments } from './environments.ts'
import type { Page, Slice } from './pages.ts'
import { projects } from './projects.ts'
import { type User, users } from './users.ts'

export const organisations = sqliteTable('organisations', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  name: text().notNull(),
  webhookNotificationEmail: text('webhook_notification_email'),
  persistTraitData: integer('persist_trait_data', { mode: 'boolean' }).notNull().default(true),
  stopServingFlags: integer('stop_serving_flags', { mode: 'boolean' }).notNull().default(false),
  restrictProjectCreateToAdmin: integer('restrict_project_create_to_admin', { mode: 'boolean' })
    .notNull()
    .default(false),
  force2fa: integer('force_2fa', { mode: 'boolean' }).notNull().default(false),
  /** How long entries of the audit log are kept; never less than the operator's floor. */
  auditRetentionDays: integer('audit_retention_days').notNull().default(400),
  createdAt: integer('created_at').notNull(),
})

export type Role = 'ADMIN' | 'USER'

export const memberships = sqliteTable('memberships', {
  organisationId: integer('organisation_id').notNull(),
  userId: integer('user_id').notNull(),
  role: text().$type<Role>().notNull(),
  createdAt: integer('created_at').notNull(),
})

export type Organisation = typeof organisations.$inferSelect

export const findOrganisation = async (
  db: Database,
  id: number,
): Promise<Organisation | undefined> =>
  (await db.select().from(organisations).where(eq(organisations.id, id)).limit(1))[0]

export const findRole = async (
  db: Database,
  organisationId: number,
  userId: number,
): Promise<Role | undefined> =>
  (
    await db
      .select({ role: memberships.role })
      .from(memberships)
      .where(and(eq(memberships.organisationId, organisationId), eq(memberships.userId, userId)))
      .limit(1)
  )[0]?.role

export type Membership = typeof memberships.$inferSelect

/** An organisation as one user sees it; `role` is null for a caller who is no member. */
export type SeenOrganisation = { organisation: Organisation; seats: number; role: Role | null }

/** No user has this id: an organisation key sees its organisation through it. */
const nobody = 0

const seenBy = (db: Database, userId: number | null) =>
  db
    .select({
      organisation: organisations,
      seats: db.$count(memberships, eq(memberships.organisationId, organisations.id)),
      role: memberships.role,
    })
    .from(organisations)
    .leftJoin(
      memberships,
      and(
        eq(memberships.organisationId, organisations.id),
        eq(memberships.userId, userId ?? nobody),
      ),
    )

export const seeOrganisation = async (
  db: Database,
  id: number,
  userId: number | null,
): Promise<SeenOrganisation | undefined> =>
  (await seenBy(db, userId).where(eq(organisations.id, id)).limit(1))[0]

export const seeOrganisationByUuid = async (
  db: Database,
  uuid: string,
  userId: number | null,
): Promise<SeenOrganisation | undefined> =>
  (await seenBy(db, userId).where(eq(organisations.uuid, uuid)).limit(1))[0]

/** One page of the organisations that a user belongs to. */
export async function pageOrganisationsOfUser(
  db: Database,
  userId: number,
  { limit, offset }: Slice,
): Promise<Page<SeenOrganisation>> {
  // Not a batch: D1 answers batches by column name, and a join may have one name twice.
  const [rows, counts] = await Promise.all([
    seenBy(db, userId)
      .where(isNotNull(memberships.role))
      .orderBy(asc(organisations.id))
      .limit(limit)
      .offset(offset),
    db.select({ count: count() }).from(memberships).where(eq(memberships.userId, userId)),
  ])
  return { count: counts[0]?.count ?? 0, rows }
}

export type Member = { user: User; role: Role }

export const listMembers = (db: Database, organisationId: number): Promise<Member[]> =>
  db
    .select({ user: users, role: memberships.role })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(eq(memberships.organisationId, organisationId))
    .orderBy(asc(users.id))

export const listEnvironmentIdsOfOrganisation = async (
  db: Database,
  organisationId: number,
): Promise<number[]> =>
  (
    await db
      .select({ id: environments.id })
      .from(environments)
      .innerJoin(projects, eq(projects.id, environments.projectId))
      .where(eq(projects.organisationId, organisationId))
      .orderBy(asc(environments.id))
  ).map((row) => row.id)
