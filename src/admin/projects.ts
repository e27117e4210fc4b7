/** `projects/`: contract admin-api §B.3. */

import { createRoute, z } from '@hono/zod-openapi'
import { accessToOrganisation, projectsWith, projectWith } from '../auth/access.ts'
import { lacking } from '../auth/judged.ts'
import { requireCaller, requireProject } from '../auth/require.ts'
import { projectView } from '../delivery/place-views.ts'
import { may, projectCreation } from '../domain/permissions.ts'
import { id } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { findProjectByUuid, type Project } from '../storage/projects.ts'
import { countInProject } from '../storage/totals.ts'
import {
  createBody,
  projectDetailSchema,
  projectDetailView,
  projectSchema,
  settingsBody,
} from './project-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const one = '/projects/{project}'

/** With how much there is in it now. */
const detailOf = async (db: Database, project: Project) =>
  projectDetailView(project, await countInProject(db, project.id))

export const projectRoutes = createAdminRouter()

/** Bare list of the projects that the caller may see; `?organisation=` and `?uuid=` narrow it. */
projectRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects',
    middleware: [requireCaller] as const,
    request: { query: z.object({ organisation: id().optional(), uuid: z.string().optional() }) },
    responses: answers({ 200: z.array(projectSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const db = openDatabase(c.env.DB)
    const found = await projectsWith(db, c.var.caller, {
      permission: 'VIEW_PROJECT',
      organisationId: query.organisation,
    })
    return c.json(
      found.filter((project) => (query.uuid ?? project.uuid) === project.uuid).map(projectView),
      200,
    )
  },
)

/** Needs CREATE_PROJECT in the organisation that the body names, or to administer it: as it demands. */
projectRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/projects',
    middleware: [requireCaller] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: projectSchema }),
  }),
  async (c) => {
    const { organisation, ...body } = c.req.valid('json')
    const access = await accessToOrganisation(c, organisation, 'VIEW_ORGANISATION')
    if (access.kind !== 'ok') return refuse(c, access)
    const needed = projectCreation(access.value.organisation)
    if (!may(access.value.standing, needed)) return refuse(c, lacking(c, needed))
    const outcome = await commitFor(c, organisation, {
      write: 'project.create',
      input: { organisationId: organisation, settings: camelKeys(body) },
    })
    return outcome.kind === 'ok' ? c.json(projectView(outcome.value), 201) : refuse(c, outcome)
  },
)

projectRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: projectDetailSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const found = await findProjectByUuid(db, c.req.param('uuid'))
    const project = found && (await projectWith(c, found.id, 'VIEW_PROJECT'))
    return project === undefined ? refuse(c, notFound()) : c.json(await detailOf(db, project), 200)
  },
)

projectRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: projectDetailSchema }),
  }),
  async (c) => c.json(await detailOf(openDatabase(c.env.DB), c.var.project), 200),
)

/** PUT is as lenient as PATCH: what the body leaves out stays (contract §0.3). */
for (const method of ['put', 'patch'] as const) {
  projectRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireProject('ADMINISTER_PROJECT')] as const,
      request: { body: jsonBody(settingsBody) },
      responses: answers({ 200: projectSchema }),
    }),
    async (c) => {
      const { project } = c.var
      const outcome = await commitFor(c, project.organisationId, {
        write: 'project.update',
        input: { id: project.id, settings: camelKeys(c.req.valid('json')) },
      })
      return outcome.kind === 'ok' ? c.json(projectView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

projectRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireProject('ADMINISTER_PROJECT')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'project.delete',
      input: { id: project.id },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
