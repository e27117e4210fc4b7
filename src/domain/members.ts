/**
 * The rules of belonging to an organisation: roles and leaving. An organisation never loses its last
 * administrator this way: nobody could let anybody in again.
 */
import { and, eq } from 'drizzle-orm'
import { invalid, notFound, ok } from '../outcome.ts'
import { type Database, isOneOf } from '../storage/database.ts'
import { deleteGrantsOfUsers, type Grant } from '../storage/grants.ts'
import { type GroupMember, groupMembers, listGroupMembershipsOfUsers } from '../storage/groups.ts'
import { listInvitesOfEmails } from '../storage/invites.ts'
import { countAdmins, listGrantsOfUsers, listMembersAmong } from '../storage/members.ts'
import { type Member, memberships, type Role } from '../storage/organisations.ts'
import type { User } from '../storage/users.ts'
import { planOwnersGone } from './feature-owners.ts'
import { planInvitesGone } from './invites.ts'
import { snapshot } from './snapshot.ts'
import { refuseUnknown } from './unknown-ids.ts'
import { type About, type EntryDraft, type JsonObject, nothingToDo, type Write } from './write.ts'

const lastAdmin = invalid({
  detail:
    'An organisation needs at least one administrator. Make somebody else an administrator first.',
})

export const memberEntry = (organisationId: number | null, user: User): About => ({
  resource: { type: 'MEMBERSHIP', id: String(user.id), uuid: user.uuid, name: user.email },
  organisationId,
  projectId: null,
  environment: null,
})

/** A membership as the log keeps it: with the groups and grants that begin or end with it. */
export const memberRecord = (
  member: { organisationId: number; userId: number; role: Role; createdAt?: number },
  inside: { groups: GroupMember[]; grants: Grant[] },
): JsonObject => ({
  ...snapshot(member),
  groups: inside.groups.map(({ groupId, isAdmin }) => snapshot({ groupId, isAdmin })),
  grants: inside.grants.map(snapshot),
})

/** `inside`: what ends with the membership and has no entry of its own. */
export const memberGone = (
  organisationId: number,
  { user, role }: Member,
  inside: { groups: GroupMember[]; grants: Grant[] },
): EntryDraft => ({
  ...memberEntry(organisationId, user),
  action: 'membership.deleted',
  log: `Member removed: ${user.email}`,
  before: memberRecord({ organisationId, userId: user.id, role }, inside),
  after: null,
})

const loseAllAdmins = async (db: Database, organisationId: number, leaving: Member[]) => {
  const admins = leaving.filter(({ role }) => role === 'ADMIN').length
  return admins > 0 && (await countAdmins(db, organisationId)) <= admins
}

export const updateRole: Write<
  { organisationId: number; userId: number; role: Role },
  Member
> = async ({ db }, { organisationId, userId, role }) => {
  const [before] = await listMembersAmong(db, organisationId, [userId])
  if (before === undefined) return notFound()
  if (before.role === role) return ok(nothingToDo(before))
  if (await loseAllAdmins(db, organisationId, [before])) return lastAdmin
  const shown = { organisationId, userId }
  return ok({
    result: { ...before, role },
    statements: [
      db
        .update(memberships)
        .set({ role })
        .where(and(eq(memberships.organisationId, organisationId), eq(memberships.userId, userId))),
    ],
    entries: [
      {
        ...memberEntry(organisationId, before.user),
        action: 'membership.updated',
        log: `Member role updated: ${before.user.email}`,
        before: snapshot({ ...shown, role: before.role }),
        after: snapshot({ ...shown, role }),
      },
    ],
    publish: [],
    events: [],
  })
}

/**
 * Their places in groups and what was granted to them go along, and invites that wait for their
 * addresses, so that nobody comes back by an old one. The accounts stay.
 */
export const removeMembers: Write<{ organisationId: number; userIds: number[] }, null> = async (
  { db },
  { organisationId, userIds },
) => {
  const members = await listMembersAmong(db, organisationId, userIds)
  const found = members.map(({ user }) => user.id)
  const unknown = refuseUnknown('id', userIds, found)
  if (unknown !== undefined) return unknown
  if (found.length === 0) return ok(nothingToDo(null))
  if (await loseAllAdmins(db, organisationId, members)) return lastAdmin
  const inGroups = await listGroupMembershipsOfUsers(db, organisationId, found)
  const granted = await listGrantsOfUsers(db, organisationId, found)
  const emails = members.map(({ user }) => user.email)
  const waiting = await planInvitesGone(db, {
    invites: await listInvitesOfEmails(db, organisationId, emails),
    action: 'deleted',
  })
  const owned = await planOwnersGone(db, organisationId, found)
  return ok({
    result: null,
    statements: [
      ...owned.statements,
      deleteGrantsOfUsers(db, organisationId, found),
      db
        .delete(groupMembers)
        .where(
          and(
            isOneOf(groupMembers.userId, found),
            isOneOf(groupMembers.groupId, [...new Set(inGroups.map(({ groupId }) => groupId))]),
          ),
        ),
      db
        .delete(memberships)
        .where(
          and(eq(memberships.organisationId, organisationId), isOneOf(memberships.userId, found)),
        ),
      ...waiting.statements,
    ],
    entries: [
      ...members.map((member) =>
        memberGone(organisationId, member, {
          groups: inGroups.filter(({ userId }) => userId === member.user.id),
          grants: granted.filter(({ userId }) => userId === member.user.id),
        }),
      ),
      ...waiting.entries,
      ...owned.entries,
    ],
    features: owned.features,
    publish: [],
    events: [],
  })
}
