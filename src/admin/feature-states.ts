/**
 * Feature states, by environment key with scalar values and flat with typed ones: contract
 * admin-api §B.6, families (1) and (2).
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireCaller, requireEnvironment } from '../auth/require.ts'
import { bool, id, pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { invalid, notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findFeatureState, listMultivariateValues, pageStates } from '../storage/feature-states.ts'
import { findStateByUuid } from '../storage/overrides.ts'
import { environmentWith } from './environment-with.ts'
import {
  identityOverrideSchema,
  identityOverrideView,
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

/**
 * The environment's default states, ten a page; `?feature=` by id, `?feature_name=` by name. With
 * `?anyIdentity=1` the overrides of its identities instead.
 */
featureStateRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    request: {
      query: pageQuery.extend({
        feature: id().optional(),
        feature_name: z.string().optional(),
        anyIdentity: bool().optional(),
      }),
    },
    responses: answers({ 200: pageOf(z.union([scalarStateSchema, identityOverrideSchema])) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const at = pageAt(query, 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const { feature: featureId, feature_name: featureName, anyIdentity: ofIdentities } = query
    const filter = { featureId, featureName, ofIdentities }
    const view = ofIdentities ? identityOverrideView : scalarStateView
    const environmentId = c.var.environment.id
    const found = await pageStates(openDatabase(c.env.DB), { environmentId, filter }, at.value)
    const shares = Map.groupBy(found.shares, (share) => share.featureStateId)
    const results = found.rows.map((state) => view({ state, shares: shares.get(state.id) ?? [] }))
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

featureStateRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/features/featurestates/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: typedStateSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const state = await findStateByUuid(db, c.req.param('uuid'))
    const place = state && (await environmentWith(c, state.environmentId, 'VIEW_PROJECT'))
    if (state === undefined || place === undefined) return refuse(c, notFound())
    return c.json(
      typedStateView({ state, shares: await listMultivariateValues(db, state.id) }),
      200,
    )
  },
)

/** Feature and environment must be the state's own: required by PUT, by PATCH only where sent. */
for (const [method, body] of [
  ['put', typedStateBody],
  ['patch', typedStateBody.partial()],
] as const) {
  featureStateRoutes.openapi(
    createRoute({
      method,
      path: '/features/featurestates/{state}',
      middleware: [requireCaller] as const,
      request: { body: jsonBody(body) },
      responses: answers({ 200: typedStateSchema }),
    }),
    async (c) => {
      const sent = c.req.valid('json')
      const state = await findFeatureState(openDatabase(c.env.DB), pathId(c.req.param('state')))
      const permission =
        state?.featureSegmentId == null ? 'UPDATE_FEATURE_STATE' : 'MANAGE_SEGMENT_OVERRIDES'
      const place = state && (await environmentWith(c, state.environmentId, permission))
      if (state === undefined || place === undefined) return refuse(c, notFound())
      if ((sent.environment ?? state.environmentId) !== state.environmentId) {
        const environmentErrors = ['Cannot change the environment of a feature state']
        return refuse(c, invalid({ environment: environmentErrors }))
      }
      if ((sent.feature ?? state.featureId) !== state.featureId) {
        return refuse(c, invalid({ feature: ['Cannot change the feature of a feature state'] }))
      }
      const outcome = await commitFor(c, place.project.organisationId, {
        write: 'feature-state.update',
        input: {
          environmentId: place.environment.id,
          id: state.id,
          changes: toTypedChanges(sent),
        },
      })
      return outcome.kind === 'ok' ? c.json(typedStateView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}
