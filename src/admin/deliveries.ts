/**
 * `webhooks/{id}/deliveries/`: what became of every event for an endpoint, and sending once more. Ours,
 * beside the contract (audit-and-webhooks §5.2 W7, W11). For administrators of the endpoint's place: they
 * alone see what receivers answered.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requirePlace } from '../auth/require.ts'
import type { Asked } from '../domain/deliveries.ts'
import { dateTime, pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { invalid, invalidBody, notFound, type Outcome, ok } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findDelivery, pageDeliveries, readAttempts } from '../storage/delivery-views.ts'
import { findWebhook } from '../storage/webhooks.ts'
import {
  deliveryDetailSchema,
  deliveryDetailView,
  deliveryQuery,
  deliverySchema,
  deliveryView,
  neighbours,
  pageOfDeliveries,
} from './delivery-view.ts'
import { pathOf } from './levels.ts'
import { commitFor, createAdminRouter } from './router.ts'
import { homeOf, homes } from './webhooks.ts'

const replayBody = z.object({
  from: dateTime().optional(),
  to: dateTime().optional(),
  state: z.enum(['dead', 'disabled', 'never-attempted']).optional(),
})

function readReplay({ from, to, state }: z.infer<typeof replayBody>): Outcome<Asked> {
  if (state !== undefined) {
    return from === undefined && to === undefined
      ? ok({ kind: state })
      : invalid({ state: ['Use either state, or from and to.'] })
  }
  if (from === undefined || to === undefined) {
    return invalidBody('Say what to replay: state, or from and to.')
  }
  return from < to ? ok({ kind: 'time', from, to }) : invalid({ to: ['Use a time after from.'] })
}

export const deliveryRoutes = createAdminRouter()

function mountDeliveries(level: (typeof homes)[number]): void {
  const all = `${pathOf[level]}/webhooks/{id}/deliveries`
  const one = `${all}/{delivery}`
  const guard = requirePlace(level, 'administer')

  /** Newest first. */
  deliveryRoutes.openapi(
    createRoute({
      method: 'get',
      path: all,
      middleware: [guard] as const,
      request: { query: deliveryQuery },
      responses: answers({
        200: z.object({
          results: z.array(deliverySchema),
          next: z.string().nullable(),
          previous: z.string().nullable(),
        }),
      }),
    }),
    async (c) => {
      const db = openDatabase(c.env.DB)
      const query = c.req.valid('query')
      const webhook = await findWebhook(db, homeOf(c.var.place), pathId(c.req.param('id')))
      if (webhook === undefined) return refuse(c, notFound())
      const page = pageOfDeliveries(query)
      if (page.kind !== 'ok') return refuse(c, page)
      const { state, event: eventType, from, to } = query
      const asked = { webhookId: webhook.id, filter: { state, eventType, from, to } }
      const found = await pageDeliveries(db, asked, page.value)
      const results = found.rows.map(deliveryView)
      return c.json({ results, ...neighbours(found, page.value) }, 200)
    },
  )

  deliveryRoutes.openapi(
    createRoute({
      method: 'get',
      path: one,
      middleware: [guard] as const,
      responses: answers({ 200: deliveryDetailSchema }),
    }),
    async (c) => {
      const db = openDatabase(c.env.DB)
      const webhook = await findWebhook(db, homeOf(c.var.place), pathId(c.req.param('id')))
      const found = webhook && (await findDelivery(db, webhook.id, c.req.param('delivery') ?? ''))
      if (found === undefined) return refuse(c, notFound())
      return c.json(deliveryDetailView(found, await readAttempts(db, found)), 200)
    },
  )

  /** Answers how many were rung for. */
  deliveryRoutes.openapi(
    createRoute({
      method: 'post',
      path: `${all}/replay`,
      middleware: [guard] as const,
      request: { body: jsonBody(replayBody) },
      responses: answers({ 200: z.object({ rung: z.int() }) }),
    }),
    async (c) => {
      const home = homeOf(c.var.place)
      const asked = readReplay(c.req.valid('json'))
      if (asked.kind !== 'ok') return refuse(c, asked)
      const outcome = await commitFor(c, home.organisationId, {
        write: 'delivery.replay',
        input: { home, id: pathId(c.req.param('id')), asked: asked.value },
      })
      return outcome.kind === 'ok' ? c.json({ rung: outcome.value }, 200) : refuse(c, outcome)
    },
  )

  /** 409 while it is being sent, or while the endpoint is switched off. */
  for (const action of ['resend', 'skip'] as const) {
    deliveryRoutes.openapi(
      createRoute({
        method: 'post',
        path: `${one}/${action}`,
        middleware: [guard] as const,
        responses: answers({ 200: deliverySchema }),
      }),
      async (c) => {
        const home = homeOf(c.var.place)
        const id = pathId(c.req.param('id'))
        const deliveryId = c.req.param('delivery') ?? ''
        const outcome = await commitFor(c, home.organisationId, {
          write: `delivery.${action}`,
          input: { home, id, deliveryId },
        })
        if (outcome.kind !== 'ok') return refuse(c, outcome)
        const found = await findDelivery(openDatabase(c.env.DB), id, deliveryId)
        return found === undefined ? refuse(c, notFound()) : c.json(deliveryView(found), 200)
      },
    )
  }
}

for (const level of homes) mountDeliveries(level)
