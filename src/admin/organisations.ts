/** `organisations/`: contract admin-api §B.2. Billing does not exist here: nothing is limited. */

import { createRoute, z } from '@hono/zod-openapi'
import { accessToOrganisation, projectsWith } from '../auth/access.ts'
import { type Caller, userIdOf } from '../auth/caller.ts'
import { requireCaller, requireOrganisation, requireUser } from '../auth/require.ts'
import { projectView } from '../delivery/place-views.ts'
import { bool, text } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { reserveIds } from '../storage/ids.ts'
import {
  pageOrganisationsOfUser,
  type SeenOrganisation,
  seeOrganisation,
  seeOrganisationByUuid,
} from '../storage/organisations.ts'
import type { Page, Slice } from '../storage/pages.ts'
import { organisationSchema, organisationView } from './organisation-view.ts'
import { projectSchema } from './project-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const settings = {
  webhook_notification_email: z.preprocess(
    (input) => (input === '' ? null : input),
    text(254).pipe(z.email()).nullable(),
  ),
  restrict_project_create_to_admin: bool(),
  force_2fa: bool(),
}

const settingsBody = z.object({ name: text(2000), ...settings }).partial()

const createBody = z.object({ name: text(2000) }).and(z.object(settings).partial())

/** What a caller belongs to: a person by memberships, a key by its one organisation. */
async function visibleTo(
  db: Database,
  caller: Caller,
  page: Slice,
): Promise<Page<SeenOrganisation>> {
  if (caller.kind === 'user') return pageOrganisationsOfUser(db, caller.user.id, page)
  if (caller.kind === 'anonymous') return { count: 0, rows: [] }
  const own = await seeOrganisation(db, caller.key.organisationId, null)
  return { count: 1, rows: own === undefined || page.offset > 0 ? [] : [own] }
}

const one = '/organisations/{organisation}'

export const organisationRoutes = createAdminRouter()

/** Pages of ten, or of `page_size`, which the CLI sends (contract §F 18). */
organisationRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/organisations',
    middleware: [requireCaller] as const,
    request: { query: pageQuery },
    responses: answers({ 200: pageOf(organisationSchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const found = await visibleTo(openDatabase(c.env.DB), c.var.caller, at.value)
    const results = found.rows.map(organisationView)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** People only: a key belongs to the organisation it was made in (403). */
organisationRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/organisations',
    middleware: [requireUser] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: organisationSchema }),
  }),
  async (c) => {
    // Reserved before the write, because the id names the ledger that takes it.
    const { organisation: id } = await reserveIds(openDatabase(c.env.DB), { organisation: 1 })
    const outcome = await commitFor(c, id, {
      write: 'organisation.create',
      input: { id, creatorId: c.var.user.id, settings: camelKeys(c.req.valid('json')) },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    const seen: SeenOrganisation = { organisation: outcome.value, seats: 1, role: 'ADMIN' }
    return c.json(organisationView(seen), 201)
  },
)

/** A foreign uuid answers like an unknown one: 404. */
organisationRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/organisations/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: organisationSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const seen = await seeOrganisationByUuid(db, c.req.param('uuid'), userIdOf(c.var.caller))
    if (seen === undefined) return refuse(c, notFound())
    const access = await accessToOrganisation(c, seen.organisation.id, 'VIEW_ORGANISATION')
    return access.kind === 'ok' ? c.json(organisationView(seen), 200) : refuse(c, notFound())
  },
)

/** Administrators only; plain members and strangers alike get 403. */
organisationRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    responses: answers({ 200: organisationSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const seen = await seeOrganisation(db, c.var.organisation.id, userIdOf(c.var.caller))
    return seen === undefined ? refuse(c, notFound()) : c.json(organisationView(seen), 200)
  },
)

/**
 * What is left out stays. `force_2fa` cannot be switched on, because there is no second factor to ask
 * for (400). `webhook_notification_email` is told of endpoints that the system switches off.
 */
for (const method of ['put', 'patch'] as const) {
  organisationRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
      request: { body: jsonBody(settingsBody) },
      responses: answers({ 200: organisationSchema }),
    }),
    async (c) => {
      const { id } = c.var.organisation
      const outcome = await commitFor(c, id, {
        write: 'organisation.update',
        input: { id, settings: camelKeys(c.req.valid('json')) },
      })
      if (outcome.kind !== 'ok') return refuse(c, outcome)
      const seen = await seeOrganisation(openDatabase(c.env.DB), id, userIdOf(c.var.caller))
      return seen === undefined
        ? refuse(c, notFound())
        : c.json(organisationView({ ...seen, organisation: outcome.value }), 200)
    },
  )
}

/** Deletes everything in it and withdraws what it published. */
organisationRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { id } = c.var.organisation
    const outcome = await commitFor(c, id, { write: 'organisation.delete', input: { id } })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)

/** Bare list of the projects that the caller may see. */
organisationRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${one}/projects`,
    middleware: [requireOrganisation('VIEW_ORGANISATION')] as const,
    responses: answers({ 200: z.array(projectSchema) }),
  }),
  async (c) => {
    const found = await projectsWith(openDatabase(c.env.DB), c.var.caller, {
      permission: 'VIEW_PROJECT',
      organisationId: c.var.organisation.id,
    })
    return c.json(found.map(projectView), 200)
  },
)
