/**
 * Who answers for a feature: people who can see its project, and groups of its organisation
 * (contract admin-api §B.5).
 */
import { and, eq } from 'drizzle-orm'
import { invalid, invalidBody, notFound, type Outcome, ok } from '../outcome.ts'
import { type Database, insertRows, isOneOf, type Statement } from '../storage/database.ts'
import {
  featureGroupOwners,
  featureOwners,
  type GroupOwner,
  listPossibleOwners,
  type Owner,
  readOwnedFeatures,
} from '../storage/feature-owners.ts'
import { findFeature } from '../storage/features.ts'
import { listGroups } from '../storage/groups.ts'
import { listMembersAtProject } from '../storage/project-viewers.ts'
import { findProject, type Project } from '../storage/projects.ts'
import {
  readWholeFeature,
  readWholeFeatures,
  type WholeFeature,
} from '../storage/whole-features.ts'
import { featureUpdated } from './feature-entry.ts'
import { may, standingOfMember } from './permissions.ts'
import { refuseUnknown } from './unknown-ids.ts'
import {
  type Actor,
  type Context,
  type EntryDraft,
  nothingToDo,
  type Plan,
  type Write,
} from './write.ts'

export type Owners = { owners: Owner[]; groupOwners: GroupOwner[] }

/** Ids of people and of groups. */
export type OwnerIds = { users: number[]; groups: number[] }

const idsOf = (rows: { id: number }[]) => rows.map((row) => row.id)

/** `fields` are the names under which the request has sent the ids. */
async function findOwners(
  db: Database,
  project: Project,
  { ids, fields }: { ids: OwnerIds; fields: { users: string; groups: string } },
): Promise<Outcome<Owners>> {
  if (ids.users.length + ids.groups.length === 0) return ok({ owners: [], groupOwners: [] })
  const [members, groups] = await Promise.all([
    listMembersAtProject(db, project, ids.users),
    listGroups(db, project.organisationId, ids.groups),
  ])
  const viewers = new Set(
    members
      .filter(({ role, grants }) => may(standingOfMember(role, grants), 'VIEW_PROJECT'))
      .map((member) => member.userId),
  )
  const blind = [...new Set(ids.users)].filter((id) => !viewers.has(id))
  if (blind.length > 0) {
    const message = `Users with ids [${blind.join(', ')}] do not have access to this project.`
    return invalid({ [fields.users]: [message] })
  }
  const unknown = refuseUnknown(fields.groups, ids.groups, idsOf(groups))
  if (unknown !== undefined) return unknown
  const owners = await listPossibleOwners(db, ids.users)
  return ok({ owners, groupOwners: groups.map(({ id, name }) => ({ id, name })) })
}

const isOwned = ({ owners, groupOwners }: Owners) => owners.length + groupOwners.length > 0

/** Without people named in the request, the person who asks owns the feature; a key never does. */
export async function firstOwners(
  { db, actor }: { db: Database; actor: Actor },
  project: Project,
  ids: OwnerIds,
): Promise<Outcome<Owners>> {
  const fields = { users: 'owners', groups: 'group_owners' }
  const named = await findOwners(db, project, { ids, fields })
  if (named.kind !== 'ok') return named
  const isCreator = ids.users.length === 0 && actor.kind === 'user'
  const owners = isCreator ? await listPossibleOwners(db, [Number(actor.id)]) : named.value.owners
  const found = { ...named.value, owners }
  return project.enforceFeatureOwners && !isOwned(found)
    ? invalidBody(
        'This project requires at least one owner or group owner when creating a feature.',
      )
    : ok(found)
}

export const insertOwners = (
  db: Database,
  featureId: number,
  { owners, groupOwners }: Owners,
): Statement[] => [
  ...insertRows(
    db,
    featureOwners,
    owners.map(({ id: userId }) => ({ featureId, userId })),
  ),
  ...insertRows(
    db,
    featureGroupOwners,
    groupOwners.map(({ id: groupId }) => ({ featureId, groupId })),
  ),
]

type Input = OwnerIds & { projectId: number; id: number }

/** `fields` are the names under which a request has sent the ids. */
type Replacing = {
  before: WholeFeature
  wanted: OwnerIds
  fields?: { users: string; groups: string }
}

async function findOwned(
  db: Database,
  { projectId, id }: Input,
): Promise<Outcome<{ project: Project; before: WholeFeature }>> {
  const [feature, project] = await Promise.all([findFeature(db, id), findProject(db, projectId)])
  if (feature?.projectId !== projectId || project === undefined) return notFound()
  return ok({ project, before: await readWholeFeature(db, feature) })
}

const without = <T extends { id: number }>(rows: T[], ids: number[]) =>
  rows.filter((row) => !ids.includes(row.id))

const together = <T extends { id: number }>(rows: T[], added: T[]) =>
  [...rows, ...added].sort((a, b) => a.id - b.id)

/** Ids of those who own the feature now. */
export const ownersOf = ({ owners, groupOwners }: Owners): OwnerIds => ({
  users: idsOf(owners),
  groups: idsOf(groupOwners),
})

const missingIn = (ids: number[], others: number[]) => ids.filter((id) => !others.includes(id))

type Replaced = { owners: Owners; statements: Statement[] }

/**
 * The wanted ones own the feature and no others; no statements where they do already. Who is an owner
 * is not judged again. Where the project asks for owners, the last one stays.
 */
export async function replaceOwners(
  db: Database,
  project: Project,
  { before, wanted, fields = { users: 'owners', groups: 'group_owners' } }: Replacing,
): Promise<Outcome<Replaced>> {
  const { feature } = before
  const present = ownersOf(before)
  const added = await findOwners(db, project, {
    ids: {
      users: missingIn(wanted.users, present.users),
      groups: missingIn(wanted.groups, present.groups),
    },
    fields,
  })
  if (added.kind !== 'ok') return added
  const users = missingIn(present.users, wanted.users)
  const groups = missingIn(present.groups, wanted.groups)
  const owners = {
    owners: together(without(before.owners, users), added.value.owners),
    groupOwners: together(without(before.groupOwners, groups), added.value.groupOwners),
  }
  if (users.length + groups.length > 0 && project.enforceFeatureOwners && !isOwned(owners)) {
    return invalidBody('This project requires at least one owner or group owner of every feature.')
  }
  const { featureId, userId } = featureOwners
  const group = featureGroupOwners
  const gone = [
    db.delete(featureOwners).where(and(eq(featureId, feature.id), isOneOf(userId, users))),
    db
      .delete(featureGroupOwners)
      .where(and(eq(group.featureId, feature.id), isOneOf(group.groupId, groups))),
  ]
  const statements = insertOwners(db, feature.id, added.value)
  return ok({
    owners,
    statements: users.length + groups.length > 0 ? [...gone, ...statements] : statements,
  })
}

/** Who changes owners by name tells whom; the rest stays. */
async function changeOwners(
  { db }: Pick<Context, 'db'>,
  input: Input,
  wantedOf: (present: OwnerIds) => OwnerIds,
): Promise<Outcome<Plan<WholeFeature>>> {
  const found = await findOwned(db, input)
  if (found.kind !== 'ok') return found
  const { project, before } = found.value
  const replaced = await replaceOwners(db, project, {
    before,
    wanted: wantedOf(ownersOf(before)),
    fields: { users: 'user_ids', groups: 'group_ids' },
  })
  if (replaced.kind !== 'ok') return replaced
  const { owners, statements } = replaced.value
  if (statements.length === 0) return ok(nothingToDo(before, [input.id]))
  const after: WholeFeature = { ...before, ...owners }
  return ok({
    result: after,
    statements,
    entries: [featureUpdated(project, before, after)],
    features: [input.id],
    publish: [],
    events: [],
  })
}

export const addFeatureOwners: Write<Input, WholeFeature> = (context, input) =>
  changeOwners(context, input, ({ users, groups }) => ({
    users: [...users, ...input.users],
    groups: [...groups, ...input.groups],
  }))

export const removeFeatureOwners: Write<Input, WholeFeature> = (context, input) =>
  changeOwners(context, input, ({ users, groups }) => ({
    users: missingIn(users, input.users),
    groups: missingIn(groups, input.groups),
  }))

/** Who leaves the organisation owns nothing in it any more, whether others own it or not. */
export async function planOwnersGone(
  db: Database,
  organisationId: number,
  userIds: number[],
): Promise<{ statements: Statement[]; entries: EntryDraft[]; features: number[] }> {
  const owned = await readOwnedFeatures(db, organisationId, userIds)
  const features = idsOf(owned.features)
  if (features.length === 0) return { statements: [], entries: [], features }
  const projects = new Map(owned.projects.map((project) => [project.id, project]))
  const leaving = new Set(userIds)
  const entries = (await readWholeFeatures(db, owned.features)).flatMap((before) => {
    const project = projects.get(before.feature.projectId)
    const owners = before.owners.filter(({ id }) => !leaving.has(id))
    return project === undefined ? [] : [featureUpdated(project, before, { ...before, owners })]
  })
  const rows = and(
    isOneOf(featureOwners.userId, userIds),
    isOneOf(featureOwners.featureId, features),
  )
  return { statements: [db.delete(featureOwners).where(rows)], entries, features }
}
