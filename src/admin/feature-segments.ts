/**
 * `features/feature-segments/`: which segments override a feature in an environment, and in which
 * order. Contract admin-api §B.6. It knows nothing of what an override makes of the feature.
 */
import { createRoute } from '@hono/zod-openapi'
import { requireCaller } from '../auth/require.ts'
import type { EnvironmentPermission, ProjectPermission } from '../domain/permissions.ts'
import { id, pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import {
  forbidden,
  invalid,
  invalidBody,
  notFound,
  type Outcome,
  ok,
  type Refusal,
} from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import {
  type FeatureSegment,
  findFeatureSegment,
  findFeatureSegmentByUuid,
  listFeatureSegmentsByIds,
  pageFeatureSegments,
} from '../storage/feature-segments.ts'
import { listSegments } from '../storage/segments.ts'
import { accessById, environmentWith } from './environment-with.ts'
import { etagFor } from './etag.ts'
import {
  linkBody,
  linkSchema,
  linkViews,
  movesBody,
  newLinkBody,
  writtenLinkSchema,
  writtenLinkView,
} from './feature-segment-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const list = '/features/feature-segments'
const one = '/features/feature-segments/{link}'

export const featureSegmentRoutes = createAdminRouter()

type Asked = Parameters<typeof environmentWith>[0]

const viewsOf = async (c: Asked, links: FeatureSegment[]) => {
  const ids = links.map((link) => link.segmentId)
  return linkViews(links, await listSegments(openDatabase(c.env.DB), ids))
}

/** A link, where the caller holds the permission in its environment. */
async function linkWith(
  c: Asked,
  link: FeatureSegment | undefined,
  permission: EnvironmentPermission | ProjectPermission,
) {
  if (link === undefined) return notFound()
  const place = await accessById(c, link.environmentId, permission)
  return place.kind === 'ok' ? ok({ link, ...place.value }) : place
}

const findLink = (c: Asked, text: string | undefined) =>
  findFeatureSegment(openDatabase(c.env.DB), pathId(text))

/** Strongest first, ten a page. An environment that the caller does not see has none. */
featureSegmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireCaller] as const,
    request: { query: pageQuery.extend({ environment: id(), feature: id() }) },
    responses: answers({ 200: pageOf(linkSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const at = pageAt(query, 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const visible = await environmentWith(c, query.environment, 'VIEW_PROJECT')
    const found = await pageFeatureSegments(
      openDatabase(c.env.DB),
      { environmentId: visible?.environment.id ?? 0, featureId: query.feature },
      at.value,
    )
    const results = await viewsOf(c, found.rows)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** An unknown or foreign environment answers 403, as with feature states. */
featureSegmentRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireCaller] as const,
    request: { body: jsonBody(newLinkBody) },
    responses: answers({ 201: writtenLinkSchema }),
  }),
  async (c) => {
    const { feature, segment, environment, priority } = c.req.valid('json')
    const place = await environmentWith(c, environment, 'MANAGE_SEGMENT_OVERRIDES')
    if (place === undefined) return refuse(c, forbidden())
    const outcome = await commitFor(c, place.project.organisationId, {
      write: 'feature-segment.create',
      input: {
        environmentId: environment,
        featureId: feature,
        segmentId: segment,
        ...(priority == null ? {} : { priority }),
      },
    })
    return outcome.kind === 'ok' ? c.json(writtenLinkView(outcome.value), 201) : refuse(c, outcome)
  },
)

featureSegmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/features/feature-segments/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: linkSchema }),
  }),
  async (c) => {
    const etag = await etagFor(c, 'segment', c.req.param('uuid'))
    const link = await findFeatureSegmentByUuid(openDatabase(c.env.DB), c.req.param('uuid'))
    const found = await linkWith(c, link, 'VIEW_PROJECT')
    if (found.kind !== 'ok') return refuse(c, found)
    const [view] = await viewsOf(c, [found.value.link])
    return view === undefined ? refuse(c, notFound()) : c.json(view, 200, etag)
  },
)

/** Reading takes no more than the permission to read, unlike the original (contract §F 8). */
featureSegmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireCaller] as const,
    responses: answers({ 200: linkSchema }),
  }),
  async (c) => {
    const etag = await etagFor(c, 'segment', pathId(c.req.param('link')))
    const link = await findLink(c, c.req.param('link'))
    const found = await linkWith(c, link, 'VIEW_PROJECT')
    if (found.kind !== 'ok') return refuse(c, found)
    const [view] = await viewsOf(c, [found.value.link])
    return view === undefined ? refuse(c, notFound()) : c.json(view, 200, etag)
  },
)

/**
 * A link that is written back as it is stays as it is. Moving one would take an override's state to
 * other people without a word in the log: delete it and create another instead.
 */
for (const method of ['put', 'patch'] as const) {
  featureSegmentRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireCaller] as const,
      request: { body: jsonBody(linkBody) },
      responses: answers({ 200: writtenLinkSchema }),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const link = await findLink(c, c.req.param('link'))
      const found = await linkWith(c, link, 'MANAGE_SEGMENT_OVERRIDES')
      if (found.kind !== 'ok') return refuse(c, found)
      const place = found.value
      const view = writtenLinkView(place.link)
      const moved = (['feature', 'segment', 'environment'] as const).filter(
        (name) => (body[name] ?? view[name]) !== view[name],
      )
      if (moved.length === 0) {
        // Moves nothing, so it changes nothing; but an If-Match is held against the feature.
        const { environmentId, featureId } = place.link
        const outcome = await commitFor(c, place.project.organisationId, {
          write: 'feature-segment.reorder',
          input: { environmentId, featureId, moves: [] },
        })
        return outcome.kind === 'ok' ? c.json(view, 200) : refuse(c, outcome)
      }
      return refuse(
        c,
        invalid(
          Object.fromEntries(
            moved.map((name) => [name, [`Cannot change the ${name} of a feature segment`]]),
          ),
        ),
      )
    },
  )
}

/** The override's state goes with it. */
featureSegmentRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireCaller] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const found = await linkWith(
      c,
      await findLink(c, c.req.param('link')),
      'MANAGE_SEGMENT_OVERRIDES',
    )
    if (found.kind !== 'ok') return refuse(c, found)
    const { link, environment, project } = found.value
    const outcome = await commitFor(c, project.organisationId, {
      write: 'feature-segment.delete',
      input: { environmentId: environment.id, id: link.id },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)

type Named = { organisationId: number; environmentId: number; featureId: number }

/**
 * Where all the named links belong. A foreign link is not found: all must be visible before they are
 * told to belong apart.
 */
async function placeOf(c: Asked, ids: Set<number>): Promise<Outcome<Named>> {
  const unknown = invalidBody('Some of the provided ids were not found.')
  const links = await listFeatureSegmentsByIds(openDatabase(c.env.DB), [...ids])
  const [first] = links
  if (first === undefined || links.length < ids.size) return unknown
  const { environmentId, featureId } = first
  const environments = new Set(links.map((link) => link.environmentId))
  let organisationId = 0
  let refusal: Refusal | undefined
  for (const environment of environments) {
    const place = await accessById(c, environment, 'MANAGE_SEGMENT_OVERRIDES')
    if (place.kind === 'ok') organisationId = place.value.project.organisationId
    else if (place.kind === 'forbidden') refusal = place
    else return unknown
  }
  if (refusal !== undefined) return refusal
  return environments.size > 1 || links.some((link) => link.featureId !== featureId)
    ? invalidBody('All feature segments must belong to the same feature & environment.')
    : ok({ organisationId, environmentId, featureId })
}

/** Answers the named links, in the order in which they were named. */
featureSegmentRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/features/feature-segments/update-priorities',
    middleware: [requireCaller] as const,
    request: { body: jsonBody(movesBody) },
    responses: answers({ 200: linkSchema.array() }),
  }),
  async (c) => {
    const moves = c.req.valid('json')
    if (moves.length === 0) return c.json([], 200)
    const ids = new Set(moves.map((move) => move.id))
    const named = await placeOf(c, ids)
    if (named.kind !== 'ok') return refuse(c, named)
    const { organisationId, ...place } = named.value
    const outcome = await commitFor(c, organisationId, {
      write: 'feature-segment.reorder',
      input: { ...place, moves },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    const after = new Map(outcome.value.map((link) => [link.id, link]))
    return c.json(
      await viewsOf(
        c,
        [...ids].flatMap((link) => after.get(link) ?? []),
      ),
      200,
    )
  },
)
