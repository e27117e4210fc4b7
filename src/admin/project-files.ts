/**
 * A project as one JSON file: `projects/{project}/export/` and `organisations/{organisation}/import/`.
 * Both are ours; the contract exports single environments (§B.15).
 */

import { createRoute, z } from '@hono/zod-openapi'
import { requireOrganisation, requireProject } from '../auth/require.ts'
import { projectView } from '../delivery/place-views.ts'
import { toProjectFile } from '../domain/project-file.ts'
import { refuseFileRules } from '../domain/project-file-check.ts'
import { bodyOfAtMost } from '../http/boundary.ts'
import { bool, text } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { readProjectRows } from '../storage/project-rows.ts'
import { fileSchema, fileView, toFile } from './project-file-view.ts'
import { projectSchema } from './project-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const maxFileBytes = 20_000_000

/** A project's file is larger than any other body: its route sets a limit of its own. */
export const takesFiles = (c: { req: { path: string } }): boolean =>
  /\/organisations\/[^/]+\/import\/?$/.test(c.req.path)

export const projectFileRoutes = createAdminRouter()

projectFileRoutes.use('/organisations/:organisation/import', bodyOfAtMost(maxFileBytes))

/**
 * The project with its tags, features, segments, environments and overrides; no key, secret, id or
 * account. Importing the file and exporting the copy gives the same bytes.
 */
projectFileRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects/{project}/export',
    middleware: [requireProject('ADMINISTER_PROJECT')] as const,
    responses: answers({ 200: fileSchema }),
  }),
  async (c) => {
    const rows = await readProjectRows(openDatabase(c.env.DB), c.var.project.id)
    if (rows === undefined) return refuse(c, notFound())
    c.header('Content-Disposition', `attachment; filename="project-${c.var.project.id}.json"`)
    return c.json(fileView(toProjectFile(rows)), 200)
  },
)

const created = projectSchema
const checked = z.object({ dry_run: z.literal(true) }).openapi('ImportCheck')

/**
 * A file as a new project: whole or not at all, beside what is there. `?name=` calls it something
 * else; `?dry_run=true` answers 200, or what is wrong, and changes nothing. A body may have 20 MB.
 */
projectFileRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/organisations/{organisation}/import',
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    request: {
      query: z.object({ name: text(2000).optional(), dry_run: bool().optional() }),
      body: jsonBody(fileSchema),
    },
    responses: answers({ 200: checked, 201: created }),
  }),
  async (c) => {
    const { name, dry_run: dryRun = false } = c.req.valid('query')
    const file = toFile(c.req.valid('json'))
    const refusal = refuseFileRules(file)
    if (refusal !== undefined) return refuse(c, refusal)
    const outcome = await commitFor(c, c.var.organisation.id, {
      write: 'project.import',
      input: {
        organisationId: c.var.organisation.id,
        file: { ...file, project: { ...file.project, ...(name === undefined ? {} : { name }) } },
        dryRun,
      },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    return outcome.value === null
      ? c.json({ dry_run: true as const }, 200)
      : c.json(projectView(outcome.value), 201)
  },
)
