/**
 * `webhooks/` of environments and organisations: contract admin-api §B.2, §B.4 and §C.7. For
 * administrators of the place only. A URL that deliveries may not reach is refused here already.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requirePlace } from '../auth/require.ts'
import { pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import type { GrantPlace } from '../storage/grants.ts'
import { findWebhook, listWebhooks, pageWebhooks, type WebhookHome } from '../storage/webhooks.ts'
import { pathOf } from './levels.ts'
import { commitFor, createAdminRouter } from './router.ts'
import { createBody, readWebhook, updateBody } from './webhook-body.ts'
import { webhookSchema, webhookView, webhookViews } from './webhook-view.ts'

/** What has webhooks. */
export const homes = ['environment', 'organisation'] as const

export const homeOf = ({ organisationId, environmentId }: GrantPlace): WebhookHome => ({
  organisationId,
  environmentId,
})

export const webhookRoutes = createAdminRouter()

/** Bare list; there is no route for a single webhook (contract). */
webhookRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${pathOf.environment}/webhooks`,
    middleware: [requirePlace('environment', 'administer')] as const,
    responses: answers({ 200: z.array(webhookSchema) }),
  }),
  async (c) => {
    const found = await listWebhooks(openDatabase(c.env.DB), homeOf(c.var.place))
    return c.json(await webhookViews(c.env, found), 200)
  },
)

/** Pages of ten. */
webhookRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${pathOf.organisation}/webhooks`,
    middleware: [requirePlace('organisation', 'administer')] as const,
    request: { query: pageQuery },
    responses: answers({ 200: pageOf(webhookSchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const found = await pageWebhooks(openDatabase(c.env.DB), homeOf(c.var.place), at.value)
    const results = await webhookViews(c.env, found.rows)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

webhookRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${pathOf.organisation}/webhooks/{id}`,
    middleware: [requirePlace('organisation', 'administer')] as const,
    responses: answers({ 200: webhookSchema }),
  }),
  async (c) => {
    const id = pathId(c.req.param('id'))
    const found = await findWebhook(openDatabase(c.env.DB), homeOf(c.var.place), id)
    return found === undefined
      ? refuse(c, notFound())
      : c.json(await webhookView(c.env, found), 200)
  },
)

function mountWrites(level: (typeof homes)[number]): void {
  const all = `${pathOf[level]}/webhooks`
  const one = `${all}/{id}`
  const guard = requirePlace(level, 'administer')

  webhookRoutes.openapi(
    createRoute({
      method: 'post',
      path: all,
      middleware: [guard] as const,
      request: { body: jsonBody(createBody) },
      responses: answers({ 201: webhookSchema }),
    }),
    async (c) => {
      const home = homeOf(c.var.place)
      const body = c.req.valid('json')
      const read = await readWebhook(c.env, body, null)
      if (read.kind !== 'ok') return refuse(c, read)
      const { settings, shown } = read.value
      const outcome = await commitFor(c, home.organisationId, {
        write: 'webhook.create',
        input: { home, settings: { ...settings, url: body.url } },
      })
      return outcome.kind === 'ok'
        ? c.json(await webhookView(c.env, outcome.value, { secret: shown }), 201)
        : refuse(c, outcome)
    },
  )

  /** A secret of null or '' ends signing; one that is left out, or masked, stays. */
  for (const method of ['put', 'patch'] as const) {
    webhookRoutes.openapi(
      createRoute({
        method,
        path: one,
        middleware: [guard] as const,
        request: { body: jsonBody(updateBody) },
        responses: answers({ 200: webhookSchema }),
      }),
      async (c) => {
        const home = homeOf(c.var.place)
        const id = pathId(c.req.param('id'))
        const before = await findWebhook(openDatabase(c.env.DB), home, id)
        if (before === undefined) return refuse(c, notFound())
        const read = await readWebhook(c.env, c.req.valid('json'), before)
        if (read.kind !== 'ok') return refuse(c, read)
        const { settings, shown } = read.value
        const outcome = await commitFor(c, home.organisationId, {
          write: 'webhook.update',
          input: { home, id, settings },
        })
        return outcome.kind === 'ok'
          ? c.json(await webhookView(c.env, outcome.value, { secret: shown }), 200)
          : refuse(c, outcome)
      },
    )
  }

  webhookRoutes.openapi(
    createRoute({
      method: 'delete',
      path: one,
      middleware: [guard] as const,
      responses: answers({ 204: null }),
    }),
    async (c) => {
      const home = homeOf(c.var.place)
      const outcome = await commitFor(c, home.organisationId, {
        write: 'webhook.delete',
        input: { home, id: pathId(c.req.param('id')) },
      })
      return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
    },
  )
}

for (const level of homes) mountWrites(level)
