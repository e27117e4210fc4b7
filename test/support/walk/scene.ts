/** What a random walk finds in the database before each round, and what it may ask for then. */
import { asc } from 'drizzle-orm'
import type { InputOf, WriteName } from '../../../src/domain/register.ts'
import type { Database } from '../../../src/storage/database.ts'
import { environmentKeys } from '../../../src/storage/environment-keys.ts'
import { environments } from '../../../src/storage/environments.ts'
import { featureSegments } from '../../../src/storage/feature-segments.ts'
import { featureStates } from '../../../src/storage/feature-states.ts'
import { features, multivariateOptions } from '../../../src/storage/features.ts'
import { grants } from '../../../src/storage/grants.ts'
import { groupMembers, groups } from '../../../src/storage/groups.ts'
import { identities, traits } from '../../../src/storage/identities.ts'
import { inviteLinks } from '../../../src/storage/invite-links.ts'
import { invites } from '../../../src/storage/invites.ts'
import { organisationKeys } from '../../../src/storage/organisation-keys.ts'
import { memberships, organisations } from '../../../src/storage/organisations.ts'
import { projects } from '../../../src/storage/projects.ts'
import { segments } from '../../../src/storage/segments.ts'
import { tags } from '../../../src/storage/tags.ts'
import { tokens, users } from '../../../src/storage/users.ts'
import { webhooks } from '../../../src/storage/webhooks.ts'
import type { Random } from './random.ts'

/** Always in the same order, so that the same seed finds the same. */
export async function readScene(db: Database) {
  const rows = await db.batch([
    db.select().from(users).orderBy(asc(users.id)),
    db.select().from(tokens).orderBy(asc(tokens.hash)),
    db.select().from(organisations).orderBy(asc(organisations.id)),
    db.select().from(memberships).orderBy(asc(memberships.organisationId), asc(memberships.userId)),
    db.select().from(groups).orderBy(asc(groups.id)),
    db.select().from(groupMembers).orderBy(asc(groupMembers.groupId), asc(groupMembers.userId)),
    db.select().from(grants).orderBy(asc(grants.id)),
    db.select().from(invites).orderBy(asc(invites.id)),
    db.select().from(inviteLinks).orderBy(asc(inviteLinks.id)),
    db.select().from(organisationKeys).orderBy(asc(organisationKeys.createdAt)),
    db.select().from(projects).orderBy(asc(projects.id)),
    db.select().from(environments).orderBy(asc(environments.id)),
    db.select().from(environmentKeys).orderBy(asc(environmentKeys.id)),
    db.select().from(features).orderBy(asc(features.id)),
    db.select().from(multivariateOptions).orderBy(asc(multivariateOptions.id)),
    db.select().from(tags).orderBy(asc(tags.id)),
    db.select().from(segments).orderBy(asc(segments.id)),
    db.select().from(featureSegments).orderBy(asc(featureSegments.id)),
    db.select().from(featureStates).orderBy(asc(featureStates.id)),
    db.select().from(webhooks).orderBy(asc(webhooks.id)),
    db.select().from(identities).orderBy(asc(identities.id)),
    db.select().from(traits).orderBy(asc(traits.id)),
  ])
  return {
    users: rows[0],
    tokens: rows[1],
    organisations: rows[2],
    memberships: rows[3],
    groups: rows[4],
    groupMembers: rows[5],
    grants: rows[6],
    invites: rows[7],
    inviteLinks: rows[8],
    organisationKeys: rows[9],
    projects: rows[10],
    environments: rows[11],
    environmentKeys: rows[12],
    features: rows[13],
    options: rows[14],
    tags: rows[15],
    segments: rows[16],
    links: rows[17],
    states: rows[18],
    webhooks: rows[19],
    identities: rows[20],
    traits: rows[21],
  }
}

export type Scene = Awaited<ReturnType<typeof readScene>>

export type Walk = {
  db: Database
  now: number
  random: Random
  scene: Scene
  /** A word that was never used before. */
  word: (beginning: string) => string
}

/** In the ledger of this organisation; null: of the instance. */
export type Wish<N extends WriteName> = { organisationId: number | null; input: InputOf<N> }

/** Null where there is nothing to ask it of. */
export type Makers<N extends WriteName> = {
  [K in N]: (walk: Walk) => Wish<K> | null | Promise<Wish<K> | null>
}

export const organisationOf = ({ scene }: Walk, projectId: number): number =>
  scene.projects.find(({ id }) => id === projectId)?.organisationId ?? 0

export const projectOf = ({ scene }: Walk, environmentId: number): number =>
  scene.environments.find(({ id }) => id === environmentId)?.projectId ?? 0

/** Mostly the id that it is given; sometimes one that nothing has. */
export const idOf = ({ random }: Walk, { id }: { id: number }): number =>
  random.chance(0.03) ? 987_000 + random.int(10) : id

/** One of the rows, and the organisation it belongs to by its project. */
export function inProject<R extends { projectId: number }>(walk: Walk, rows: readonly R[]) {
  const row = walk.random.pick(rows)
  return row && { row, organisationId: organisationOf(walk, row.projectId) }
}

/** The same by its environment. */
export function inEnvironment<R extends { environmentId: number }>(walk: Walk, rows: readonly R[]) {
  const row = walk.random.pick(rows)
  if (row === undefined) return undefined
  return { row, organisationId: organisationOf(walk, projectOf(walk, row.environmentId)) }
}
