/** The rules of invite links: whoever holds one may join with its role, until it expires or is deleted. */
import { eq } from 'drizzle-orm'
import { notFound, ok } from '../outcome.ts'
import { findInviteLink, type InviteLink, inviteLinks } from '../storage/invite-links.ts'
import { snapshot } from './snapshot.ts'
import type { About, EntryDraft, Write } from './write.ts'

const entryOf = (link: InviteLink): About => ({
  resource: { type: 'INVITE', id: String(link.id), uuid: null, name: 'Invite link' },
  organisationId: link.organisationId,
  projectId: null,
  environment: null,
})

export const createInviteLink: Write<
  Pick<InviteLink, 'organisationId' | 'hash' | 'sealed' | 'role' | 'expiresAt'>,
  InviteLink
> = async ({ db, now, reserve }, settings) => {
  const { 'invite-link': id } = await reserve({ 'invite-link': 1 })
  const link: InviteLink = { ...settings, id, createdAt: now }
  return ok({
    result: link,
    statements: [db.insert(inviteLinks).values(link)],
    entries: [
      {
        ...entryOf(link),
        action: 'invite-link.created',
        log: `New Invite link created for role ${link.role}`,
        before: null,
        after: snapshot(link),
      },
    ],
    publish: [],
    events: [],
  })
}

export const inviteLinkDeleted = (link: InviteLink): EntryDraft => ({
  ...entryOf(link),
  action: 'invite-link.deleted',
  log: `Invite link deleted for role ${link.role}`,
  before: snapshot(link),
  after: null,
})

/** Whoever joined by it stays. */
export const deleteInviteLink: Write<{ organisationId: number; id: number }, null> = async (
  { db },
  { organisationId, id },
) => {
  const link = await findInviteLink(db, organisationId, id)
  if (link === undefined) return notFound()
  return ok({
    result: null,
    statements: [db.delete(inviteLinks).where(eq(inviteLinks.id, id))],
    entries: [inviteLinkDeleted(link)],
    publish: [],
    events: [],
  })
}
