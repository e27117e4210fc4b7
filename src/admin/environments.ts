/** `environments/`, named in paths by their client-side key: contract admin-api §B.4. */
import { createRoute, z } from '@hono/zod-openapi'
import { projectWith, requireCaller, requireEnvironment, requireProject } from '../auth/require.ts'
import { blankText, bool, id, pathId, text } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { forbidden, notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import {
  findEnvironmentByUuid,
  listEnvironmentsOfProject,
  pageEnvironments,
} from '../storage/environments.ts'
import {
  environmentDetailSchema,
  environmentDetailView,
  environmentSchema,
  environmentView,
} from './environment-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

/** A client that cannot send null sends blank text. */
const optionalText = (max: number) =>
  blankText(max)
    .nullable()
    .transform((value) => (value === '' ? null : value))

/** The key stands in paths and in a header, unescaped by some clients: others could never be used. */
const clientKey = text(100)
  .refine((key) => /^(?!\.{1,2}$)[\w.~:@!$&'()*+,;=-]+$/.test(key), {
    error: "Use letters, digits and -_.~:@!$&'()*+,;= only: the key stands in paths and headers.",
  })
  .refine((key) => !key.startsWith('ser.'), {
    error: 'A client-side key may not begin with "ser.": that marks server-side keys.',
  })

const settings = {
  description: blankText(20000).nullable(),
  api_key: clientKey,
  allow_client_traits: bool(),
  banner_text: optionalText(255),
  banner_colour: optionalText(7),
  hide_disabled_flags: bool().nullable(),
  hide_sensitive_data: bool(),
  use_identity_composite_key_for_hashing: bool(),
  use_identity_overrides_in_local_eval: bool(),
}

const settingsBody = z.object({ name: text(2000), ...settings }).partial()
const createBody = z
  .object(settings)
  .partial()
  .extend({ name: text(2000), project: id().nullish() })

const one = '/environments/{environment}'

export const environmentRoutes = createAdminRouter()

/** Page of ten; without a project that the caller sees: 400 with a bare list, as the original. */
environmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/environments',
    middleware: [requireCaller] as const,
    request: { query: pageQuery.extend({ project: z.string().optional() }) },
    responses: answers({ 200: pageOf(environmentSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const project = await projectWith(c, pathId(query.project), 'VIEW_ENVIRONMENT')
    if (project === undefined) {
      return c.json(['Invalid or missing value for project parameter.'], 400)
    }
    const at = pageAt(query, 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const found = await pageEnvironments(openDatabase(c.env.DB), project.id, at.value)
    const results = found.rows.map(environmentView)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** A missing, unknown or foreign project answers 403, as the original. */
environmentRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/environments',
    middleware: [requireCaller] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: environmentDetailSchema }),
  }),
  async (c) => {
    const { project: projectId, ...body } = c.req.valid('json')
    const project = await projectWith(c, projectId ?? 0, 'CREATE_ENVIRONMENT')
    if (project === undefined) return refuse(c, forbidden())
    const outcome = await commitFor(c, project.organisationId, {
      write: 'environment.create',
      input: { projectId: project.id, settings: camelKeys(body) },
    })
    return outcome.kind === 'ok'
      ? c.json(environmentDetailView(outcome.value), 201)
      : refuse(c, outcome)
  },
)

environmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/environments/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: environmentDetailSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const environment = await findEnvironmentByUuid(db, c.req.param('uuid'))
    const project = environment && (await projectWith(c, environment.projectId, 'VIEW_ENVIRONMENT'))
    return environment === undefined || project === undefined
      ? refuse(c, notFound())
      : c.json(environmentDetailView(environment), 200)
  },
)

environmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    responses: answers({ 200: environmentDetailSchema }),
  }),
  (c) => c.json(environmentDetailView(c.var.environment), 200),
)

/** PUT is as lenient as PATCH: what the body leaves out stays; `project` never changes. */
for (const method of ['put', 'patch'] as const) {
  environmentRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireEnvironment('ADMINISTER_ENVIRONMENT')] as const,
      request: { body: jsonBody(settingsBody) },
      responses: answers({ 200: environmentDetailSchema }),
    }),
    async (c) => {
      const outcome = await commitFor(c, c.var.project.organisationId, {
        write: 'environment.update',
        input: { id: c.var.environment.id, settings: camelKeys(c.req.valid('json')) },
      })
      return outcome.kind === 'ok'
        ? c.json(environmentDetailView(outcome.value), 200)
        : refuse(c, outcome)
    },
  )
}

environmentRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireEnvironment('ADMINISTER_ENVIRONMENT')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'environment.delete',
      input: { id: c.var.environment.id },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)

/** Bare list of light objects. */
environmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects/{project}/environments',
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: z.array(environmentSchema) }),
  }),
  async (c) => {
    const found = await listEnvironmentsOfProject(openDatabase(c.env.DB), c.var.project.id)
    return c.json(found.map(environmentView), 200)
  },
)
