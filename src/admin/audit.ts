/**
 * The audit log as the original lists it: of a project, of an organisation, of all organisations that
 * a person administers. Contract admin-api §C.1; the native view is audit-entries.ts.
 */

import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { requireOrganisation, requireProject, requireUser } from '../auth/require.ts'
import { entryView } from '../delivery/entry-view.ts'
import { blankText, bool, id, pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import type { Base } from '../http/router.ts'
import { answers } from '../http/routes.ts'
import { ledgerOf } from '../ledger/client.ts'
import { notFound, type Outcome, ok } from '../outcome.ts'
import { readReach } from '../storage/access.ts'
import { findEntryWithin, pageEntries, readAround, type Scope } from '../storage/audit-pages.ts'
import { openDatabase } from '../storage/database.ts'
import { entryDetailSchema, entryDetailView, entrySchema } from './audit-view.ts'
import { createAdminRouter } from './router.ts'

/** A key that may be there once or several times. */
const repeated = z
  .preprocess(
    (input) => (input === undefined || Array.isArray(input) ? input : [input]),
    z.array(id()).optional(),
  )
  .openapi({ type: 'array', items: { type: 'integer' } })

/** `is_system_event=false` means false: contract §F 1. */
const query = pageQuery.extend({
  project: id().optional(),
  environments: repeated,
  is_system_event: bool().optional(),
  search: blankText(256).optional(),
})

const pageSchema = pageOf(entrySchema)

async function listWithin<B extends Base>(
  c: Context<B>,
  scope: Scope,
  asked: z.infer<typeof query>,
): Promise<Outcome<z.infer<typeof pageSchema>>> {
  const at = pageAt(asked, 999)
  if (at.kind !== 'ok') return at
  const db = openDatabase(c.env.DB)
  const filter = {
    projectId: asked.project,
    environmentIds: asked.environments,
    isSystemEvent: asked.is_system_event,
    search: asked.search === '' ? undefined : asked.search,
  }
  const found = await pageEntries(db, { scope, filter }, at.value)
  const around = await readAround(db, found.rows)
  const results = found.rows.map((row) => entryView(row, around))
  return toPage(c, at.value, { count: found.count, results })
}

async function findWithin<B extends Base>(
  c: Context<B>,
  scope: Scope,
): Promise<Outcome<z.infer<typeof entryDetailSchema>>> {
  const db = openDatabase(c.env.DB)
  const entry = await findEntryWithin(db, scope, pathId(c.req.param('entry')))
  if (entry === undefined) return notFound()
  return ok(entryDetailView(entry, await readAround(db, [entry])))
}

/** Of the projects of the organisations that a person administers. */
async function scopeOfUser(env: Base['Bindings'], userId: number): Promise<Scope> {
  const { memberships } = await readReach(openDatabase(env.DB), userId)
  const administered = memberships.filter(({ role }) => role === 'ADMIN')
  return { ledgers: administered.map(({ organisationId }) => ledgerOf(organisationId)) }
}

export const auditRoutes = createAdminRouter()

/** For people only: keys are refused (contract §C.1). */
auditRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/audit',
    middleware: [requireUser] as const,
    request: { query },
    responses: answers({ 200: pageSchema }),
  }),
  async (c) => {
    const page = await listWithin(c, await scopeOfUser(c.env, c.var.user.id), c.req.valid('query'))
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

auditRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/audit/{entry}',
    middleware: [requireUser] as const,
    responses: answers({ 200: entryDetailSchema }),
  }),
  async (c) => {
    const entry = await findWithin(c, await scopeOfUser(c.env, c.var.user.id))
    return entry.kind === 'ok' ? c.json(entry.value, 200) : refuse(c, entry)
  },
)

/** Of all projects of the organisation, also of those that are gone. */
auditRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/organisations/{organisation}/audit',
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    request: { query },
    responses: answers({ 200: pageSchema }),
  }),
  async (c) => {
    const scope = { ledgers: [ledgerOf(c.var.organisation.id)] }
    const page = await listWithin(c, scope, c.req.valid('query'))
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

auditRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/organisations/{organisation}/audit/{entry}',
    middleware: [requireOrganisation('ADMINISTER_ORGANISATION')] as const,
    responses: answers({ 200: entryDetailSchema }),
  }),
  async (c) => {
    const entry = await findWithin(c, { ledgers: [ledgerOf(c.var.organisation.id)] })
    return entry.kind === 'ok' ? c.json(entry.value, 200) : refuse(c, entry)
  },
)

auditRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects/{project}/audit',
    middleware: [requireProject('VIEW_AUDIT_LOG')] as const,
    request: { query },
    responses: answers({ 200: pageSchema }),
  }),
  async (c) => {
    const { id: projectId, organisationId } = c.var.project
    const scope = { ledgers: [ledgerOf(organisationId)], projectId }
    const page = await listWithin(c, scope, c.req.valid('query'))
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

auditRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects/{project}/audit/{entry}',
    middleware: [requireProject('VIEW_AUDIT_LOG')] as const,
    responses: answers({ 200: entryDetailSchema }),
  }),
  async (c) => {
    const { id: projectId, organisationId } = c.var.project
    const entry = await findWithin(c, { ledgers: [ledgerOf(organisationId)], projectId })
    return entry.kind === 'ok' ? c.json(entry.value, 200) : refuse(c, entry)
  },
)
