/** The people of an organisation: contract admin-api §B.2. How they come in: `join.ts`. */
import { createRoute, z } from '@hono/zod-openapi'
import { userIdOf } from '../auth/caller.ts'
import { requireOrganisation } from '../auth/require.ts'
import { bool, id, pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { openDatabase } from '../storage/database.ts'
import { listMembers } from '../storage/organisations.ts'
import { memberSchema, memberView } from './organisation-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

export const role = () => z.enum(['ADMIN', 'USER'])

const one = '/organisations/{organisation}'

export const memberRoutes = createAdminRouter()

/** Bare list; `?exclude_current=true` leaves the caller out. */
memberRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${one}/users`,
    middleware: [requireOrganisation('VIEW_ORGANISATION')] as const,
    request: { query: z.object({ exclude_current: bool().optional() }) },
    responses: answers({ 200: z.array(memberSchema) }),
  }),
  async (c) => {
    const { caller, organisation } = c.var
    const members = await listMembers(openDatabase(c.env.DB), organisation.id)
    const hidden = c.req.valid('query').exclude_current ? userIdOf(caller) : null
    return c.json(members.filter(({ user }) => user.id !== hidden).map(memberView), 200)
  },
)

/** The last administrator stays one (400). */
memberRoutes.openapi(
  createRoute({
    method: 'post',
    path: `${one}/users/{user}/update-role`,
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    request: { body: jsonBody(z.object({ role: role() })) },
    responses: answers({ 200: memberSchema }),
  }),
  async (c) => {
    const { id: organisationId } = c.var.organisation
    const outcome = await commitFor(c, organisationId, {
      write: 'membership.update-role',
      input: {
        organisationId,
        userId: pathId(c.req.param('user')),
        role: c.req.valid('json').role,
      },
    })
    return outcome.kind === 'ok' ? c.json(memberView(outcome.value), 200) : refuse(c, outcome)
  },
)

const removedSchema = z.array(z.object({ id: id() }))

/** All of them or none; the last administrator cannot be among them (400). */
memberRoutes.openapi(
  createRoute({
    method: 'post',
    path: `${one}/remove-users`,
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    request: { body: jsonBody(removedSchema.max(100)) },
    responses: answers({ 200: removedSchema }),
  }),
  async (c) => {
    const { id: organisationId } = c.var.organisation
    const userIds = [...new Set(c.req.valid('json').map((user) => user.id))]
    const outcome = await commitFor(c, organisationId, {
      write: 'membership.remove',
      input: { organisationId, userIds },
    })
    return outcome.kind === 'ok'
      ? c.json(
          userIds.map((userId) => ({ id: userId })),
          200,
        )
      : refuse(c, outcome)
  },
)
