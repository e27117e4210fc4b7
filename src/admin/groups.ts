/**
 * `organisations/{organisation}/groups/`: contract admin-api §B.2. Who manages the groups of an
 * organisation sees all of them, a group admin sees the groups that are theirs, others see none.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { type Caller, userIdOf } from '../auth/caller.ts'
import { lacking } from '../auth/judged.ts'
import { requireOrganisation } from '../auth/require.ts'
import { may } from '../domain/permissions.ts'
import { bool, pathId, text, textOrNull } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findGroup, isGroupAdmin, listGroupsOfOrganisation, pageGroups } from '../storage/groups.ts'
import { groupNameSchema, groupNameView, groupSchema, showGroup, showGroups } from './group-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const settings = {
  is_default: bool().optional(),
  external_id: textOrNull(255).optional(),
}

const createBody = z.object({ name: text(200), ...settings })
const updateBody = z.object({ name: text(200).optional(), ...settings })

/** No user has this id: an organisation key is in no group. */
const nobody = 0

const memberIdOf = (caller: Caller) => userIdOf(caller) ?? nobody

const all = '/organisations/{organisation}/groups'
const one = `${all}/{group}`

const member = requireOrganisation('VIEW_ORGANISATION')
const manager = requireOrganisation('MANAGE_USER_GROUPS')

export const groupRoutes = createAdminRouter()

/** Pages of ten, also when nothing is visible. */
groupRoutes.openapi(
  createRoute({
    method: 'get',
    path: all,
    middleware: [member] as const,
    request: { query: pageQuery },
    responses: answers({ 200: pageOf(groupSchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const { caller, organisation, standing } = c.var
    const db = openDatabase(c.env.DB)
    const filter = may(standing, 'MANAGE_USER_GROUPS') ? {} : { adminId: memberIdOf(caller) }
    const found = await pageGroups(db, { organisationId: organisation.id, filter }, at.value)
    const results = await showGroups(db, found.rows)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** Pages of ten: the groups that the caller is in, by name only. */
groupRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${all}/my-groups`,
    middleware: [member] as const,
    request: { query: pageQuery },
    responses: answers({ 200: pageOf(groupNameSchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const own = {
      organisationId: c.var.organisation.id,
      filter: { memberId: memberIdOf(c.var.caller) },
    }
    const found = await pageGroups(openDatabase(c.env.DB), own, at.value)
    const results = found.rows.map(groupNameView)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** Bare list of all groups by name only, for every member: what a form offers to choose from. */
groupRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${all}/summaries`,
    middleware: [member] as const,
    responses: answers({ 200: z.array(groupNameSchema) }),
  }),
  async (c) => {
    const found = await listGroupsOfOrganisation(openDatabase(c.env.DB), c.var.organisation.id)
    return c.json(found.map(groupNameView), 200)
  },
)

/** An empty group: people come by `add-users/`, or by joining the organisation (`is_default`). */
groupRoutes.openapi(
  createRoute({
    method: 'post',
    path: all,
    middleware: [manager] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: groupSchema }),
  }),
  async (c) => {
    const { id: organisationId } = c.var.organisation
    const outcome = await commitFor(c, organisationId, {
      write: 'group.create',
      input: { organisationId, settings: camelKeys(c.req.valid('json')) },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    return c.json(await showGroup(openDatabase(c.env.DB), outcome.value), 201)
  },
)

groupRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [member] as const,
    responses: answers({ 200: groupSchema }),
  }),
  async (c) => {
    const { caller, organisation, standing } = c.var
    const db = openDatabase(c.env.DB)
    const group = await findGroup(db, organisation.id, pathId(c.req.param('group')))
    if (group === undefined) return refuse(c, notFound())
    const isVisible =
      may(standing, 'MANAGE_USER_GROUPS') || (await isGroupAdmin(db, group.id, memberIdOf(caller)))
    return isVisible
      ? c.json(await showGroup(db, group), 200)
      : refuse(c, lacking(c, 'MANAGE_USER_GROUPS', notFound()))
  },
)

/** Name, `is_default` and `external_id`; its people are changed by routes of their own. */
for (const method of ['put', 'patch'] as const) {
  groupRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [manager] as const,
      request: { body: jsonBody(updateBody) },
      responses: answers({ 200: groupSchema }),
    }),
    async (c) => {
      const { id: organisationId } = c.var.organisation
      const outcome = await commitFor(c, organisationId, {
        write: 'group.update',
        input: {
          organisationId,
          id: pathId(c.req.param('group')),
          settings: camelKeys(c.req.valid('json')),
        },
      })
      if (outcome.kind !== 'ok') return refuse(c, outcome)
      return c.json(await showGroup(openDatabase(c.env.DB), outcome.value), 200)
    },
  )
}

groupRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [manager] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { id: organisationId } = c.var.organisation
    const outcome = await commitFor(c, organisationId, {
      write: 'group.delete',
      input: { organisationId, id: pathId(c.req.param('group')) },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
