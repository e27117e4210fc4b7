/** `projects/{project}/features/`: contract admin-api §B.5. */
import { createRoute, z } from '@hono/zod-openapi'
import { projectWith, requireCaller, requireProject } from '../auth/require.ts'
import { blankText, bool, exactText, pathId, text } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findFeature, findFeatureByUuid, listOptions, pageFeatures } from '../storage/features.ts'
import { featureSchema, featureView, optionsBody } from './feature-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

/** A blank description reads back as null: clients that send "" plan null (contract §A.1.4). */
const description = blankText(20000)
  .nullable()
  .transform((value) => (value === '' ? null : value))

const settingsBody = z
  .object({
    type: z.enum(['STANDARD', 'MULTIVARIATE']),
    description,
    is_archived: bool(),
    is_server_key_only: bool(),
    multivariate_options: optionsBody,
  })
  .partial()

/** What is no text is taken as its JSON (contract §B.5). */
const initialValue = z.preprocess(
  (input) => (input == null || typeof input === 'string' ? input : JSON.stringify(input)),
  exactText(20000).nullable(),
)

const createBody = settingsBody.extend({
  name: text(2000),
  initial_value: initialValue.optional(),
  default_enabled: bool().optional(),
})

const list = '/projects/{project}/features'
const one = '/projects/{project}/features/{feature}'

export const featureRoutes = createAdminRouter()

/** Page of up to 999; `?search=` looks into names, `?is_archived=` narrows. */
featureRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    request: {
      query: pageQuery.extend({ search: z.string().optional(), is_archived: bool().optional() }),
    },
    responses: answers({ 200: pageOf(featureSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const at = pageAt(query, 999)
    if (at.kind !== 'ok') return refuse(c, at)
    const found = await pageFeatures(
      openDatabase(c.env.DB),
      { projectId: c.var.project.id, search: query.search, isArchived: query.is_archived },
      at.value,
    )
    const options = Map.groupBy(found.options, (option) => option.featureId)
    const results = found.rows.map((feature) =>
      featureView({ feature, options: options.get(feature.id) ?? [] }),
    )
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** The project is the path's; one in the body is ignored. */
featureRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireProject('CREATE_FEATURE')] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: featureSchema }),
  }),
  async (c) => {
    const { project } = c.var
    const { multivariate_options: options = [], ...body } = c.req.valid('json')
    const outcome = await commitFor(c, project.organisationId, {
      write: 'feature.create',
      input: {
        projectId: project.id,
        feature: {
          type: 'STANDARD',
          description: null,
          initialValue: null,
          defaultEnabled: false,
          isArchived: false,
          isServerKeyOnly: false,
          ...camelKeys(body),
          options,
        },
      },
    })
    return outcome.kind === 'ok' ? c.json(featureView(outcome.value), 201) : refuse(c, outcome)
  },
)

featureRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/features/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: featureSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const feature = await findFeatureByUuid(db, c.req.param('uuid'))
    const project = feature && (await projectWith(c, feature.projectId, 'VIEW_PROJECT'))
    if (feature === undefined || project === undefined) return refuse(c, notFound())
    return c.json(featureView({ feature, options: await listOptions(db, feature.id) }), 200)
  },
)

featureRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: featureSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const feature = await findFeature(db, pathId(c.req.param('feature')))
    if (feature?.projectId !== c.var.project.id) return refuse(c, notFound())
    return c.json(featureView({ feature, options: await listOptions(db, feature.id) }), 200)
  },
)

/** Name, default switch and initial value are read-only here: sent ones are ignored (§B.5). */
for (const method of ['put', 'patch'] as const) {
  featureRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireProject('CREATE_FEATURE')] as const,
      request: { body: jsonBody(settingsBody) },
      responses: answers({ 200: featureSchema }),
    }),
    async (c) => {
      const { project } = c.var
      const { multivariate_options: options, ...body } = c.req.valid('json')
      const id = pathId(c.req.param('feature'))
      const outcome = await commitFor(c, project.organisationId, {
        write: 'feature.update',
        input: { projectId: project.id, id, settings: camelKeys(body), options },
      })
      return outcome.kind === 'ok' ? c.json(featureView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

featureRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireProject('DELETE_FEATURE')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'feature.delete',
      input: { projectId: project.id, id: pathId(c.req.param('feature')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
