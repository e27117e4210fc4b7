/** `projects/{project}/features/`: contract admin-api §B.5. */
import { createRoute, z } from '@hono/zod-openapi'
import { projectWith } from '../auth/access.ts'
import { lacking } from '../auth/judged.ts'
import { requireCaller, requireProject } from '../auth/require.ts'
import { may, type Standing } from '../domain/permissions.ts'
import { blankText, bool, exactText, isExact, pathId, text } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { etagOf } from '../http/preconditions.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound, type Refusal } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findFeatureByUuid } from '../storage/features.ts'
import { readWholeFeature } from '../storage/whole-features.ts'
import { featureSchema, featureView, idList, optionsBody } from './feature-view.ts'
import { noMetadata } from './no-metadata.ts'
import { maxValueBytes } from './project-view.ts'
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
    tags: idList,
    metadata: noMetadata,
  })
  .partial()

/** What is no text is taken as its JSON (contract §B.5), but for numbers that JSON's reader changed. */
const initialValue = z.preprocess((input, context) => {
  if (input == null || typeof input === 'string') return input
  if (typeof input !== 'number' || isExact(input)) return JSON.stringify(input)
  context.addIssue('A number of more than 53 bits must be sent as a string.')
  return z.NEVER
}, exactText(maxValueBytes).nullable())

const createBody = settingsBody.extend({
  name: text(2000),
  initial_value: initialValue.optional(),
  default_enabled: bool().optional(),
  owners: idList.optional(),
  group_owners: idList.optional(),
})

/** Others may change options one by one only (contract §B.5). */
const administers = (standing: Standing): boolean => may(standing, 'ADMINISTER_PROJECT')

/** The only thing that the writes of features forbid is to touch options without being one of those. */
export const refusalOf = (c: Parameters<typeof lacking>[0], refusal: Refusal): Refusal =>
  refusal.kind === 'forbidden' ? lacking(c, 'ADMINISTER_PROJECT', refusal) : refusal

const list = '/projects/{project}/features'
const one = '/projects/{project}/features/{feature}'

export const featureRoutes = createAdminRouter()

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
    const { project, standing } = c.var
    const { multivariate_options: options = [], metadata: _, ...body } = c.req.valid('json')
    const outcome = await commitFor(c, project.organisationId, {
      write: 'feature.create',
      input: {
        projectId: project.id,
        areOptionsFixed: options.length > 0 && !administers(standing),
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
    return outcome.kind === 'ok'
      ? c.json(featureView(outcome.value), 201, etagOf(outcome.value.feature.version))
      : refuse(c, refusalOf(c, outcome))
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
    const etag = etagOf(feature.version)
    return c.json(featureView(await readWholeFeature(db, feature)), 200, etag)
  },
)

/** Name, default switch, initial value and owners are read-only here: sent ones are ignored (§B.5). */
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
      const { project, standing } = c.var
      const { multivariate_options: options, tags, metadata: _, ...body } = c.req.valid('json')
      const id = pathId(c.req.param('feature'))
      const areOptionsFixed = options !== undefined && !administers(standing)
      const settings = camelKeys(body)
      const outcome = await commitFor(c, project.organisationId, {
        write: 'feature.update',
        input: { projectId: project.id, id, settings, options, areOptionsFixed, tags },
      })
      return outcome.kind === 'ok'
        ? c.json(featureView(outcome.value), 200)
        : refuse(c, refusalOf(c, outcome))
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
