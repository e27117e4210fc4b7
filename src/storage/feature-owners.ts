/** Who answers for a feature: people and groups. */
import { and, asc, eq, inArray } from 'drizzle-orm'
import { integer, sqliteTable } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'
import { type Feature, features } from './features.ts'
import { type Group, groups } from './groups.ts'
import { type Project, projects } from './projects.ts'
import { type User, users } from './users.ts'

export const featureOwners = sqliteTable('feature_owners', {
  featureId: integer('feature_id').notNull(),
  userId: integer('user_id').notNull(),
})

export const featureGroupOwners = sqliteTable('feature_group_owners', {
  featureId: integer('feature_id').notNull(),
  groupId: integer('group_id').notNull(),
})

/** A person as a feature shows its owner: nothing of the account besides. */
export type Owner = Pick<User, 'id' | 'uuid' | 'email' | 'firstName' | 'lastName' | 'lastLoginAt'>

export type GroupOwner = Pick<Group, 'id' | 'name'>

const ownerColumns = {
  id: users.id,
  uuid: users.uuid,
  email: users.email,
  firstName: users.firstName,
  lastName: users.lastName,
  lastLoginAt: users.lastLoginAt,
}

/** The owners of many features, those of each by rising id. */
export async function listOwnersOfFeatures(
  db: Database,
  featureIds: number[],
): Promise<{ featureId: number; owner: Owner }[]> {
  const rows = await db
    .select({ featureId: featureOwners.featureId, ...ownerColumns })
    .from(featureOwners)
    .innerJoin(users, eq(users.id, featureOwners.userId))
    .where(isOneOf(featureOwners.featureId, featureIds))
    .orderBy(asc(featureOwners.featureId), asc(users.id))
  return rows.map(({ featureId, ...owner }) => ({ featureId, owner }))
}

/** The group owners of many features, those of each by rising id. */
export async function listGroupOwnersOfFeatures(
  db: Database,
  featureIds: number[],
): Promise<{ featureId: number; group: GroupOwner }[]> {
  const rows = await db
    .select({ featureId: featureGroupOwners.featureId, id: groups.id, name: groups.name })
    .from(featureGroupOwners)
    .innerJoin(groups, eq(groups.id, featureGroupOwners.groupId))
    .where(isOneOf(featureGroupOwners.featureId, featureIds))
    .orderBy(asc(featureGroupOwners.featureId), asc(groups.id))
  return rows.map(({ featureId, ...group }) => ({ featureId, group }))
}

/** People as owners, whether they own anything or not. */
export const listPossibleOwners = (db: Database, ids: number[]): Promise<Owner[]> =>
  db.select(ownerColumns).from(users).where(isOneOf(users.id, ids)).orderBy(asc(users.id))

/** The features that a group owns. */
export const listFeatureIdsOfGroupOwner = async (
  db: Database,
  groupId: number,
): Promise<number[]> =>
  (
    await db
      .select({ id: featureGroupOwners.featureId })
      .from(featureGroupOwners)
      .where(eq(featureGroupOwners.groupId, groupId))
      .orderBy(asc(featureGroupOwners.featureId))
  ).map(({ id }) => id)

/** The features of an organisation that some of these people own, and the projects they are in. */
export async function readOwnedFeatures(
  db: Database,
  organisationId: number,
  userIds: number[],
): Promise<{ features: Feature[]; projects: Project[] }> {
  const own = db
    .select({ id: projects.id })
    .from(projects)
    .where(eq(projects.organisationId, organisationId))
  const owned = db
    .select({ id: featureOwners.featureId })
    .from(featureOwners)
    .where(isOneOf(featureOwners.userId, userIds))
  const [featureRows, projectRows] = await db.batch([
    db
      .select()
      .from(features)
      .where(and(inArray(features.id, owned), inArray(features.projectId, own)))
      .orderBy(asc(features.id)),
    db.select().from(projects).where(eq(projects.organisationId, organisationId)),
  ])
  return { features: featureRows, projects: projectRows }
}
