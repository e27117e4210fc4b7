/**
 * `organisations/{organisation}/invite-links/`: contract admin-api §B.2. For administrators only,
 * because every answer shows the hash, and whoever holds it may join.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { toActor } from '../auth/caller.ts'
import { newInviteLink } from '../auth/credentials.ts'
import { refuseTooManyInvites } from '../auth/limit.ts'
import { requireOrganisation } from '../auth/require.ts'
import { dateTime, pathId, toTimestamp } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { openDatabase } from '../storage/database.ts'
import { type InviteLink, listInviteLinks } from '../storage/invite-links.ts'
import { unseal } from '../storage/seal.ts'
import { role } from './members.ts'
import { commitFor, createAdminRouter } from './router.ts'

const linkBody = z.object({
  role: role().default('USER'),
  expires_at: dateTime().nullable().default(null),
})

const linkSchema = z
  .object({
    id: z.int(),
    hash: z.string(),
    date_created: z.string(),
    role: z.string(),
    expires_at: z.string().nullable(),
  })
  .openapi('InviteLink')

const linkView = async (secret: string, link: InviteLink): Promise<z.infer<typeof linkSchema>> => ({
  id: link.id,
  hash: await unseal(secret, link.sealed),
  date_created: toTimestamp(link.createdAt),
  role: link.role,
  expires_at: link.expiresAt === null ? null : toTimestamp(link.expiresAt),
})

const all = '/organisations/{organisation}/invite-links'

const guard = requireOrganisation('ADMINISTER_ORGANISATION')

export const inviteLinkRoutes = createAdminRouter()

/** Bare list, expired ones too; there is no route for a single link (contract). */
inviteLinkRoutes.openapi(
  createRoute({
    method: 'get',
    path: all,
    middleware: [guard] as const,
    responses: answers({ 200: z.array(linkSchema) }),
  }),
  async (c) => {
    const links = await listInviteLinks(openDatabase(c.env.DB), c.var.organisation.id)
    return c.json(await Promise.all(links.map((link) => linkView(c.env.BURGEE_SECRET, link))), 200)
  },
)

inviteLinkRoutes.openapi(
  createRoute({
    method: 'post',
    path: all,
    middleware: [guard] as const,
    request: { body: jsonBody(linkBody) },
    responses: answers({ 201: linkSchema }),
  }),
  async (c) => {
    const throttled = await refuseTooManyInvites(c.env.INVITE_LIMIT, toActor(c.var.caller))
    if (throttled !== undefined) return refuse(c, throttled)
    const { id: organisationId } = c.var.organisation
    const { role: given, expires_at: expiresAt } = c.req.valid('json')
    const outcome = await commitFor(c, organisationId, {
      write: 'invite-link.create',
      input: {
        ...(await newInviteLink(c.env.BURGEE_SECRET)),
        organisationId,
        role: given,
        expiresAt,
      },
    })
    return outcome.kind === 'ok'
      ? c.json(await linkView(c.env.BURGEE_SECRET, outcome.value), 201)
      : refuse(c, outcome)
  },
)

inviteLinkRoutes.openapi(
  createRoute({
    method: 'delete',
    path: `${all}/{link}`,
    middleware: [guard] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { id: organisationId } = c.var.organisation
    const outcome = await commitFor(c, organisationId, {
      write: 'invite-link.delete',
      input: { organisationId, id: pathId(c.req.param('link')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
