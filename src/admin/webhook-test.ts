/**
 * `webhooks/test/`: one signed sample event to a URL, for administrators of the place it is meant for
 * (contract admin-api §C.8). It tells the status and nothing else: not what was answered, and not whether
 * a name is unknown, leads into a private network, or nobody listens there.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { type Asked, accessToEnvironment, accessToOrganisation } from '../auth/access.ts'
import { toActor } from '../auth/caller.ts'
import { refuseTooManyTests } from '../auth/limit.ts'
import { requireCaller } from '../auth/require.ts'
import { callOut } from '../delivery/outbound.ts'
import { sampleBody } from '../delivery/sample-events.ts'
import { signatureHeaders } from '../delivery/signing.ts'
import type { Env } from '../env.ts'
import { pathId, text } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { forbidden, invalid, type Outcome, ok } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findEnvironmentByKey } from '../storage/environments.ts'
import { listWebhooks, type WebhookHome } from '../storage/webhooks.ts'
import { createAdminRouter } from './router.ts'
import { problemOfUrl, secretField } from './webhook-body.ts'
import { isMask, maskOf, notASecret, open } from './webhook-secrets.ts'

const body = z.object({
  webhook_url: text(200),
  secret: secretField().nullable().optional(),
  scope: z.object({
    type: z.enum(['organisation', 'environment']),
    id: text(100).openapi({
      description: 'Id of an organisation, client-side key of an environment.',
    }),
  }),
})

type Body = z.infer<typeof body>

/** Unknown, foreign and not allowed look alike. */
async function homeOf(c: Asked, { type, id }: Body['scope']): Promise<Outcome<WebhookHome>> {
  if (type === 'organisation') {
    const access = await accessToOrganisation(c, pathId(id), 'ADMINISTER_ORGANISATION')
    return access.kind === 'ok' ? ok({ organisationId: pathId(id), environmentId: null }) : access
  }
  const found = await findEnvironmentByKey(openDatabase(c.env.DB), id)
  const access = await accessToEnvironment(c, found, 'ADMINISTER_ENVIRONMENT')
  if (access.kind !== 'ok') return access.kind === 'not-found' ? forbidden() : access
  const { environment, project } = access.value
  return ok({ organisationId: project.organisationId, environmentId: environment.id })
}

/** A masked secret stands for that of the endpoint with this URL: clients test what they were shown. */
async function secretFor(
  env: Env,
  home: WebhookHome,
  asked: Body,
): Promise<Outcome<string | null>> {
  const { secret = null, webhook_url: url } = asked
  if (secret === null || !isMask(secret)) return ok(secret)
  const webhooks = await listWebhooks(openDatabase(env.DB), home)
  for (const webhook of webhooks.filter((one) => one.url === url)) {
    const plain = webhook.sealedSecret && (await open(env.BURGEE_SECRET, webhook.sealedSecret))
    if (plain && maskOf(plain) === secret) return ok(plain)
  }
  return invalid({ secret: [notASecret] })
}

const unreachable = {
  detail: 'Could not connect to webhook URL',
  body:
    'No answer came. The host has to resolve to public addresses only, and to answer within ten ' +
    'seconds with a certificate that is good.',
}

type Request = { url: string; body: string; secret: string | null }

/** Null when there was no answer, whatever the reason. */
async function statusOf(env: Env, { url, body: sent, secret }: Request): Promise<number | null> {
  const tools = { fetch: (...args: Parameters<typeof fetch>) => fetch(...args), now: Date.now }
  const id = `evt_test${crypto.randomUUID().replaceAll('-', '')}`
  const timestamp = Math.floor(Date.now() / 1_000)
  const secrets = { present: secret, next: null, privateKey: null }
  const headers = await signatureHeaders({ id, timestamp, body: sent }, secrets)
  return (await callOut(env, { url, headers, body: sent }, tools)).status
}

export const webhookTestRoutes = createAdminRouter()

/** 400 also where the receiver said no: with its status, and never with what else it said. */
webhookTestRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/webhooks/test',
    middleware: [requireCaller] as const,
    request: { body: jsonBody(body) },
    responses: answers({ 200: z.object({ detail: z.string(), status: z.int() }) }),
  }),
  async (c) => {
    const asked = c.req.valid('json')
    const home = await homeOf(c, asked.scope)
    if (home.kind !== 'ok') return refuse(c, home)
    const problem = problemOfUrl(c.env, asked.webhook_url)
    if (problem !== null) return refuse(c, invalid({ webhook_url: [problem] }))
    const secret = await secretFor(c.env, home.value, asked)
    if (secret.kind !== 'ok') return refuse(c, secret)
    const throttled = await refuseTooManyTests(c.env.TEST_LIMIT, toActor(c.var.caller))
    if (throttled !== undefined) return refuse(c, throttled)
    const status = await statusOf(c.env, {
      url: asked.webhook_url,
      body: sampleBody(asked.scope.type, Date.now()),
      secret: secret.value,
    })
    if (status === null) return c.json(unreachable, 400)
    if (status < 400) return c.json({ detail: 'Webhook test successful', status }, 200)
    const told = `Webhook returned HTTP ${status}.`
    return c.json({ detail: 'Webhook returned error status', body: told, status }, 400)
  },
)
