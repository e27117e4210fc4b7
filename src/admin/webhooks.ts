/**
 * `environments/{environment}/webhooks/`: contract admin-api §B.4 and §C.7. For the environment's
 * administrators only, because every answer shows the secret. A URL that deliveries may not reach is
 * refused here already.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireEnvironment } from '../auth/require.ts'
import { checkUrl } from '../delivery/url-policy.ts'
import type { WebhookSettings } from '../domain/webhooks.ts'
import type { Env } from '../env.ts'
import { blankText, bool, pathId, text, toTimestamp } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { invalid, notFound, type Refusal } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { seal, unseal } from '../storage/seal.ts'
import { findWebhook, listWebhooks, type Webhook } from '../storage/webhooks.ts'
import { commitFor, createAdminRouter } from './router.ts'

const settings = {
  enabled: bool().optional(),
  secret: blankText(255).nullable().optional(),
}

const createBody = z.object({ url: text(200), ...settings })

const updateBody = z.object({ url: text(200).optional(), ...settings })

type Body = z.infer<typeof updateBody>

const webhookSchema = z
  .object({
    id: z.int(),
    url: z.string(),
    enabled: z.boolean(),
    created_at: z.string(),
    updated_at: z.string(),
    secret: z.string().nullable(),
  })
  .openapi('Webhook')

const webhookView = async (env: Env, webhook: Webhook): Promise<z.infer<typeof webhookSchema>> => ({
  id: webhook.id,
  url: webhook.url,
  enabled: webhook.enabled,
  created_at: toTimestamp(webhook.createdAt),
  updated_at: toTimestamp(webhook.updatedAt),
  secret:
    webhook.sealedSecret === null ? null : await unseal(env.BURGEE_SECRET, webhook.sealedSecret),
})

/** A secret that cannot be read any more is another one: it can still be replaced. */
const isSecret = async (env: Env, sealed: string, plain: string) =>
  (await unseal(env.BURGEE_SECRET, sealed).catch(() => null)) === plain

/** The new column; nothing when it stays. Sealing anew what stays would look like a change. */
async function sealedSecretOf(
  env: Env,
  secret: Body['secret'],
  before: string | null,
): Promise<Pick<WebhookSettings, 'sealedSecret'> | undefined> {
  if (secret === undefined) return undefined
  if (secret === null || secret === '') return { sealedSecret: null }
  if (before !== null && (await isSecret(env, before, secret))) return undefined
  return { sealedSecret: await seal(env.BURGEE_SECRET, secret) }
}

/** Judged whenever it is sent, changed or not. */
function refuseUrl(env: Env, url: string | undefined): Refusal | undefined {
  const allowPrivate = env.ALLOW_PRIVATE_WEBHOOKS === 'true'
  const problem = url === undefined ? null : checkUrl(url, { allowPrivate })
  return problem === null ? undefined : invalid({ url: [problem] })
}

/** The body as the write takes it; what it leaves out stays out. */
const toSettings = async (
  env: Env,
  { secret, ...body }: Body,
  before: Webhook | null,
): Promise<Partial<WebhookSettings>> => ({
  ...camelKeys(body),
  ...(await sealedSecretOf(env, secret, before?.sealedSecret ?? null)),
})

const all = '/environments/{environment}/webhooks'
const one = `${all}/{id}`

const guard = requireEnvironment('ADMINISTER_ENVIRONMENT')

export const webhookRoutes = createAdminRouter()

/** Bare list; there is no route for a single webhook (contract). */
webhookRoutes.openapi(
  createRoute({
    method: 'get',
    path: all,
    middleware: [guard] as const,
    responses: answers({ 200: z.array(webhookSchema) }),
  }),
  async (c) => {
    const found = await listWebhooks(openDatabase(c.env.DB), c.var.environment.id)
    return c.json(await Promise.all(found.map((webhook) => webhookView(c.env, webhook))), 200)
  },
)

webhookRoutes.openapi(
  createRoute({
    method: 'post',
    path: all,
    middleware: [guard] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: webhookSchema }),
  }),
  async (c) => {
    const { environment, project } = c.var
    const body = c.req.valid('json')
    const refusal = refuseUrl(c.env, body.url)
    if (refusal !== undefined) return refuse(c, refusal)
    const settings = await toSettings(c.env, body, null)
    const outcome = await commitFor(c, project.organisationId, {
      write: 'webhook.create',
      input: { environmentId: environment.id, settings: { ...settings, url: body.url } },
    })
    return outcome.kind === 'ok'
      ? c.json(await webhookView(c.env, outcome.value), 201)
      : refuse(c, outcome)
  },
)

/** A secret of null or '' ends signing; one that is left out stays. */
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
      const { environment, project } = c.var
      const id = pathId(c.req.param('id'))
      const before = await findWebhook(openDatabase(c.env.DB), environment.id, id)
      if (before === undefined) return refuse(c, notFound())
      const body = c.req.valid('json')
      const refusal = refuseUrl(c.env, body.url)
      if (refusal !== undefined) return refuse(c, refusal)
      const settings = await toSettings(c.env, body, before)
      const outcome = await commitFor(c, project.organisationId, {
        write: 'webhook.update',
        input: { environmentId: environment.id, id, settings },
      })
      return outcome.kind === 'ok'
        ? c.json(await webhookView(c.env, outcome.value), 200)
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
    const { environment, project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'webhook.delete',
      input: { environmentId: environment.id, id: pathId(c.req.param('id')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
