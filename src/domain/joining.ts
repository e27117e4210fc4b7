/**
 * How a person gets into an organisation: by an invite for their address, or by a link. Joining never
 * changes what a member already is, so nothing here promotes anybody.
 */
import { invalid, notFound, type Outcome, ok, type Refusal } from '../outcome.ts'
import { insertRows } from '../storage/database.ts'
import { groupMembers, listDefaultGroups } from '../storage/groups.ts'
import { findInviteLinkByHash, type InviteLink } from '../storage/invite-links.ts'
import { findInviteByHash, type Invite } from '../storage/invites.ts'
import { findRole, memberships, type Role } from '../storage/organisations.ts'
import { findUser, type User } from '../storage/users.ts'
import { planInvitesGone } from './invites.ts'
import { memberEntry, memberRecord } from './members.ts'
import { type Context, nothingToDo, type Plan, type Write } from './write.ts'

export const emailMismatch = 'Registered email does not match invited email'
export const inviteExpired = 'Invite has expired'

/** E-mail addresses are held to be the same whatever their case. */
export const isFor = (invite: Invite, email: string): boolean =>
  invite.email.toLowerCase() === email.toLowerCase()

export const hasExpired = (link: InviteLink, now: number): boolean =>
  link.expiresAt !== null && link.expiresAt <= now

const badRequest = (detail: string): Refusal => invalid({ detail })

type Joining = { organisationId: number; user: User; role: Role; groupIds: number[] }

/** A membership, the groups of the invite, and those that everybody joins. */
async function planMembership(
  { db, now }: Context,
  { organisationId, user, role, groupIds }: Joining,
): Promise<Plan<null>> {
  if ((await findRole(db, organisationId, user.id)) !== undefined) return nothingToDo(null)
  const byDefault = (await listDefaultGroups(db, organisationId)).map(({ id }) => id)
  const inGroups = [...new Set([...groupIds, ...byDefault])].map((groupId) => ({
    groupId,
    userId: user.id,
    isAdmin: false,
  }))
  const member = { organisationId, userId: user.id, role, createdAt: now }
  return {
    result: null,
    statements: [db.insert(memberships).values(member), ...insertRows(db, groupMembers, inGroups)],
    entries: [
      {
        ...memberEntry(organisationId, user),
        action: 'membership.created',
        log: `New Member joined: ${user.email}`,
        before: null,
        after: memberRecord(member, { groups: inGroups, grants: [] }),
      },
    ],
    publish: [],
    events: [],
  }
}

/**
 * The hash alone is not enough: the invite must have been made for the caller's own address. It is
 * used up, also by somebody who is a member already.
 */
export const joinByInvite: Write<{ hash: string; userId: number }, null> = async (
  context,
  { hash, userId },
): Promise<Outcome<Plan<null>>> => {
  const invite = await findInviteByHash(context.db, hash)
  const user = await findUser(context.db, userId)
  if (invite === undefined || user === undefined) return notFound()
  if (!isFor(invite, user.email)) return badRequest(emailMismatch)
  const used = await planInvitesGone(context.db, { invites: [invite], action: 'accepted' })
  const { organisationId, role } = invite
  const plan = await planMembership(context, {
    organisationId,
    user,
    role,
    groupIds: used.groupIds,
  })
  return ok({
    ...plan,
    statements: [...plan.statements, ...used.statements],
    entries: [...plan.entries, ...used.entries],
  })
}

/**
 * An invite that waits for the same person is left alone: addresses are not proven, so a link must
 * not give what only the invite's own hash gives.
 */
export const joinByLink: Write<{ hash: string; userId: number }, null> = async (
  context,
  { hash, userId },
) => {
  const link = await findInviteLinkByHash(context.db, hash)
  const user = await findUser(context.db, userId)
  if (link === undefined || user === undefined) return notFound()
  if (hasExpired(link, context.now)) return badRequest(inviteExpired)
  const { organisationId, role } = link
  return ok(await planMembership(context, { organisationId, user, role, groupIds: [] }))
}
