/**
 * `environments/{environment}/rotate-key/`: a new client-side key, while the old one goes on for a
 * leeway. Ours, beside the contract: it knows only the change at once (`api_key` in PUT). For the
 * environment's administrators; the path takes either key.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireEnvironment } from '../auth/require.ts'
import { isRunning } from '../domain/key-rotations.ts'
import { number, toTimestamp } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { openDatabase } from '../storage/database.ts'
import type { Environment } from '../storage/environments.ts'
import { findKeyRotation, type KeyRotation } from '../storage/key-rotations.ts'
import { commitFor, createAdminRouter } from './router.ts'

const startBody = z.object({
  leeway_hours: number(0, 720)
    .refine((hours) => hours !== 0, { error: 'Ensure this value is greater than 0.' })
    .default(24),
})

/**
 * `new_key_used` and `last_used` speak of SDK requests. They are noted behind the response, once an
 * isolate and ten minutes: a first use may be missing for a moment, and a last one be as much older.
 */
const rotationSchema = z
  .object({
    rotating: z.boolean(),
    api_key: z.string(),
    old_key: z.string().nullable(),
    started_at: z.string().nullable(),
    ends_at: z.string().nullable(),
    new_key_used: z.boolean().nullable(),
    last_used: z.string().nullable(),
  })
  .openapi('KeyRotation')

const time = (milliseconds: number | null | undefined) =>
  milliseconds == null ? null : toTimestamp(milliseconds)

/** A rotation that is over tells what came of it; none at all tells nothing. */
const rotationView = (
  { apiKey }: Environment,
  rotation: KeyRotation | null,
  rotating: boolean,
): z.infer<typeof rotationSchema> => ({
  rotating,
  api_key: apiKey,
  old_key: rotating ? (rotation?.oldKey ?? null) : null,
  started_at: time(rotation?.startedAt),
  ends_at: rotating ? time(rotation?.endsAt) : null,
  new_key_used: rotation && rotation.firstUsedAt !== null,
  last_used: time(rotation?.lastUsedAt),
})

const path = '/environments/{environment}/rotate-key'
const guard = requireEnvironment('ADMINISTER_ENVIRONMENT')

export const keyRotationRoutes = createAdminRouter()

keyRotationRoutes.openapi(
  createRoute({
    method: 'get',
    path,
    middleware: [guard] as const,
    responses: answers({ 200: rotationSchema }),
  }),
  async (c) => {
    const { environment } = c.var
    const found = await findKeyRotation(openDatabase(c.env.DB), environment.id)
    const rotating = isRunning(found, Date.now())
    return c.json(rotationView(environment, rotating ? found : null, rotating), 200)
  },
)

/** From now on `api_key` is the new key. 409 while another rotation runs. */
keyRotationRoutes.openapi(
  createRoute({
    method: 'post',
    path,
    middleware: [guard] as const,
    request: { body: jsonBody(startBody) },
    responses: answers({ 200: rotationSchema }),
  }),
  async (c) => {
    const { environment, project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'environment-key.rotate',
      input: { environmentId: environment.id, leewayHours: c.req.valid('json').leeway_hours },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    return c.json(rotationView(outcome.value.environment, outcome.value.rotation, true), 200)
  },
)

/**
 * `abort` returns to the old key alone, `complete` ends the old key at once; either way the other key
 * opens nothing within the bound on staleness (storage/README.md). 404 when no rotation runs.
 */
for (const end of ['abort', 'complete'] as const) {
  keyRotationRoutes.openapi(
    createRoute({
      method: 'post',
      path: `${path}/${end}`,
      middleware: [guard] as const,
      responses: answers({ 200: rotationSchema }),
    }),
    async (c) => {
      const { environment, project } = c.var
      const outcome = await commitFor(c, project.organisationId, {
        write: `environment-key.${end}-rotation`,
        input: { environmentId: environment.id },
      })
      if (outcome.kind !== 'ok') return refuse(c, outcome)
      return c.json(rotationView(outcome.value.environment, outcome.value.rotation, false), 200)
    },
  )
}
