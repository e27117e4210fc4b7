/**
 * The rules of groups: who is in one belongs to the organisation, and its name for a directory
 * elsewhere is one of its own. An entry carries the group with all its people.
 */
import { and, eq } from 'drizzle-orm'
import { invalid, notFound, type Outcome, ok, type Refusal } from '../outcome.ts'
import { type Database, insertRows, isOneOf, type Statement } from '../storage/database.ts'
import { listFeatureIdsOfGroupOwner } from '../storage/feature-owners.ts'
import { listGrantsOfGroup } from '../storage/grants.ts'
import {
  findGroup,
  findGroupByExternalId,
  type Group,
  type GroupMember,
  groupMembers,
  groups,
  listGroupMembers,
} from '../storage/groups.ts'
import { listInviteIdsOfGroup } from '../storage/invites.ts'
import { listMembersAmong } from '../storage/members.ts'
import { changed, snapshot } from './snapshot.ts'
import { refuseUnknown } from './unknown-ids.ts'
import {
  type About,
  type EntryDraft,
  type JsonObject,
  nothingToDo,
  type Plan,
  type Write,
} from './write.ts'

export type GroupSettings = { name: string; isDefault: boolean; externalId: string | null }

const record = (group: Group, members: GroupMember[]): JsonObject => ({
  ...snapshot(group),
  members: members.map(({ userId, isAdmin }) => snapshot({ userId, isAdmin })),
})

const entryOf = (group: Group): About => ({
  resource: { type: 'GROUP', id: String(group.id), uuid: null, name: group.name },
  organisationId: group.organisationId,
  projectId: null,
  environment: null,
})

async function refuseExternalId(db: Database, group: Group): Promise<Refusal | undefined> {
  if (group.externalId === null) return undefined
  const holder = await findGroupByExternalId(db, group.organisationId, group.externalId)
  return holder === undefined || holder.id === group.id
    ? undefined
    : invalid({ external_id: ['Another group of this organisation has this external id.'] })
}

export const createGroup: Write<
  { organisationId: number; settings: Pick<GroupSettings, 'name'> & Partial<GroupSettings> },
  Group
> = async ({ db, now, reserve }, { organisationId, settings }) => {
  const draft = { isDefault: false, externalId: null, ...settings, organisationId, createdAt: now }
  const refusal = await refuseExternalId(db, { ...draft, id: 0 })
  if (refusal !== undefined) return refusal
  const { group: id } = await reserve({ group: 1 })
  const group: Group = { ...draft, id }
  return ok({
    result: group,
    statements: [db.insert(groups).values(group)],
    entries: [
      {
        ...entryOf(group),
        action: 'group.created',
        log: `New Group created: ${group.name}`,
        before: null,
        after: record(group, []),
      },
    ],
    publish: [],
    events: [],
  })
}

const planOf = (at: {
  before: Group
  after: Group
  members: [before: GroupMember[], after: GroupMember[]]
  statements: Statement[]
}): Plan<Group> => ({
  result: at.after,
  statements: at.statements,
  entries: [
    {
      ...entryOf(at.after),
      action: 'group.updated',
      log: `Group updated: ${at.after.name}`,
      before: record(at.before, at.members[0]),
      after: record(at.after, at.members[1]),
    },
  ],
  publish: [],
  events: [],
})

export const updateGroup: Write<
  { organisationId: number; id: number; settings: Partial<GroupSettings> },
  Group
> = async ({ db }, { organisationId, id, settings }) => {
  const before = await findGroup(db, organisationId, id)
  if (before === undefined) return notFound()
  const after: Group = { ...before, ...settings }
  if (!changed(before, after)) return ok(nothingToDo(after))
  const refusal = await refuseExternalId(db, after)
  if (refusal !== undefined) return refusal
  const members = await listGroupMembers(db, id)
  const statements = [db.update(groups).set(settings).where(eq(groups.id, id))]
  return ok(planOf({ before, after, members: [members, members], statements }))
}

/** What else it held, its grants and features, is told here or has entries of its own. */
export const groupDeleted = (group: Group, members: GroupMember[]): EntryDraft => ({
  ...entryOf(group),
  action: 'group.deleted',
  log: `Group deleted: ${group.name}`,
  before: record(group, members),
  after: null,
})

/** Its people stay in the organisation; what was granted to the group is granted to nobody. */
export const deleteGroup: Write<{ organisationId: number; id: number }, null> = async (
  { db },
  { organisationId, id },
) => {
  const group = await findGroup(db, organisationId, id)
  if (group === undefined) return notFound()
  const [members, granted, owned, invited] = await Promise.all([
    listGroupMembers(db, id),
    listGrantsOfGroup(db, id),
    listFeatureIdsOfGroupOwner(db, id),
    listInviteIdsOfGroup(db, id),
  ])
  return ok({
    result: null,
    statements: [db.delete(groups).where(eq(groups.id, id))],
    entries: [
      {
        ...groupDeleted(group, members),
        before: {
          ...record(group, members),
          grants: granted.map(snapshot),
          features: owned,
          invites: invited,
        },
      },
    ],
    features: owned,
    publish: [],
    events: [],
  })
}

/** A change of who is in the group: what it makes of the present people, and by which statements. */
async function changePeople(
  db: Database,
  at: { organisationId: number; id: number },
  change: (members: GroupMember[]) => { after: GroupMember[]; statements: Statement[] },
): Promise<Outcome<Plan<Group>>> {
  const group = await findGroup(db, at.organisationId, at.id)
  if (group === undefined) return notFound()
  const before = await listGroupMembers(db, at.id)
  const { after, statements } = change(before)
  if (statements.length === 0) return ok(nothingToDo(group))
  return ok(planOf({ before: group, after: group, members: [before, after], statements }))
}

type People = { organisationId: number; id: number; userIds: number[] }

/** Whoever is in it already stays as they are. */
export const addUsersToGroup: Write<People, Group> = async ({ db }, { userIds, ...at }) => {
  const members = await listMembersAmong(db, at.organisationId, userIds)
  const known = members.map(({ user }) => user.id)
  const unknown = refuseUnknown('user_ids', userIds, known)
  if (unknown !== undefined) return unknown
  return changePeople(db, at, (before) => {
    const added = known
      .filter((userId) => !before.some((member) => member.userId === userId))
      .map((userId) => ({ groupId: at.id, userId, isAdmin: false }))
    return { after: [...before, ...added], statements: insertRows(db, groupMembers, added) }
  })
}

/** Whoever is not in it is not missed. */
export const removeUsersFromGroup: Write<People, Group> = ({ db }, { userIds, ...at }) =>
  changePeople(db, at, (before) => {
    const after = before.filter(({ userId }) => !userIds.includes(userId))
    const inGroup = eq(groupMembers.groupId, at.id)
    const leave = db.delete(groupMembers).where(and(inGroup, isOneOf(groupMembers.userId, userIds)))
    return { after, statements: after.length === before.length ? [] : [leave] }
  })

/** Only of somebody who is in the group. */
export const setGroupAdmin: Write<
  { organisationId: number; id: number; userId: number; isAdmin: boolean },
  Group
> = async ({ db }, { userId, isAdmin, ...at }) => {
  const present = await listGroupMembers(db, at.id)
  const member = present.find((one) => one.userId === userId)
  if (member === undefined) return notFound()
  const ofMember = and(eq(groupMembers.groupId, at.id), eq(groupMembers.userId, userId))
  return changePeople(db, at, (before) => ({
    after: before.map((one) => (one.userId === userId ? { ...one, isAdmin } : one)),
    statements:
      member.isAdmin === isAdmin ? [] : [db.update(groupMembers).set({ isAdmin }).where(ofMember)],
  }))
}
