/**
 * `environments/{key}/identities/{id}/featurestates/`: an identity's overrides with scalar values, and
 * what it gets of every feature. Contract admin-api §B.6, family (3), and §B.8.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireEnvironment } from '../auth/require.ts'
import { decideAll } from '../document/identity.ts'
import { id, pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { invalid, notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findFeatureState, listMultivariateValues } from '../storage/feature-states.ts'
import { pageOverrides } from '../storage/overrides-of-identity.ts'
import { scalarStateSchema, scalarStateView, stateBody, toChanges } from './feature-state-view.ts'
import { decidedSchema, decidedView } from './identities-decided-view.ts'
import { identityOf } from './identities-with.ts'
import { commitFor, createAdminRouter } from './router.ts'

const list = '/environments/{environment}/identities/{identity}/featurestates'
const one = `${list}/{state}` as const

export const identityStateRoutes = createAdminRouter()

/** Ten a page; `?feature=` by id. */
identityStateRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    request: { query: pageQuery.extend({ feature: id().optional() }) },
    responses: answers({ 200: pageOf(scalarStateSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const at = pageAt(query, 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const housed = await identityOf(c)
    if (housed === undefined) return refuse(c, notFound())
    const { id: identityId, environmentId } = housed.identity
    const asked = { environmentId, identityId, featureId: query.feature }
    const found = await pageOverrides(openDatabase(c.env.DB), asked, at.value)
    const shares = Map.groupBy(found.shares, (share) => share.featureStateId)
    const results = found.rows.map((state) =>
      scalarStateView({ state, shares: shares.get(state.id) ?? [] }),
    )
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** Every feature, as the engine decides it for this identity. */
identityStateRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${list}/all`,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    responses: answers({ 200: z.array(decidedSchema) }),
  }),
  async (c) => {
    const housed = await identityOf(c)
    const decided = housed && (await decideAll(c.env, housed.identity))
    return decided === undefined ? refuse(c, notFound()) : c.json(decided.map(decidedView), 200)
  },
)

/** The source's overrides take the place of the identity's own. */
identityStateRoutes.openapi(
  createRoute({
    method: 'post',
    path: `${list}/clone-from-given-identity`,
    middleware: [requireEnvironment('ADMINISTER_ENVIRONMENT')] as const,
    request: { body: jsonBody(z.object({ source_identity_id: id() })) },
    responses: answers({ 200: z.array(decidedSchema) }),
  }),
  async (c) => {
    const housed = await identityOf(c)
    if (housed === undefined) return refuse(c, notFound())
    const { id: identityId, environmentId } = housed.identity
    const sourceId = c.req.valid('json').source_identity_id
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'override.clone',
      input: { environmentId, identityId, sourceId },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    const decided = await decideAll(c.env, housed.identity)
    return decided === undefined ? refuse(c, notFound()) : c.json(decided.map(decidedView), 200)
  },
)

/** What the body leaves out is taken from the environment's own state. */
identityStateRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
    request: { body: jsonBody(stateBody.extend({ feature: id().nullish() })) },
    responses: answers({ 201: scalarStateSchema }),
  }),
  async (c) => {
    const housed = await identityOf(c)
    if (housed === undefined) return refuse(c, notFound())
    const body = c.req.valid('json')
    if (body.feature == null) return c.json({ detail: 'Feature not provided' }, 400)
    const { id: identityId, identifier, environmentId } = housed.identity
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'override.create',
      input: {
        environmentId,
        featureId: body.feature,
        target: { kind: 'identity', id: identityId, identifier },
        changes: toChanges(body),
      },
    })
    return outcome.kind === 'ok' ? c.json(scalarStateView(outcome.value), 201) : refuse(c, outcome)
  },
)

type Asked = Parameters<typeof identityOf>[0] & {
  req: { param: (name: 'identity' | 'state') => string | undefined }
}

/** The override that the path names; undefined if it is that of another identity. */
async function overrideOf(c: Asked) {
  const [housed, state] = await Promise.all([
    identityOf(c),
    findFeatureState(openDatabase(c.env.DB), pathId(c.req.param('state'))),
  ])
  const isOwn =
    housed !== undefined &&
    state?.identityId === housed.identity.id &&
    state.environmentId === housed.identity.environmentId
  return isOwn ? state : undefined
}

identityStateRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    responses: answers({ 200: scalarStateSchema }),
  }),
  async (c) => {
    const state = await overrideOf(c)
    if (state === undefined) return refuse(c, notFound())
    const shares = await listMultivariateValues(openDatabase(c.env.DB), state.id)
    return c.json(scalarStateView({ state, shares }), 200)
  },
)

/** Both answer the whole object: the original's PATCH shows only two fields (contract §F 6). */
for (const method of ['put', 'patch'] as const) {
  identityStateRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
      request: { body: jsonBody(stateBody.extend({ feature: id().nullish() })) },
      responses: answers({ 200: scalarStateSchema }),
    }),
    async (c) => {
      const state = await overrideOf(c)
      if (state === undefined) return refuse(c, notFound())
      const body = c.req.valid('json')
      if ((body.feature ?? state.featureId) !== state.featureId) {
        return refuse(c, invalid({ feature: ['Cannot change the feature of a feature state'] }))
      }
      const outcome = await commitFor(c, c.var.project.organisationId, {
        write: 'feature-state.update',
        input: { environmentId: state.environmentId, id: state.id, changes: toChanges(body) },
      })
      return outcome.kind === 'ok'
        ? c.json(scalarStateView(outcome.value), 200)
        : refuse(c, outcome)
    },
  )
}

identityStateRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const state = await overrideOf(c)
    if (state === undefined || state.identityId === null) return refuse(c, notFound())
    const { id: stateId, identityId, environmentId } = state
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'override.delete',
      input: { environmentId, identityId, id: stateId },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
