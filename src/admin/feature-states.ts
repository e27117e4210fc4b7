/**
 * Feature states, by environment key with scalar values and flat with typed ones: contract
 * admin-api §B.6, families (1) and (2).
 */
import { createRoute, z } from '@hono/zod-openapi'
import { lacking } from '../auth/judged.ts'
import { requireCaller, requireEnvironment } from '../auth/require.ts'
import { may } from '../domain/permissions.ts'
import { bool, id, pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { invalid, invalidBody, notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findFeatureState, listMultivariateValues, pageStates } from '../storage/feature-states.ts'
import { findStateByUuid } from '../storage/overrides.ts'
import { accessById, environmentWith } from './environment-with.ts'
import { etagFor } from './etag.ts'
import {
  identityOverrideSchema,
  identityOverrideView,
  newScalarOverrideBody,
  scalarStateSchema,
  scalarStateView,
  stateBody,
  toChanges,
  toTypedChanges,
  typedStateBody,
  typedStateSchema,
  typedStateView,
} from './feature-state-view.ts'
import { targetOf } from './overrides.ts'
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
    const id = pathId(c.req.param('state'))
    const etag = await etagFor(c, 'state', id)
    const state = await findFeatureState(db, id)
    if (state?.environmentId !== c.var.environment.id) return refuse(c, notFound())
    const shares = await listMultivariateValues(db, id)
    return c.json(scalarStateView({ state, shares }), 200, etag)
  },
)

/** Both answer the whole object: the original's PATCH shows only two fields (contract §F 6). */
for (const method of ['put', 'patch'] as const) {
  featureStateRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
      request: { body: jsonBody(stateBody.extend({ feature: id().nullish() })) },
      responses: answers({ 200: scalarStateSchema }),
    }),
    async (c) => {
      const { environment, project } = c.var
      const body = c.req.valid('json')
      const state = await findFeatureState(openDatabase(c.env.DB), pathId(c.req.param('state')))
      if (state?.environmentId !== environment.id) return refuse(c, notFound())
      if ((body.feature ?? state.featureId) !== state.featureId) {
        return refuse(c, invalid({ feature: ['Cannot change the feature of a feature state'] }))
      }
      const outcome = await commitFor(c, project.organisationId, {
        write: 'feature-state.update',
        input: { environmentId: environment.id, id: state.id, changes: toChanges(body) },
      })
      return outcome.kind === 'ok'
        ? c.json(scalarStateView(outcome.value), 200)
        : refuse(c, outcome)
    },
  )
}

/**
 * An override with a scalar value; the original calls this deprecated. The environment's own state is
 * there from the beginning, so whoever names neither segment nor identity is refused.
 */
featureStateRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
    request: { body: jsonBody(newScalarOverrideBody) },
    responses: answers({ 201: scalarStateSchema }),
  }),
  async (c) => {
    const { environment, project, standing } = c.var
    const body = c.req.valid('json')
    if (body.feature == null) return c.json({ detail: 'Feature not provided' }, 400)
    if (body.feature_segment != null && !may(standing, 'MANAGE_SEGMENT_OVERRIDES')) {
      return refuse(c, lacking(c, 'MANAGE_SEGMENT_OVERRIDES'))
    }
    const target = await targetOf(c.env, environment.id, body)
    if (target.kind !== 'ok') return refuse(c, target)
    const outcome = await commitFor(c, project.organisationId, {
      write: 'override.create',
      input: {
        environmentId: environment.id,
        featureId: body.feature,
        target: target.value,
        changes: toChanges(body),
      },
    })
    return outcome.kind === 'ok' ? c.json(scalarStateView(outcome.value), 201) : refuse(c, outcome)
  },
)

/** Only overrides can be deleted; that of a segment goes with its link. */
featureStateRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { environment, project, standing } = c.var
    const state = await findFeatureState(openDatabase(c.env.DB), pathId(c.req.param('state')))
    if (state?.environmentId !== environment.id) return refuse(c, notFound())
    const { id: stateId, identityId, featureSegmentId } = state
    if (identityId === null && featureSegmentId === null) {
      return refuse(c, invalidBody("An environment's own state cannot be deleted."))
    }
    if (featureSegmentId !== null && !may(standing, 'MANAGE_SEGMENT_OVERRIDES')) {
      return refuse(c, lacking(c, 'MANAGE_SEGMENT_OVERRIDES'))
    }
    const outcome =
      featureSegmentId === null
        ? await commitFor(c, project.organisationId, {
            write: 'override.delete',
            input: { environmentId: environment.id, identityId: identityId ?? 0, id: stateId },
          })
        : await commitFor(c, project.organisationId, {
            write: 'feature-segment.delete',
            input: { environmentId: environment.id, id: featureSegmentId },
          })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)

featureStateRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/features/featurestates/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: typedStateSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const etag = await etagFor(c, 'state', c.req.param('uuid'))
    const state = await findStateByUuid(db, c.req.param('uuid'))
    const place = state && (await environmentWith(c, state.environmentId, 'VIEW_PROJECT'))
    if (state === undefined || place === undefined) return refuse(c, notFound())
    const shares = await listMultivariateValues(db, state.id)
    return c.json(typedStateView({ state, shares }), 200, etag)
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
      if (state === undefined) return refuse(c, notFound())
      const access = await accessById(c, state.environmentId, permission)
      if (access.kind !== 'ok') return refuse(c, access)
      if ((sent.environment ?? state.environmentId) !== state.environmentId) {
        const environmentErrors = ['Cannot change the environment of a feature state']
        return refuse(c, invalid({ environment: environmentErrors }))
      }
      if ((sent.feature ?? state.featureId) !== state.featureId) {
        return refuse(c, invalid({ feature: ['Cannot change the feature of a feature state'] }))
      }
      const outcome = await commitFor(c, access.value.project.organisationId, {
        write: 'feature-state.update',
        input: { environmentId: state.environmentId, id: state.id, changes: toTypedChanges(sent) },
      })
      return outcome.kind === 'ok' ? c.json(typedStateView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}
