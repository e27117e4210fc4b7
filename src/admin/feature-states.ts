/**
 * Feature states, by environment key with scalar values and flat with typed ones: contract
 * admin-api §B.6, families (1) and (2).
 */
import { createRoute, z } from '@hono/zod-openapi'
import { projectWith, requireCaller, requireEnvironment } from '../auth/require.ts'
import type { StateChanges } from '../domain/feature-states.ts'
import { id, pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { invalid, notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findEnvironment } from '../storage/environments.ts'
import { findFeatureState, listMultivariateValues, pageStates } from '../storage/feature-states.ts'
import {
  scalarStateSchema,
  scalarStateView,
  stateBody,
  toChanges,
  toTypedChanges,
  typedStateBody,
  typedStateSchema,
  typedStateView,
} from './feature-state-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const list = '/environments/{environment}/featurestates'
const one = '/environments/{environment}/featurestates/{state}'

export const featureStateRoutes = createAdminRouter()

/** The environment's default states, ten a page; `?feature=` by id, `?feature_name=` by name. */
featureStateRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    request: {
      query: pageQuery.extend({ feature: id().optional(), feature_name: z.string().optional() }),
    },
    responses: answers({ 200: pageOf(scalarStateSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const at = pageAt(query, 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const filter = { featureId: query.feature, featureName: query.feature_name }
    const environmentId = c.var.environment.id
    const found = await pageStates(openDatabase(c.env.DB), { environmentId, filter }, at.value)
    const shares = Map.groupBy(found.shares, (share) => share.featureStateId)
    const results = found.rows.map((state) =>
      scalarStateView({ state, shares: shares.get(state.id) ?? [] }),
    )
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

featureStateRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    responses: answers({ 200: scalarStateSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const state = await findFeatureState(db, pathId(c.req.param('state')))
    if (state?.environmentId !== c.var.environment.id) return refuse(c, notFound())
    return c.json(
      scalarStateView({ state, shares: await listMultivariateValues(db, state.id) }),
      200,
    )
  },
)

/** Both answer the whole object: the original's PATCH shows only two fields (contract §F 6). */
for (const method of ['put', 'patch'] as const) {
  featureStateRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
      request: { body: jsonBody(stateBody) },
      responses: answers({ 200: scalarStateSchema }),
    }),
    async (c) => {
      const { environment, project } = c.var
      const outcome = await commitFor(c, project.organisationId, {
        write: 'feature-state.update',
        input: {
          environmentId: environment.id,
          id: pathId(c.req.param('state')),
          changes: toChanges(c.req.valid('json')),
        },
      })
      return outcome.kind === 'ok'
        ? c.json(scalarStateView(outcome.value), 200)
        : refuse(c, outcome)
    },
  )
}

/** The flat route: feature and environment are required and must be the state's own. */
featureStateRoutes.openapi(
  createRoute({
    method: 'put',
    path: '/features/featurestates/{state}',
    middleware: [requireCaller] as const,
    request: { body: jsonBody(typedStateBody) },
    responses: answers({ 200: typedStateSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const body = c.req.valid('json')
    const state = await findFeatureState(db, pathId(c.req.param('state')))
    const environment = state && (await findEnvironment(db, state.environmentId))
    const project =
      environment && (await projectWith(c, environment.projectId, 'UPDATE_FEATURE_STATE'))
    if (state === undefined || environment === undefined || project === undefined) {
      return refuse(c, notFound())
    }
    if (body.environment !== environment.id) {
      const environmentErrors = ['Cannot change the environment of a feature state']
      return refuse(c, invalid({ environment: environmentErrors }))
    }
    if (body.feature !== state.featureId) {
      return refuse(c, invalid({ feature: ['Cannot change the feature of a feature state'] }))
    }
    const changes: StateChanges = toTypedChanges(body)
    const outcome = await commitFor(c, project.organisationId, {
      write: 'feature-state.update',
      input: { environmentId: environment.id, id: state.id, changes },
    })
    return outcome.kind === 'ok' ? c.json(typedStateView(outcome.value), 200) : refuse(c, outcome)
  },
)
