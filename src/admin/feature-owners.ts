/** `…/features/{feature}/add-owners/` and its kind: contract admin-api §B.5. */
import { createRoute, z } from '@hono/zod-openapi'
import { requireProject } from '../auth/require.ts'
import { pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { featureSchema, featureView, idList } from './feature-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const one = '/projects/{project}/features/{feature}'

export const featureOwnerRoutes = createAdminRouter()

/** Naming who is an owner already, or who is none, changes nothing. */
for (const verb of ['add', 'remove'] as const) {
  featureOwnerRoutes.openapi(
    createRoute({
      method: 'post',
      path: `${one}/${verb}-owners`,
      middleware: [requireProject('CREATE_FEATURE')] as const,
      request: { body: jsonBody(z.object({ user_ids: idList })) },
      responses: answers({ 200: featureSchema }),
    }),
    async (c) => {
      const { project } = c.var
      const { user_ids: users } = c.req.valid('json')
      const id = pathId(c.req.param('feature'))
      const outcome = await commitFor(c, project.organisationId, {
        write: `feature-owners.${verb}`,
        input: { projectId: project.id, id, users, groups: [] },
      })
      return outcome.kind === 'ok' ? c.json(featureView(outcome.value), 200) : refuse(c, outcome)
    },
  )

  featureOwnerRoutes.openapi(
    createRoute({
      method: 'post',
      path: `${one}/${verb}-group-owners`,
      middleware: [requireProject('CREATE_FEATURE')] as const,
      request: { body: jsonBody(z.object({ group_ids: idList })) },
      responses: answers({ 200: featureSchema }),
    }),
    async (c) => {
      const { project } = c.var
      const { group_ids: groups } = c.req.valid('json')
      const id = pathId(c.req.param('feature'))
      const outcome = await commitFor(c, project.organisationId, {
        write: `feature-owners.${verb}`,
        input: { projectId: project.id, id, users: [], groups },
      })
      return outcome.kind === 'ok' ? c.json(featureView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}
