/** Invites by e-mail as JSON: contract admin-api §B.2. */
import { z } from '@hono/zod-openapi'
import { toTimestamp } from '../http/fields.ts'
import type { Database } from '../storage/database.ts'
import { type Invite, listGroupsOfInvites } from '../storage/invites.ts'
import { listUsers, type User } from '../storage/users.ts'

export const inviteSchema = z
  .object({
    id: z.int(),
    email: z.string(),
    date_created: z.string(),
    invited_by: z
      .object({
        id: z.int(),
        email: z.string(),
        first_name: z.string(),
        last_name: z.string(),
      })
      .nullable(),
    role: z.string(),
    permission_groups: z.array(z.int()),
  })
  .openapi('Invite')

/** Ours: no mail goes out, so whoever invites hands the hash over. Shown once, when it is made. */
export const newInviteSchema = inviteSchema.extend({ hash: z.string() }).openapi('NewInvite')

const inviterView = (user: User) => ({
  id: user.id,
  email: user.email,
  first_name: user.firstName,
  last_name: user.lastName,
})

/** Two queries, however many invites there are. */
export async function showInvites(
  db: Database,
  rows: Invite[],
): Promise<z.infer<typeof inviteSchema>[]> {
  const [people, carried] = await Promise.all([
    listUsers(
      db,
      rows.flatMap(({ invitedBy }) => invitedBy ?? []),
    ),
    listGroupsOfInvites(
      db,
      rows.map(({ id }) => id),
    ),
  ])
  return rows.map((invite) => {
    const inviter = people.find(({ id }) => id === invite.invitedBy)
    return {
      id: invite.id,
      email: invite.email,
      date_created: toTimestamp(invite.createdAt),
      invited_by: inviter === undefined ? null : inviterView(inviter),
      role: invite.role,
      permission_groups: carried
        .filter(({ inviteId }) => inviteId === invite.id)
        .map(({ groupId }) => groupId),
    }
  })
}
