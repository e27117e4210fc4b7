/**
 * `environments/{environment}/api-keys/`, the server-side keys: contract admin-api §B.4. For the
 * environment's administrators only, because every answer shows the key.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { newEnvironmentKey } from '../auth/credentials.ts'
import { requireEnvironment } from '../auth/require.ts'
import { bool, dateTime, pathId, text, toTimestamp } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { openDatabase } from '../storage/database.ts'
import { type EnvironmentKey, listEnvironmentKeys } from '../storage/environment-keys.ts'
import { unseal } from '../storage/seal.ts'
import { commitFor, createAdminRouter } from './router.ts'

const settings = {
  active: bool().optional(),
  expires_at: dateTime().nullable().optional(),
}

const createBody = z.object({ name: text(100), ...settings })

const updateBody = z.object({ name: text(100).optional(), ...settings })

const keySchema = z
  .object({
    id: z.int(),
    key: z.string(),
    active: z.boolean(),
    created_at: z.string(),
    name: z.string(),
    expires_at: z.string().nullable(),
  })
  .openapi('EnvironmentApiKey')

const keyView = async (
  secret: string,
  key: EnvironmentKey,
): Promise<z.infer<typeof keySchema>> => ({
  id: key.id,
  key: await unseal(secret, key.sealed),
  active: key.active,
  created_at: toTimestamp(key.createdAt),
  name: key.name,
  expires_at: key.expiresAt === null ? null : toTimestamp(key.expiresAt),
})

const all = '/environments/{environment}/api-keys'
const one = `${all}/{id}`

const guard = requireEnvironment('ADMINISTER_ENVIRONMENT')

export const environmentKeyRoutes = createAdminRouter()

/** Bare list; there is no route for a single key (contract). */
environmentKeyRoutes.openapi(
  createRoute({
    method: 'get',
    path: all,
    middleware: [guard] as const,
    responses: answers({ 200: z.array(keySchema) }),
  }),
  async (c) => {
    const keys = await listEnvironmentKeys(openDatabase(c.env.DB), c.var.environment.id)
    return c.json(await Promise.all(keys.map((key) => keyView(c.env.BURGEE_SECRET, key))), 200)
  },
)

environmentKeyRoutes.openapi(
  createRoute({
    method: 'post',
    path: all,
    middleware: [guard] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: keySchema }),
  }),
  async (c) => {
    const { environment, project } = c.var
    const { hash, sealed } = await newEnvironmentKey(c.env.BURGEE_SECRET)
    const outcome = await commitFor(c, project.organisationId, {
      write: 'environment-key.create',
      input: {
        environmentId: environment.id,
        hash,
        sealed,
        settings: camelKeys(c.req.valid('json')),
      },
    })
    return outcome.kind === 'ok'
      ? c.json(await keyView(c.env.BURGEE_SECRET, outcome.value), 201)
      : refuse(c, outcome)
  },
)

for (const method of ['put', 'patch'] as const) {
  environmentKeyRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [guard] as const,
      request: { body: jsonBody(updateBody) },
      responses: answers({ 200: keySchema }),
    }),
    async (c) => {
      const { environment, project } = c.var
      const outcome = await commitFor(c, project.organisationId, {
        write: 'environment-key.update',
        input: {
          environmentId: environment.id,
          id: pathId(c.req.param('id')),
          settings: camelKeys(c.req.valid('json')),
        },
      })
      return outcome.kind === 'ok'
        ? c.json(await keyView(c.env.BURGEE_SECRET, outcome.value), 200)
        : refuse(c, outcome)
    },
  )
}

environmentKeyRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [guard] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { environment, project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'environment-key.delete',
      input: { environmentId: environment.id, id: pathId(c.req.param('id')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
