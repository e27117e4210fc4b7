/**
 * The rules of invites by e-mail. An invite arrives with the SHA-256 of what opens it: the text was
 * made, and is shown once, by the request that asked for it.
 */
import { eq } from 'drizzle-orm'
import { invalid, notFound, ok, type Refusal } from '../outcome.ts'
import { type Database, insertRows, isOneOf, type Statement } from '../storage/database.ts'
import { listGroups } from '../storage/groups.ts'
import {
  findInvite,
  type Invite,
  inviteGroups,
  invites,
  listGroupsOfInvites,
  listInvitesOfEmails,
} from '../storage/invites.ts'
import { listMemberEmailsAmong } from '../storage/members.ts'
import type { Role } from '../storage/organisations.ts'
import { snapshot } from './snapshot.ts'
import { refuseUnknown } from './unknown-ids.ts'
import { type About, type EntryDraft, type JsonObject, nothingToDo, type Write } from './write.ts'

export type InviteDraft = { email: string; hash: string; role: Role; groupIds: number[] }

const inviteEntry = (invite: Invite): About => ({
  resource: { type: 'INVITE', id: String(invite.id), uuid: null, name: invite.email },
  organisationId: invite.organisationId,
  projectId: null,
  environment: null,
})

/** The row without its hash, and the groups that go with it. */
const inviteRecord = (invite: Invite, groupIds: number[]): JsonObject => ({
  ...snapshot(invite),
  group_ids: groupIds,
})

/** One waiting invite a person, and none for whoever is in already. */
async function refuseEmails(
  db: Database,
  organisationId: number,
  emails: string[],
): Promise<Refusal | undefined> {
  const folded = emails.map((email) => email.toLowerCase())
  const repeated = emails.find((_, index) => folded.indexOf(folded[index] ?? '') < index)
  const [waiting] = await listInvitesOfEmails(db, organisationId, emails)
  const taken = repeated ?? waiting?.email
  if (taken !== undefined) return invalid({ email: [`Invite for email ${taken} already exists`] })
  const [member] = await listMemberEmailsAmong(db, organisationId, emails)
  return member === undefined
    ? undefined
    : invalid({ email: [`${member} is already a member of this organisation`] })
}

async function refuseGroups(db: Database, organisationId: number, drafts: InviteDraft[]) {
  const asked = [...new Set(drafts.flatMap(({ groupIds }) => groupIds))]
  const found = await listGroups(db, organisationId, asked)
  return refuseUnknown(
    'permission_groups',
    asked,
    found.map(({ id }) => id),
  )
}

/** All of them, or none. */
export const createInvites: Write<
  { organisationId: number; invitedBy: number | null; drafts: InviteDraft[] },
  Invite[]
> = async ({ db, now, reserve }, { organisationId, invitedBy, drafts }) => {
  if (drafts.length === 0) return ok(nothingToDo([]))
  const emails = drafts.map(({ email }) => email)
  const refusal =
    (await refuseEmails(db, organisationId, emails)) ??
    (await refuseGroups(db, organisationId, drafts))
  if (refusal !== undefined) return refusal
  const { invite: first } = await reserve({ invite: drafts.length })
  const made = drafts.map(({ groupIds, ...draft }, index) => ({
    invite: { ...draft, id: first + index, organisationId, invitedBy, createdAt: now },
    groupIds: [...new Set(groupIds)],
  }))
  const rows = made.map(({ invite }) => invite)
  const groupRows = made.flatMap(({ invite, groupIds }) =>
    groupIds.map((groupId) => ({ inviteId: invite.id, groupId })),
  )
  return ok({
    result: rows,
    statements: [...insertRows(db, invites, rows), ...insertRows(db, inviteGroups, groupRows)],
    entries: made.map(({ invite, groupIds }) => ({
      ...inviteEntry(invite),
      action: 'invite.created',
      log: `New Invite created: ${invite.email}`,
      before: null,
      after: inviteRecord(invite, groupIds),
    })),
    publish: [],
    events: [],
  })
}

/** A new hash in place of the old one, which opens nothing from then on. */
export const renewInvite: Write<
  { organisationId: number; id: number; hash: string },
  Invite
> = async ({ db }, { organisationId, id, hash }) => {
  const before = await findInvite(db, organisationId, id)
  if (before === undefined) return notFound()
  const after: Invite = { ...before, hash }
  const carried = await listGroupsOfInvites(db, [id])
  const record = inviteRecord(
    after,
    carried.map(({ groupId }) => groupId),
  )
  return ok({
    result: after,
    statements: [db.update(invites).set({ hash }).where(eq(invites.id, id))],
    entries: [
      {
        ...inviteEntry(after),
        action: 'invite.renewed',
        log: `Invite renewed: ${after.email}`,
        before: record,
        after: record,
      },
    ],
    publish: [],
    events: [],
  })
}

export const inviteGone = (
  invite: Invite,
  { groupIds, action }: { groupIds: number[]; action: 'accepted' | 'deleted' },
): EntryDraft => ({
  ...inviteEntry(invite),
  action: `invite.${action}`,
  log: `Invite ${action}: ${invite.email}`,
  before: inviteRecord(invite, groupIds),
  after: null,
})

/** Invites that are over: accepted, or withdrawn. One entry each. */
export async function planInvitesGone(
  db: Database,
  gone: { invites: Invite[]; action: 'accepted' | 'deleted' },
): Promise<{ groupIds: number[]; statements: Statement[]; entries: EntryDraft[] }> {
  const ids = gone.invites.map(({ id }) => id)
  if (ids.length === 0) return { groupIds: [], statements: [], entries: [] }
  const carried = await listGroupsOfInvites(db, ids)
  const groupIdsOf = (id: number) =>
    carried.filter(({ inviteId }) => inviteId === id).map(({ groupId }) => groupId)
  return {
    groupIds: carried.map(({ groupId }) => groupId),
    statements: [db.delete(invites).where(isOneOf(invites.id, ids))],
    entries: gone.invites.map((invite) =>
      inviteGone(invite, { groupIds: groupIdsOf(invite.id), action: gone.action }),
    ),
  }
}

export const deleteInvite: Write<{ organisationId: number; id: number }, null> = async (
  { db },
  { organisationId, id },
) => {
  const invite = await findInvite(db, organisationId, id)
  if (invite === undefined) return notFound()
  const { statements, entries } = await planInvitesGone(db, {
    invites: [invite],
    action: 'deleted',
  })
  return ok({ result: null, statements, entries, publish: [], events: [] })
}
