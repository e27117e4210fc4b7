/**
 * `environments/{environment}/metrics/`, and what Burgee answers where it has nothing to tell: contract
 * admin-api §B.4, part G. Made-up numbers would be taken for true ones, so those routes say so.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireCaller, requireEnvironment } from '../auth/require.ts'
import { pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { countInEnvironment, type EnvironmentMetrics } from '../storage/environment-metrics.ts'
import { environmentWith } from './environment-with.ts'
import { createAdminRouter } from './router.ts'

const metricSchema = z.object({
  name: z.string(),
  description: z.string(),
  entity: z.string(),
  value: z.int(),
  rank: z.int(),
})

const metricsSchema = z.object({ metrics: z.array(metricSchema) }).openapi('EnvironmentMetrics')

/** In the contract's order; those of workflows are left out, as there are none. */
const metricsView = (counts: EnvironmentMetrics): z.infer<typeof metricsSchema> => ({
  metrics: [
    {
      name: 'total_features',
      description: 'Features of the environment',
      entity: 'features',
      value: counts.features,
      rank: 1,
    },
    {
      name: 'enabled_features',
      description: 'Features that are enabled by default',
      entity: 'features',
      value: counts.enabledFeatures,
      rank: 2,
    },
    {
      name: 'segment_overrides',
      description: 'Overrides for segments',
      entity: 'segments',
      value: counts.segmentOverrides,
      rank: 3,
    },
    {
      name: 'identity_overrides',
      description: 'Overrides for identities',
      entity: 'identities',
      value: counts.identityOverrides,
      rank: 4,
    },
  ],
})

const one = '/environments/{environment}'

export const environmentMetricsRoutes = createAdminRouter()

environmentMetricsRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${one}/metrics`,
    middleware: [requireEnvironment('ADMINISTER_ENVIRONMENT')] as const,
    responses: answers({ 200: metricsSchema }),
  }),
  async (c) => {
    const counts = await countInEnvironment(openDatabase(c.env.DB), c.var.environment.id)
    return c.json(metricsView(counts), 200)
  },
)

// What follows is not in the API's description: nobody is to plan with it.
const place = '/environments/:environment'

/** Anonymous in the contract. The same answer for every key, so that it tells nothing of any. */
environmentMetricsRoutes.all(`${place}/onboarding-status`, (c) =>
  refuse(c, notFound('First evaluations are not recorded.')),
)

/** Named by its id, unlike all others. */
environmentMetricsRoutes.all(`${place}/feature-lifecycle-counts`, requireCaller, async (c) => {
  const id = pathId(c.req.param('environment'))
  const found = await environmentWith(c, id, 'VIEW_ENVIRONMENT')
  return refuse(c, notFound(found && 'The lifecycle of features is not available.'))
})

for (const action of ['enable', 'disable']) {
  environmentMetricsRoutes.all(
    `${place}/${action}-v2-versioning`,
    requireEnvironment('ADMINISTER_ENVIRONMENT'),
    (c) => c.json({ detail: 'Feature versioning v2 is not available.' }, 400),
  )
}
