/**
 * `projects/{project}/segments/`: contract admin-api §B.7. Trees
 * are checked here too: one that is nested too deeply would not survive the way to its ledger.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { projectWith } from '../auth/access.ts'
import { requireCaller, requireProject } from '../auth/require.ts'
import { segmentsOf } from '../document/identity.ts'
import { refuseRules } from '../domain/segment-rules.ts'
import { bool, id, pathId, text } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound, unknownId } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findIdentityAnywhere, identityHomes } from '../storage/identity-homes.ts'
import { pageStatesOfSegment } from '../storage/overrides.ts'
import type { Project } from '../storage/projects.ts'
import { findSegment, findSegmentByUuid, pageSegments } from '../storage/segments.ts'
import { environmentWith } from './environment-with.ts'
import { commitFor, createAdminRouter } from './router.ts'
import { segmentBody, segmentSchema, segmentView } from './segment-view.ts'

const list = '/projects/{project}/segments'
const one = '/projects/{project}/segments/{segment}'

export const segmentRoutes = createAdminRouter()

type Asked = Parameters<typeof environmentWith>[0] & { var: { project: Project } }

/** The segments that an identity is in. Null: it is of another project, or not to be seen. */
async function segmentsWith(c: Asked, identityId: number): Promise<number[] | null> {
  const identity = await findIdentityAnywhere(identityHomes(c.env), identityId)
  const place = identity && (await environmentWith(c, identity.environmentId, 'VIEW_IDENTITIES'))
  if (identity === undefined || place?.project.id !== c.var.project.id) return null
  return (await segmentsOf(c.env, identity)) ?? null
}

/**
 * Page of up to 999; `?q=` looks into names. Segments of single features only if asked for. With
 * `?identity=` by id only those that it is in.
 */
segmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    request: {
      query: pageQuery.extend({
        q: z.string().optional(),
        include_feature_specific: bool().optional(),
        identity: id().optional(),
      }),
    },
    responses: answers({ 200: pageOf(segmentSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const at = pageAt(query, 999)
    if (at.kind !== 'ok') return refuse(c, at)
    const withFeatureSpecific = query.include_feature_specific ?? false
    const ids = query.identity === undefined ? undefined : await segmentsWith(c, query.identity)
    if (ids === null) return refuse(c, unknownId('identity', query.identity))
    const found = await pageSegments(
      openDatabase(c.env.DB),
      { projectId: c.var.project.id, filter: { search: query.q, withFeatureSpecific, ids } },
      at.value,
    )
    const results = found.rows.map(segmentView)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

segmentRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireProject('MANAGE_SEGMENTS')] as const,
    request: { body: jsonBody(segmentBody) },
    responses: answers({ 201: segmentSchema }),
  }),
  async (c) => {
    const { project } = c.var
    const { name, description, rules, feature } = c.req.valid('json')
    const refusal = refuseRules(rules, project.maxSegmentConditionsAllowed)
    if (refusal !== undefined) return refuse(c, refusal)
    const outcome = await commitFor(c, project.organisationId, {
      write: 'segment.create',
      input: {
        projectId: project.id,
        featureId: feature ?? null,
        settings: { name, description: description ?? null, rules },
      },
    })
    return outcome.kind === 'ok' ? c.json(segmentView(outcome.value), 201) : refuse(c, outcome)
  },
)

segmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/segments/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: segmentSchema }),
  }),
  async (c) => {
    const segment = await findSegmentByUuid(openDatabase(c.env.DB), c.req.param('uuid'))
    const project = segment && (await projectWith(c, segment.projectId, 'VIEW_PROJECT'))
    return segment === undefined || project === undefined
      ? refuse(c, notFound())
      : c.json(segmentView(segment), 200)
  },
)

segmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: segmentSchema }),
  }),
  async (c) => {
    const segment = await findSegment(openDatabase(c.env.DB), pathId(c.req.param('segment')))
    return segment?.projectId === c.var.project.id
      ? c.json(segmentView(segment), 200)
      : refuse(c, notFound())
  },
)

/** What the body leaves out stays; a sent tree replaces the present one (contract §B.7). */
for (const method of ['put', 'patch'] as const) {
  segmentRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireProject('MANAGE_SEGMENTS')] as const,
      request: { body: jsonBody(segmentBody.partial()) },
      responses: answers({ 200: segmentSchema }),
    }),
    async (c) => {
      const { project } = c.var
      const { name, description, rules, feature } = c.req.valid('json')
      // Whether they are too many is the write's to say: a tree that stays is not judged again.
      const refusal = rules && refuseRules(rules, Number.POSITIVE_INFINITY)
      if (refusal !== undefined) return refuse(c, refusal)
      const settings = {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(rules === undefined ? {} : { rules }),
        ...(feature === undefined ? {} : { featureId: feature }),
      }
      const outcome = await commitFor(c, project.organisationId, {
        write: 'segment.update',
        input: { projectId: project.id, id: pathId(c.req.param('segment')), settings },
      })
      return outcome.kind === 'ok' ? c.json(segmentView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

segmentRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireProject('MANAGE_SEGMENTS')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'segment.delete',
      input: { projectId: project.id, id: pathId(c.req.param('segment')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)

segmentRoutes.openapi(
  createRoute({
    method: 'post',
    path: `${one}/clone`,
    middleware: [requireProject('MANAGE_SEGMENTS')] as const,
    request: { body: jsonBody(z.object({ name: text(2000) })) },
    responses: answers({ 201: segmentSchema }),
  }),
  async (c) => {
    const { project } = c.var
    const { name } = c.req.valid('json')
    const outcome = await commitFor(c, project.organisationId, {
      write: 'segment.clone',
      input: { projectId: project.id, id: pathId(c.req.param('segment')), name },
    })
    return outcome.kind === 'ok' ? c.json(segmentView(outcome.value), 201) : refuse(c, outcome)
  },
)

const associatedSchema = z
  .object({ id: z.int(), feature: z.int(), environment: z.int() })
  .openapi('AssociatedFeature')

/** The states that features have for this segment, ten a page; `?environment=` narrows. */
segmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${one}/associated-features`,
    middleware: [requireProject('MANAGE_SEGMENTS')] as const,
    request: { query: pageQuery.extend({ environment: id().optional() }) },
    responses: answers({ 200: pageOf(associatedSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const at = pageAt(query, 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const db = openDatabase(c.env.DB)
    const segment = await findSegment(db, pathId(c.req.param('segment')))
    if (segment?.projectId !== c.var.project.id) return refuse(c, notFound())
    const place = { segmentId: segment.id, environmentId: query.environment }
    const found = await pageStatesOfSegment(db, place, at.value)
    const results = found.rows.map(({ id: state, featureId, environmentId }) => ({
      id: state,
      feature: featureId,
      environment: environmentId,
    }))
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)
