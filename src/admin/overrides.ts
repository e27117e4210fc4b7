/**
 * Overrides as the contract makes and lists them: flat by environment id, and the one call that makes
 * link and state together (admin-api §B.6). Changing one is `feature-states.ts`.
 */
import { createRoute } from '@hono/zod-openapi'
import { requireCaller, requireEnvironment } from '../auth/require.ts'
import type { OverrideTarget } from '../domain/overrides.ts'
import type { Env } from '../env.ts'
import { id, pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { forbidden, invalid, invalidBody, notFound, type Outcome, ok } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findFeature } from '../storage/features.ts'
import { findHoused, findNamed, identityHomes } from '../storage/identity-homes.ts'
import { pageStatesOfEnvironment } from '../storage/overrides.ts'
import { environmentWith } from './environment-with.ts'
import {
  newOverrideBody,
  segmentOverrideBody,
  segmentOverrideSchema,
  segmentOverrideView,
  toTypedChanges,
  typedStateSchema,
  typedStateView,
} from './feature-state-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const list = '/features/featurestates'

export const overrideRoutes = createAdminRouter()

/**
 * Default states and segment overrides, ten a page; those of identities are listed by their own
 * route. Without an environment that the caller sees: 403.
 */
overrideRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireCaller] as const,
    request: {
      query: pageQuery.extend({
        environment: id().optional(),
        feature: id().optional(),
        feature_segment: id().optional(),
      }),
    },
    responses: answers({ 200: pageOf(typedStateSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const place = await environmentWith(c, query.environment ?? 0, 'VIEW_ENVIRONMENT')
    if (place === undefined) return refuse(c, forbidden())
    const at = pageAt(query, 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const asked = {
      environmentId: place.environment.id,
      featureId: query.feature,
      featureSegmentId: query.feature_segment,
    }
    const found = await pageStatesOfEnvironment(openDatabase(c.env.DB), asked, at.value)
    const shares = Map.groupBy(found.shares, (share) => share.featureStateId)
    const results = found.rows.map((state) =>
      typedStateView({ state, shares: shares.get(state.id) ?? [] }),
    )
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

type Named = {
  feature_segment?: number | null | undefined
  identity?: number | null | undefined
  identifier?: string | null | undefined
}

/** Whose override a body asks for; an identifier may stand for an identity. */
export async function targetOf(
  env: Env,
  environmentId: number,
  { feature_segment: featureSegmentId, identity: identityId, identifier }: Named,
): Promise<Outcome<OverrideTarget>> {
  const isOfIdentity = identityId != null || identifier != null
  if ((featureSegmentId != null) === isOfIdentity) {
    return invalidBody('An override is of a feature segment or of an identity: name one of them.')
  }
  if (featureSegmentId != null) return ok({ kind: 'segment', featureSegmentId })
  const homes = identityHomes(env)
  if (identityId != null) {
    const identity = (await findHoused(homes, environmentId, identityId))?.identity
    if (identity === undefined || (identifier ?? identity.identifier) !== identity.identifier) {
      return invalid({ identity: ['Identity does not exist in environment.'] })
    }
    return ok({ kind: 'identity', id: identity.id, identifier: identity.identifier })
  }
  const identity = await findNamed(homes, { environmentId, identifier: identifier ?? '' })
  return identity === undefined
    ? invalid({ identifier: ['Invalid identifier'] })
    : ok({ kind: 'identity', id: identity.id, identifier: identity.identifier })
}

/** What the body leaves out is taken from the environment's own state. */
overrideRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireCaller] as const,
    request: { body: jsonBody(newOverrideBody) },
    responses: answers({ 201: typedStateSchema }),
  }),
  async (c) => {
    const body = c.req.valid('json')
    const permission =
      body.feature_segment == null ? 'UPDATE_FEATURE_STATE' : 'MANAGE_SEGMENT_OVERRIDES'
    const place = await environmentWith(c, body.environment ?? 0, permission)
    if (place === undefined) return refuse(c, forbidden())
    if (body.feature == null) return c.json({ detail: 'Feature not provided' }, 400)
    const environmentId = place.environment.id
    const target = await targetOf(c.env, environmentId, body)
    if (target.kind !== 'ok') return refuse(c, target)
    const outcome = await commitFor(c, place.project.organisationId, {
      write: 'override.create',
      input: {
        environmentId,
        featureId: body.feature,
        target: target.value,
        changes: toTypedChanges(body),
      },
    })
    return outcome.kind === 'ok' ? c.json(typedStateView(outcome.value), 201) : refuse(c, outcome)
  },
)

/** Link and state in one change; a priority that is taken is made free. */
overrideRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/environments/{environment}/features/{feature}/create-segment-override',
    middleware: [requireEnvironment('MANAGE_SEGMENT_OVERRIDES')] as const,
    request: { body: jsonBody(segmentOverrideBody) },
    responses: answers({ 201: segmentOverrideSchema }),
  }),
  async (c) => {
    const { environment, project } = c.var
    const feature = await findFeature(openDatabase(c.env.DB), pathId(c.req.param('feature')))
    if (feature?.projectId !== project.id) return refuse(c, notFound())
    const body = c.req.valid('json')
    const { segment, priority } = body.feature_segment
    const outcome = await commitFor(c, project.organisationId, {
      write: 'segment-override.create',
      input: {
        environmentId: environment.id,
        featureId: feature.id,
        segmentId: segment,
        ...(priority == null ? {} : { priority }),
        changes: toTypedChanges(body),
      },
    })
    if (outcome.kind === 'ok') return c.json(segmentOverrideView(outcome.value), 201)
    // The body has the segment below `feature_segment`, and so has its error.
    const isOfSegment = outcome.kind === 'invalid' && 'segment' in outcome.errors
    return refuse(c, isOfSegment ? invalid({ feature_segment: outcome.errors }) : outcome)
  },
)
