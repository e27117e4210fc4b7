/** `projects/{project}/features/{feature}/mv-options/`: contract admin-api §B.5. */
import { createRoute, z } from '@hono/zod-openapi'
import { projectWith } from '../auth/access.ts'
import { requireCaller, requireProject } from '../auth/require.ts'
import { pathId } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { etagOf } from '../http/preconditions.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import {
  findFeature,
  findOption,
  findOptionByUuid,
  listOptions,
  type MultivariateOption,
} from '../storage/features.ts'
import { etagFor } from './etag.ts'
import { ofOneType, optionFields, optionSchema, optionView } from './feature-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const ownOptionSchema = optionSchema
  .extend({ feature: z.int() })
  .openapi('MultivariateOptionOfFeature')

const ownOptionView = (option: MultivariateOption): z.infer<typeof ownOptionSchema> => ({
  ...optionView(option),
  feature: option.featureId,
})

/** The feature is the path's. All may be left out: the original fails there (contract §F 2). */
const optionBody = z.object(optionFields).transform(ofOneType)

const list = '/projects/{project}/features/{feature}/mv-options'
const one = `${list}/{option}`

type Params = { param: (name: 'feature') => string }

const placeOf = (c: { var: { project: { id: number } }; req: Params }) => ({
  projectId: c.var.project.id,
  featureId: pathId(c.req.param('feature')),
})

async function listOwn(db: Database, { projectId, featureId }: ReturnType<typeof placeOf>) {
  const feature = await findFeature(db, featureId)
  return feature?.projectId === projectId ? await listOptions(db, featureId) : undefined
}

export const optionRoutes = createAdminRouter()

/** Ten a page; a feature has no more options than one query may read. */
optionRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    request: { query: pageQuery },
    responses: answers({ 200: pageOf(ownOptionSchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const options = await listOwn(openDatabase(c.env.DB), placeOf(c))
    if (options === undefined) return refuse(c, notFound())
    const { offset, limit } = at.value
    const results = options.slice(offset, offset + limit).map(ownOptionView)
    const page = toPage(c, at.value, { count: options.length, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** The first one makes the feature multivariate; every environment gives it a share. */
optionRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireProject('CREATE_FEATURE')] as const,
    request: { body: jsonBody(optionBody) },
    responses: answers({ 201: ownOptionSchema }),
  }),
  async (c) => {
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'multivariate-option.create',
      input: { ...placeOf(c), option: camelKeys(c.req.valid('json')) },
    })
    return outcome.kind === 'ok' ? c.json(ownOptionView(outcome.value), 201) : refuse(c, outcome)
  },
)

optionRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/multivariate/options/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: ownOptionSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const etag = await etagFor(c, 'option', c.req.param('uuid'))
    const option = await findOptionByUuid(db, c.req.param('uuid'))
    const feature = option && (await findFeature(db, option.featureId))
    const project = feature && (await projectWith(c, feature.projectId, 'VIEW_PROJECT'))
    return option === undefined || project === undefined
      ? refuse(c, notFound())
      : c.json(ownOptionView(option), 200, etag)
  },
)

/** Reading takes no more than the permission to read, unlike the original (contract §F 8). */
optionRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: ownOptionSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const { projectId, featureId } = placeOf(c)
    const feature = await findFeature(db, featureId)
    const option = await findOption(db, pathId(c.req.param('option')))
    return option?.featureId === featureId && feature?.projectId === projectId
      ? c.json(ownOptionView(option), 200, etagOf(feature.version))
      : refuse(c, notFound())
  },
)

/** PUT is as lenient as PATCH. A new default share is one for environments to come. */
for (const method of ['put', 'patch'] as const) {
  optionRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireProject('CREATE_FEATURE')] as const,
      request: { body: jsonBody(optionBody) },
      responses: answers({ 200: ownOptionSchema }),
    }),
    async (c) => {
      const id = pathId(c.req.param('option'))
      const outcome = await commitFor(c, c.var.project.organisationId, {
        write: 'multivariate-option.update',
        input: { ...placeOf(c), id, option: camelKeys(c.req.valid('json')) },
      })
      return outcome.kind === 'ok' ? c.json(ownOptionView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

/** The last one takes the feature's kind with it: it is standard again. */
optionRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireProject('CREATE_FEATURE')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'multivariate-option.delete',
      input: { ...placeOf(c), id: pathId(c.req.param('option')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
