/**
 * `webhooks/{id}/rotate-secret/` and what ends a rotation: ours, beside the contract. While one runs,
 * requests are signed with both secrets (contract audit-and-webhooks §8.7), so receivers can change
 * over without losing an event.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requirePlace } from '../auth/require.ts'
import { number, pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { invalid } from '../outcome.ts'
import { seal } from '../storage/seal.ts'
import { pathOf } from './levels.ts'
import { commitFor, createAdminRouter } from './router.ts'
import { secretField } from './webhook-body.ts'
import { generateSecret, isMask, notASecret } from './webhook-secrets.ts'
import { webhookSchema, webhookView } from './webhook-view.ts'
import { homeOf, homes } from './webhooks.ts'

const rotateBody = z.object({
  secret: secretField().optional().openapi({ description: 'Left out or blank: one is made.' }),
  promote_after_hours: number(0, 168)
    .refine((hours) => hours !== 0, { error: 'Ensure this value is greater than 0.' })
    .default(24),
})

export const webhookRotationRoutes = createAdminRouter()

function mountRotations(level: (typeof homes)[number]): void {
  const one = `${pathOf[level]}/webhooks/{id}`
  const guard = requirePlace(level, 'administer')

  /** The only answer that shows the next secret. 409 while another rotation runs. */
  webhookRotationRoutes.openapi(
    createRoute({
      method: 'post',
      path: `${one}/rotate-secret`,
      middleware: [guard] as const,
      request: { body: jsonBody(rotateBody) },
      responses: answers({ 200: webhookSchema }),
    }),
    async (c) => {
      const home = homeOf(c.var.place)
      const { secret, promote_after_hours: promoteAfterHours } = c.req.valid('json')
      if (secret !== undefined && isMask(secret)) {
        return refuse(c, invalid({ secret: [notASecret] }))
      }
      const next = secret || generateSecret()
      const outcome = await commitFor(c, home.organisationId, {
        write: 'webhook.rotate-secret',
        input: {
          home,
          id: pathId(c.req.param('id')),
          sealedNextSecret: await seal(c.env.BURGEE_SECRET, next),
          promoteAfterHours,
        },
      })
      return outcome.kind === 'ok'
        ? c.json(await webhookView(c.env, outcome.value, { next }), 200)
        : refuse(c, outcome)
    },
  )

  /** 404 when no rotation runs. */
  for (const [path, write] of [
    ['promote-secret', 'webhook.promote-secret'],
    ['abort-rotation', 'webhook.abort-rotation'],
  ] as const) {
    webhookRotationRoutes.openapi(
      createRoute({
        method: 'post',
        path: `${one}/${path}`,
        middleware: [guard] as const,
        responses: answers({ 200: webhookSchema }),
      }),
      async (c) => {
        const home = homeOf(c.var.place)
        const outcome = await commitFor(c, home.organisationId, {
          write,
          input: { home, id: pathId(c.req.param('id')) },
        })
        return outcome.kind === 'ok'
          ? c.json(await webhookView(c.env, outcome.value), 200)
          : refuse(c, outcome)
      },
    )
  }
}

for (const level of homes) mountRotations(level)
