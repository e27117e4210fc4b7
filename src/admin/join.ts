/**
 * `users/join/`: a person who has an account takes up an invite. Contract admin-api §B.2. Who is in
 * already stays what they are, and gets the same answer.
 */
import { createRoute } from '@hono/zod-openapi'
import { toActor } from '../auth/caller.ts'
import { refuseTooManyJoins } from '../auth/limit.ts'
import { requireUser } from '../auth/require.ts'
import { memberEntry } from '../domain/members.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { notFound, type Refusal } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { sha256Hex } from '../storage/digest.ts'
import { findInviteLinkByHash } from '../storage/invite-links.ts'
import { findInviteByHash } from '../storage/invites.ts'
import { seeOrganisation } from '../storage/organisations.ts'
import { noteDenied } from './denials.ts'
import { organisationSchema, organisationView } from './organisation-view.ts'
import { commitFor, createAdminRouter, sourceOf } from './router.ts'

const ways = [
  { path: '/users/join/link/{hash}', find: findInviteLinkByHash, write: 'invite-link.accept' },
  { path: '/users/join/{hash}', find: findInviteByHash, write: 'invite.accept' },
] as const satisfies {
  path: string
  find: (db: Database, hash: string) => Promise<{ organisationId: number } | undefined>
  write: string
}[]

export const joinRoutes = createAdminRouter()

for (const { path, find, write } of ways) {
  joinRoutes.openapi(
    createRoute({
      method: 'post',
      path,
      middleware: [requireUser] as const,
      responses: answers({ 200: organisationSchema }),
    }),
    async (c) => {
      const { user } = c.var
      const limit = { ip: sourceOf(c).ip, userId: user.id }
      const throttled = await refuseTooManyJoins(c.env.INVITE_LIMIT, limit)
      if (throttled !== undefined) return refuse(c, throttled)
      const db = openDatabase(c.env.DB)
      const hash = await sha256Hex(c.req.param('hash'))
      // Only to know whose ledger decides: the write looks again, in its turn.
      const found = await find(db, hash)
      const refused = (of: number | null, refusal: Refusal) => {
        const about = memberEntry(of, user)
        const log = 'Joining refused'
        noteDenied(c, toActor(c.var.caller), { action: 'membership.denied', about, log })
        return refuse(c, refusal)
      }
      if (found === undefined) return refused(null, notFound())
      const { organisationId } = found
      const outcome = await commitFor(c, organisationId, {
        write,
        input: { hash, userId: user.id },
      })
      if (outcome.kind !== 'ok') return refused(organisationId, outcome)
      const seen = await seeOrganisation(db, organisationId, user.id)
      return seen === undefined ? refuse(c, notFound()) : c.json(organisationView(seen), 200)
    },
  )
}
