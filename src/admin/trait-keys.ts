/** The traits of an environment's identities by name: contract admin-api §B.4. */
import { createRoute, z } from '@hono/zod-openapi'
import { requireEnvironment } from '../auth/require.ts'
import { text } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { listTraitKeys } from '../storage/trait-keys.ts'
import { commitFor, createAdminRouter } from './router.ts'

const keysSchema = z.object({ keys: z.array(z.string()) }).openapi('TraitKeys')

const keyBody = z.object({ key: text(200) })

export const traitKeyRoutes = createAdminRouter()

traitKeyRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/environments/{environment}/trait-keys',
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    responses: answers({ 200: keysSchema }),
  }),
  async (c) => c.json({ keys: await listTraitKeys(c.env, c.var.environment.id) }, 200),
)

/** Takes the trait from every identity of the environment; 200 also where none has it. */
traitKeyRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/environments/{environment}/delete-traits',
    middleware: [requireEnvironment('ADMINISTER_ENVIRONMENT')] as const,
    request: { body: jsonBody(keyBody) },
    responses: answers({ 200: keyBody }),
  }),
  async (c) => {
    const { key } = c.req.valid('json')
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'trait-key.delete',
      input: { environmentId: c.var.environment.id, key },
    })
    return outcome.kind === 'ok' ? c.json({ key }, 200) : refuse(c, outcome)
  },
)
