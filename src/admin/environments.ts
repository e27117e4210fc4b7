/** `environments/`, named in paths by their client-side key: contract admin-api §B.4. */

import { createRoute, z } from '@hono/zod-openapi'
import { accessToEnvironment, environmentsWith, projectWith } from '../auth/access.ts'
import { requireCaller, requireEnvironment, requireProject } from '../auth/require.ts'
import { environmentView } from '../delivery/place-views.ts'
import { pathId } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { forbidden } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import {
  type Environment,
  findEnvironmentByUuid,
  listEnvironmentsOfProject,
  pageEnvironments,
} from '../storage/environments.ts'
import { countSegmentOverrides } from '../storage/totals.ts'
import { createBody, settingsBody } from './environment-body.ts'
import {
  environmentDetailSchema,
  environmentDetailView,
  environmentSchema,
} from './environment-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const one = '/environments/{environment}'

/** With how many segment overrides there are in it now. */
const detailOf = async (db: Database, environment: Environment) =>
  environmentDetailView(environment, await countSegmentOverrides(db, environment.id))

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
    const seen = await environmentsWith(c, pathId(query.project), 'VIEW_ENVIRONMENT')
    if (seen === undefined) {
      return c.json(['Invalid or missing value for project parameter.'], 400)
    }
    const at = pageAt(query, 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const of = { projectId: seen.project.id, only: seen.environments }
    const found = await pageEnvironments(openDatabase(c.env.DB), of, at.value)
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
      ? c.json(environmentDetailView(outcome.value, 0), 201)
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
    const access = await accessToEnvironment(c, environment, 'VIEW_ENVIRONMENT')
    return access.kind === 'ok'
      ? c.json(await detailOf(db, access.value.environment), 200)
      : refuse(c, access)
  },
)

environmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    responses: answers({ 200: environmentDetailSchema }),
  }),
  async (c) => c.json(await detailOf(openDatabase(c.env.DB), c.var.environment), 200),
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
        ? c.json(await detailOf(openDatabase(c.env.DB), outcome.value), 200)
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

/** Bare list of light objects: the environments that the caller may see. */
environmentRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects/{project}/environments',
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: z.array(environmentSchema) }),
  }),
  async (c) => {
    const { id: projectId } = c.var.project
    const [seen, found] = await Promise.all([
      environmentsWith(c, projectId, 'VIEW_ENVIRONMENT'),
      listEnvironmentsOfProject(openDatabase(c.env.DB), projectId),
    ])
    const only = seen?.environments ?? []
    const visible = found.filter((row) => only === 'all' || only.includes(row.id))
    return c.json(visible.map(environmentView), 200)
  },
)
