/** `environments/{environment}/clone/`: contract admin-api §B.4. */
import { createRoute, z } from '@hono/zod-openapi'
import { projectWith } from '../auth/access.ts'
import { requireEnvironment } from '../auth/require.ts'
import { bool } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { forbidden } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { countSegmentOverrides } from '../storage/totals.ts'
import { environmentName } from './environment-body.ts'
import { environmentDetailSchema, environmentDetailView } from './environment-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

/** Whoever would take the states later gets them with the answer: `is_creating` is never true. */
const cloneBody = z.object({
  name: environmentName,
  clone_feature_states_async: bool().optional(),
})

export const environmentCloneRoutes = createAdminRouter()

/** For those who see the environment and may create one in its project. 200, as the original. */
environmentCloneRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/environments/{environment}/clone',
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    request: { body: jsonBody(cloneBody) },
    responses: answers({ 200: environmentDetailSchema }),
  }),
  async (c) => {
    const { environment } = c.var
    const project = await projectWith(c, environment.projectId, 'CREATE_ENVIRONMENT')
    if (project === undefined) return refuse(c, forbidden())
    const outcome = await commitFor(c, project.organisationId, {
      write: 'environment.clone',
      input: { id: environment.id, name: c.req.valid('json').name },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    const overrides = await countSegmentOverrides(openDatabase(c.env.DB), outcome.value.id)
    return c.json(environmentDetailView(outcome.value, overrides), 200)
  },
)
