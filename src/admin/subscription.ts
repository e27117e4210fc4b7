/**
 * What the contract ties to a plan: limits and usage (admin-api §B.2, part D). Nothing is limited
 * here, and API usage is not recorded: that is said with a 404, because an empty list would read as
 * "nobody called".
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireOrganisation } from '../auth/require.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { createAdminRouter } from './router.ts'

const one = '/organisations/{organisation}'

const metadataSchema = z
  .object({
    max_seats: z.int().nullable(),
    max_api_calls: z.int().nullable(),
    max_projects: z.int().nullable(),
    payment_source: z.string().nullable(),
    chargebee_email: z.string().nullable(),
    feature_history_visibility_days: z.int().nullable(),
    audit_log_visibility_days: z.int().nullable(),
  })
  .openapi('SubscriptionMetadata')

/** Null is the contract's word for "no limit". */
const unlimited: z.infer<typeof metadataSchema> = {
  max_seats: null,
  max_api_calls: null,
  max_projects: null,
  payment_source: null,
  chargebee_email: null,
  feature_history_visibility_days: null,
  audit_log_visibility_days: null,
}

export const subscriptionRoutes = createAdminRouter()

subscriptionRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${one}/get-subscription-metadata`,
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    responses: answers({ 200: metadataSchema }),
  }),
  (c) => c.json(unlimited, 200),
)

// Not in the API's description: there is nothing to describe until usage is recorded.
for (const path of ['usage-data', 'usage-data/total-count']) {
  subscriptionRoutes.all(
    `/organisations/:organisation/${path}`,
    requireOrganisation('ADMINISTER_ORGANISATION'),
    (c) => refuse(c, notFound('API usage is not recorded by this server.')),
  )
}
