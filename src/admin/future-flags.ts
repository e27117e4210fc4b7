/**
 * `/api/__future__/environments/{environment}/features/{feature}/`: a whole flag read and written at
 * once, contract admin-api §B.12. Every 404 says of what: clients take a bare one for an old server.
 */
import { createRoute } from '@hono/zod-openapi'
import { lacking } from '../auth/judged.ts'
import { requireEnvironment } from '../auth/require.ts'
import { type WholeFlag, wholeFlag } from '../domain/flag-scene.ts'
import { may } from '../domain/permissions.ts'
import { pathId } from '../http/fields.ts'
import { etagOf } from '../http/preconditions.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound, type Outcome, ok } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { type Feature, findFeature } from '../storage/features.ts'
import { readWholeFlag } from '../storage/whole-flags.ts'
import { flagBody, flagSchema, flagView, toWanted } from './future-flag-view.ts'
import { type AdminContext, commitFor, createAdminRouter } from './router.ts'

const one = '/environments/{environment}/features/{feature}'

const unknown = notFound('Feature not found.')

type Here = AdminContext & {
  var: { environment: { id: number }; project: { id: number; organisationId: number } }
  req: { param: (name: 'feature') => string }
}

/** The feature of the path, where it belongs to the environment's project. */
async function featureOf(c: Here): Promise<Feature | undefined> {
  const feature = await findFeature(openDatabase(c.env.DB), pathId(c.req.param('feature')))
  return feature?.projectId === c.var.project.id ? feature : undefined
}

async function placeOf(c: Here): Promise<Outcome<{ environmentId: number; featureId: number }>> {
  const feature = await featureOf(c)
  return feature === undefined
    ? unknown
    : ok({ environmentId: c.var.environment.id, featureId: feature.id })
}

export const futureFlagRoutes = createAdminRouter()

/** The tag is read before the flag: one that is too old makes a later write fail, and no more. */
futureFlagRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    responses: answers({ 200: flagSchema }),
  }),
  async (c) => {
    const feature = await featureOf(c)
    if (feature === undefined) return refuse(c, unknown)
    const place = { environmentId: c.var.environment.id, featureId: feature.id }
    const flag = wholeFlag(await readWholeFlag(openDatabase(c.env.DB), place))
    if (flag === undefined) return refuse(c, unknown)
    return c.json(flagView(flag), 200, etagOf(feature.version))
  },
)

/**
 * PATCH leaves overrides alone that it does not name; PUT takes the sent ones for the whole set. What
 * a body does not touch needs no permission.
 */
for (const method of ['patch', 'put'] as const) {
  futureFlagRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
      request: { body: jsonBody(flagBody) },
      responses: answers({ 200: flagSchema }),
    }),
    async (c) => {
      const { project, standing } = c.var
      const wanted = toWanted(c.req.valid('json'))
      const { own, overrides } = wanted
      const isOwn = own !== undefined || overrides === undefined
      if (isOwn && !may(standing, 'UPDATE_FEATURE_STATE')) {
        return refuse(c, lacking(c, 'UPDATE_FEATURE_STATE'))
      }
      if (overrides !== undefined && !may(standing, 'MANAGE_SEGMENT_OVERRIDES')) {
        return refuse(c, lacking(c, 'MANAGE_SEGMENT_OVERRIDES'))
      }
      const place = await placeOf(c)
      if (place.kind !== 'ok') return refuse(c, place)
      const outcome: Outcome<WholeFlag> = await commitFor(c, project.organisationId, {
        write: 'flag.change',
        input: { ...place.value, ...wanted, replace: method === 'put' },
      })
      return outcome.kind === 'ok' ? c.json(flagView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

/** Answers the flag that is left, not 204. */
futureFlagRoutes.openapi(
  createRoute({
    method: 'delete',
    path: `${one}/segment-overrides/{segment}`,
    middleware: [requireEnvironment('MANAGE_SEGMENT_OVERRIDES')] as const,
    responses: answers({ 200: flagSchema }),
  }),
  async (c) => {
    const place = await placeOf(c)
    if (place.kind !== 'ok') return refuse(c, place)
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'flag.delete-override',
      input: { ...place.value, segmentId: pathId(c.req.param('segment')) },
    })
    return outcome.kind === 'ok' ? c.json(flagView(outcome.value), 200) : refuse(c, outcome)
  },
)
