/** `environments/{key}/identities/`: contract admin-api §B.8. */
import { createRoute, z } from '@hono/zod-openapi'
import { requireEnvironment } from '../auth/require.ts'
import { pathId, text } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import type { Identity } from '../storage/identities.ts'
import { findNamed, identityHomes } from '../storage/identity-homes.ts'
import { type IdentitySearch, pageIdentities } from '../storage/identity-pages.ts'
import { identityOf } from './identities-with.ts'
import { commitFor, createAdminRouter } from './router.ts'

const list = '/environments/{environment}/identities'
const one = '/environments/{environment}/identities/{identity}'

const identitySchema = z
  .object({ id: z.int(), identifier: z.string(), environment: z.int() })
  .openapi('StoredIdentity')

const identityView = ({
  id,
  identifier,
  environmentId,
}: Identity): z.infer<typeof identitySchema> => ({ id, identifier, environment: environmentId })

const identityBody = z.object({ identifier: text(2000) })

/** In double quotes the whole identifier, else a part of it. */
function searchOf(query: string | undefined): IdentitySearch | undefined {
  if (query === undefined || query === '') return undefined
  const quoted = /^"(.*)"$/s.exec(query)?.[1]
  return quoted === undefined ? { kind: 'part', text: query } : { kind: 'exact', text: quoted }
}

export const identityRoutes = createAdminRouter()

/** Page of up to 999. */
identityRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireEnvironment('VIEW_IDENTITIES')] as const,
    request: { query: pageQuery.extend({ q: z.string().optional() }) },
    responses: answers({ 200: pageOf(identitySchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const at = pageAt(query, 999)
    if (at.kind !== 'ok') return refuse(c, at)
    const asked = { environmentId: c.var.environment.id, search: searchOf(query.q) }
    const found = await pageIdentities(identityHomes(c.env), asked, at.value)
    const results = found.rows.map(identityView)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

identityRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireEnvironment('MANAGE_IDENTITIES')] as const,
    request: { body: jsonBody(identityBody) },
    responses: answers({ 201: identitySchema }),
  }),
  async (c) => {
    const { environment, project } = c.var
    const key = { environmentId: environment.id, identifier: c.req.valid('json').identifier }
    const outcome = await commitFor(c, project.organisationId, {
      write: 'identity.create',
      input: key,
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    // In a database of its own an SDK may have made it a moment earlier, under another id.
    const present = await findNamed(identityHomes(c.env), key)
    return c.json(identityView(present ?? outcome.value), 201)
  },
)

identityRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireEnvironment('VIEW_IDENTITIES')] as const,
    responses: answers({ 200: identitySchema }),
  }),
  async (c) => {
    const found = await identityOf(c)
    return found === undefined ? refuse(c, notFound()) : c.json(identityView(found.identity), 200)
  },
)

/** PUT is as lenient as PATCH: without an identifier nothing changes. */
for (const method of ['put', 'patch'] as const) {
  identityRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireEnvironment('MANAGE_IDENTITIES')] as const,
      request: { body: jsonBody(identityBody.partial()) },
      responses: answers({ 200: identitySchema }),
    }),
    async (c) => {
      const found = await identityOf(c)
      if (found === undefined) return refuse(c, notFound())
      const { identity } = found
      const { identifier = identity.identifier } = c.req.valid('json')
      const outcome = await commitFor(c, c.var.project.organisationId, {
        write: 'identity.update',
        input: { environmentId: identity.environmentId, id: identity.id, identifier },
      })
      return outcome.kind === 'ok' ? c.json(identityView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

/** Its traits and overrides go with it. */
identityRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireEnvironment('MANAGE_IDENTITIES')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { environment, project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'identity.delete',
      input: { environmentId: environment.id, id: pathId(c.req.param('identity')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
