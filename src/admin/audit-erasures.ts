/**
 * `organisations/{organisation}/audit/erasures/`: forgets somebody in the organisation's audit log. What
 * was done stays, and so does every hash and proof (src/AUDIT.md).
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireOrganisation } from '../auth/require.ts'
import type { Erased } from '../domain/audit-erasures.ts'
import { exactText, id, text } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { logOf } from './audit-entries.ts'
import { commitFor, createAdminRouter } from './router.ts'

const body = z
  .object({
    user: id().optional(),
    email: text(254).pipe(z.email()).optional(),
    identity: z.object({ environment: id(), identifier: exactText(2000) }).optional(),
  })
  .refine((asked) => Object.values(asked).filter((one) => one !== undefined).length === 1, {
    error: 'Name exactly one of user, email and identity.',
  })

function erasedBy({ user, email, identity }: z.infer<typeof body>): Erased {
  if (user !== undefined) return { kind: 'user', id: user }
  if (email !== undefined) return { kind: 'email', email }
  const { environment = 0, identifier = '' } = identity ?? {}
  return { kind: 'identity', environmentId: environment, identifier }
}

export const auditErasureRoutes = createAdminRouter()

/** Cannot be undone. `entries` is in how many something was erased: 0 when nothing was left. */
auditErasureRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/organisations/{organisation}/audit/erasures',
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    request: { body: jsonBody(body) },
    responses: answers({ 200: z.object({ entries: z.int() }) }),
  }),
  async (c) => {
    const { id: organisationId } = c.var.organisation
    const outcome = await commitFor(c, organisationId, {
      write: 'audit.erase',
      input: { log: logOf(organisationId), erased: erasedBy(c.req.valid('json')) },
    })
    return outcome.kind === 'ok'
      ? c.json({ entries: outcome.value.entries }, 200)
      : refuse(c, outcome)
  },
)
