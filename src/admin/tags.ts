/** `projects/{project}/tags/`: contract admin-api §B.3. There are no system tags. */
import { createRoute, z } from '@hono/zod-openapi'
import { requireProject } from '../auth/require.ts'
import { blankText, bool, pathId, text } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findTag, findTagByUuid, pageTags, type Tag } from '../storage/tags.ts'
import { commitFor, createAdminRouter } from './router.ts'

const defaultColor = '#6837FC'

/** Clients set colours as styles: hex or a plain word cannot be more than a colour. */
export const color = blankText(10)
  .refine((value) => /^(#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]*)$/i.test(value), {
    error: 'Enter a colour: # with hexadecimal digits, or a plain word.',
  })
  // A client without a colour sends blank text (contract §F 3).
  .transform((value) => (value === '' ? defaultColor : value))

const createBody = z.object({
  label: text(100),
  color: color.optional(),
  description: blankText(512).nullish(),
  is_permanent: bool().optional(),
})

const tagSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    label: z.string(),
    color: z.string(),
    description: z.string().nullable(),
    project: z.int(),
    is_permanent: z.boolean(),
    is_system_tag: z.boolean(),
    type: z.enum(['NONE', 'STALE', 'GITHUB', 'UNHEALTHY', 'GITLAB']),
  })
  .openapi('Tag')

const tagView = (tag: Tag): z.infer<typeof tagSchema> => ({
  id: tag.id,
  uuid: tag.uuid,
  label: tag.label,
  color: tag.color,
  description: tag.description,
  project: tag.projectId,
  is_permanent: tag.isPermanent,
  is_system_tag: false,
  type: 'NONE',
})

const list = '/projects/{project}/tags'
const one = '/projects/{project}/tags/{tag}'

export const tagRoutes = createAdminRouter()

tagRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    request: { query: pageQuery },
    responses: answers({ 200: pageOf(tagSchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const found = await pageTags(openDatabase(c.env.DB), c.var.project.id, at.value)
    const results = found.rows.map(tagView)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

tagRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireProject('MANAGE_TAGS')] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: tagSchema }),
  }),
  async (c) => {
    const { project } = c.var
    const settings = {
      color: defaultColor,
      isPermanent: false,
      description: null,
      ...camelKeys(c.req.valid('json')),
    }
    const outcome = await commitFor(c, project.organisationId, {
      write: 'tag.create',
      input: { projectId: project.id, settings },
    })
    return outcome.kind === 'ok' ? c.json(tagView(outcome.value), 201) : refuse(c, outcome)
  },
)

tagRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${list}/get-by-uuid/{uuid}`,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: tagSchema }),
  }),
  async (c) => {
    const tag = await findTagByUuid(openDatabase(c.env.DB), c.req.param('uuid'))
    return tag?.projectId === c.var.project.id ? c.json(tagView(tag), 200) : refuse(c, notFound())
  },
)

/** Reading needs no more than the list does, unlike the original (contract §F 8). */
tagRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: tagSchema }),
  }),
  async (c) => {
    const tag = await findTag(openDatabase(c.env.DB), pathId(c.req.param('tag')))
    return tag?.projectId === c.var.project.id ? c.json(tagView(tag), 200) : refuse(c, notFound())
  },
)

for (const method of ['put', 'patch'] as const) {
  tagRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireProject('MANAGE_TAGS')] as const,
      request: { body: jsonBody(createBody.partial()) },
      responses: answers({ 200: tagSchema }),
    }),
    async (c) => {
      const { project } = c.var
      const outcome = await commitFor(c, project.organisationId, {
        write: 'tag.update',
        input: {
          projectId: project.id,
          id: pathId(c.req.param('tag')),
          settings: camelKeys(c.req.valid('json')),
        },
      })
      return outcome.kind === 'ok' ? c.json(tagView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

tagRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireProject('MANAGE_TAGS')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'tag.delete',
      input: { projectId: project.id, id: pathId(c.req.param('tag')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
