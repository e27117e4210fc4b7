/**
 * `organisations/{organisation}/invites/` and `invite/`: contract admin-api §B.2. This server sends no
 * mail: the answer that makes an invite carries its `hash`, once, and whoever invites hands it over.
 * The invited person registers with it and joins by `users/join/{hash}/`.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { toActor, userIdOf } from '../auth/caller.ts'
import { type NewInvite, newInvite } from '../auth/credentials.ts'
import { refuseTooManyInvites } from '../auth/limit.ts'
import { requireOrganisation } from '../auth/require.ts'
import { id, pathId, text } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound, type Outcome, ok } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findInvite, type Invite, pageInvites } from '../storage/invites.ts'
import { inviteSchema, newInviteSchema, showInvites } from './invite-view.ts'
import { role } from './members.ts'
import { type AdminContext, commitFor, createAdminRouter } from './router.ts'

const email = () => text(254).pipe(z.email())

const inviteBody = z.object({
  email: email(),
  role: role().default('USER'),
  permission_groups: z.array(id()).max(100).default([]),
})

/** The legacy form names addresses only. */
const inviteManyBody = z
  .object({
    invites: z.array(inviteBody).max(100).optional(),
    emails: z.array(email()).max(100).optional(),
  })
  .refine(({ invites, emails }) => invites !== undefined || emails !== undefined, {
    path: ['invites'],
    error: 'This field is required.',
  })

type Asked = z.infer<typeof inviteBody>
type NewInviteView = z.infer<typeof newInviteSchema>

const withHash = async (c: AdminContext, made: Invite[], secrets: NewInvite[]) =>
  (await showInvites(openDatabase(c.env.DB), made)).map(
    (shown, index): NewInviteView => ({ ...shown, hash: secrets[index]?.plain ?? '' }),
  )

/** All of them or none, in the order asked for. */
async function invite(
  c: AdminContext,
  organisationId: number,
  asked: Asked[],
): Promise<Outcome<NewInviteView[]>> {
  const { caller } = c.var
  const throttled = await refuseTooManyInvites(c.env.INVITE_LIMIT, toActor(caller))
  if (throttled !== undefined) return throttled
  const secrets = await Promise.all(asked.map(() => newInvite()))
  const outcome = await commitFor(c, organisationId, {
    write: 'invite.create',
    input: {
      organisationId,
      invitedBy: userIdOf(caller),
      drafts: asked.map(({ permission_groups: groupIds, ...draft }, index) => ({
        ...draft,
        groupIds,
        hash: secrets[index]?.hash ?? '',
      })),
    },
  })
  return outcome.kind === 'ok' ? ok(await withHash(c, outcome.value, secrets)) : outcome
}

const all = '/organisations/{organisation}/invites'
const one = `${all}/{invite}`

const guard = requireOrganisation('ADMINISTER_ORGANISATION')

export const inviteRoutes = createAdminRouter()

/** Pages of ten: the invites that nobody has accepted yet, without what opens them. */
inviteRoutes.openapi(
  createRoute({
    method: 'get',
    path: all,
    middleware: [guard] as const,
    request: { query: pageQuery },
    responses: answers({ 200: pageOf(inviteSchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const db = openDatabase(c.env.DB)
    const found = await pageInvites(db, c.var.organisation.id, at.value)
    const results = await showInvites(db, found.rows)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** No mail goes out: `hash` is shown here and nowhere else, to be handed over. */
inviteRoutes.openapi(
  createRoute({
    method: 'post',
    path: all,
    middleware: [guard] as const,
    request: { body: jsonBody(inviteBody) },
    responses: answers({ 201: newInviteSchema }),
  }),
  async (c) => {
    const outcome = await invite(c, c.var.organisation.id, [c.req.valid('json')])
    return outcome.kind === 'ok' ? c.json(outcome.value[0], 201) : refuse(c, outcome)
  },
)

/** Several at once, all or none. No mail goes out here either: every item carries its `hash`. */
inviteRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/organisations/{organisation}/invite',
    middleware: [guard] as const,
    request: { body: jsonBody(inviteManyBody) },
    responses: answers({ 201: z.array(newInviteSchema) }),
  }),
  async (c) => {
    const { invites = [], emails = [] } = c.req.valid('json')
    const plain = emails.map(
      (address): Asked => ({
        email: address,
        role: 'USER',
        permission_groups: [],
      }),
    )
    const outcome = await invite(c, c.var.organisation.id, [...invites, ...plain])
    return outcome.kind === 'ok' ? c.json(outcome.value, 201) : refuse(c, outcome)
  },
)

inviteRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [guard] as const,
    responses: answers({ 200: inviteSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const found = await findInvite(db, c.var.organisation.id, pathId(c.req.param('invite')))
    if (found === undefined) return refuse(c, notFound())
    const [shown] = await showInvites(db, [found])
    return c.json(shown, 200)
  },
)

/** Nothing to send and nothing kept that could be shown again: a new `hash`; the old one is void. */
inviteRoutes.openapi(
  createRoute({
    method: 'post',
    path: `${one}/resend`,
    middleware: [guard] as const,
    responses: answers({ 200: newInviteSchema }),
  }),
  async (c) => {
    const throttled = await refuseTooManyInvites(c.env.INVITE_LIMIT, toActor(c.var.caller))
    if (throttled !== undefined) return refuse(c, throttled)
    const secret = await newInvite()
    const { id: organisationId } = c.var.organisation
    const outcome = await commitFor(c, organisationId, {
      write: 'invite.renew',
      input: { organisationId, id: pathId(c.req.param('invite')), hash: secret.hash },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    const [shown] = await withHash(c, [outcome.value], [secret])
    return c.json(shown, 200)
  },
)

inviteRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [guard] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { id: organisationId } = c.var.organisation
    const outcome = await commitFor(c, organisationId, {
      write: 'invite.delete',
      input: { organisationId, id: pathId(c.req.param('invite')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
