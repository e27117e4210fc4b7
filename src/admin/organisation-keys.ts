/**
 * `organisations/{id}/master-api-keys/`: contract admin-api §B.2. For administrators in person: a
 * key can neither see nor make keys. The whole key is answered once, when it is made.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { newOrganisationKey } from '../auth/credentials.ts'
import { requireOrganisation, requireUser } from '../auth/require.ts'
import { bool, dateTime, text, toTimestamp } from '../http/fields.ts'
import { pageAt, pageOf, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import {
  findOrganisationKey,
  type OrganisationKey,
  pageOrganisationKeys,
} from '../storage/organisation-keys.ts'
import { commitFor, createAdminRouter } from './router.ts'

const settings = {
  revoked: bool().optional(),
  expiry_date: dateTime().nullable().optional(),
  // Without roles a key that is no administrator could do nothing at all (contract: 400).
  is_admin: bool()
    .refine((isAdmin) => isAdmin, {
      error:
        'Only keys with is_admin=true are supported: limited keys need roles, which this server does not have.',
    })
    .optional(),
}

const createBody = z.object({ name: text(50), ...settings })

const updateBody = z.object({ name: text(50).optional(), ...settings })

const keySchema = z
  .object({
    id: z.string(),
    prefix: z.string(),
    created: z.string(),
    name: z.string(),
    revoked: z.boolean(),
    expiry_date: z.string().nullable(),
    key: z.string().nullable(),
    is_admin: z.boolean(),
    has_expired: z.boolean(),
    created_by: z.int().nullable(),
  })
  .openapi('MasterApiKey')

/**
 * The contract's `id` carries the whole hash; ours ends after 32 bits of it, which tell two keys
 * apart and nobody can check guesses against.
 */
const keyView = (key: OrganisationKey, plain: string | null): z.infer<typeof keySchema> => ({
  id: `${key.prefix}.${key.hash.slice(0, 8)}`,
  prefix: key.prefix,
  created: toTimestamp(key.createdAt),
  name: key.name,
  revoked: key.revoked,
  expiry_date: key.expiresAt === null ? null : toTimestamp(key.expiresAt),
  key: plain,
  is_admin: true,
  has_expired: key.expiresAt !== null && key.expiresAt <= Date.now(),
  created_by: key.createdBy,
})

type Body = z.infer<typeof updateBody>

/** The body's fields under the columns' names; what it leaves out stays out. */
const toSettings = ({ name, revoked, expiry_date: expiresAt }: Body) => ({
  ...(name !== undefined && { name }),
  ...(revoked !== undefined && { revoked }),
  ...(expiresAt !== undefined && { expiresAt }),
})

const all = '/organisations/{organisation}/master-api-keys'
const one = `${all}/{prefix}`

const guard = requireOrganisation('ADMINISTER_ORGANISATION')

export const organisationKeyRoutes = createAdminRouter()

/** Pages of ten. */
organisationKeyRoutes.openapi(
  createRoute({
    method: 'get',
    path: all,
    middleware: [guard, requireUser] as const,
    request: { query: z.object({ page: z.string().optional() }) },
    responses: answers({ 200: pageOf(keySchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const db = openDatabase(c.env.DB)
    const found = await pageOrganisationKeys(db, c.var.organisation.id, at.value)
    const results = found.rows.map((key) => keyView(key, null))
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** The only answer that ever shows the key. */
organisationKeyRoutes.openapi(
  createRoute({
    method: 'post',
    path: all,
    middleware: [guard, requireUser] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: keySchema }),
  }),
  async (c) => {
    const body = c.req.valid('json')
    const { key, prefix, hash } = await newOrganisationKey()
    const organisationId = c.var.organisation.id
    const outcome = await commitFor(c, organisationId, {
      write: 'organisation-key.create',
      input: {
        organisationId,
        prefix,
        hash,
        createdBy: c.var.user.id,
        settings: { ...toSettings(body), name: body.name },
      },
    })
    return outcome.kind === 'ok' ? c.json(keyView(outcome.value, key), 201) : refuse(c, outcome)
  },
)

organisationKeyRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [guard, requireUser] as const,
    responses: answers({ 200: keySchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const key = await findOrganisationKey(db, c.var.organisation.id, c.req.param('prefix'))
    return key === undefined ? refuse(c, notFound()) : c.json(keyView(key, null), 200)
  },
)

/** Name, expiry, and revoking, which is final. */
for (const method of ['put', 'patch'] as const) {
  organisationKeyRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [guard, requireUser] as const,
      request: { body: jsonBody(updateBody) },
      responses: answers({ 200: keySchema }),
    }),
    async (c) => {
      const organisationId = c.var.organisation.id
      const outcome = await commitFor(c, organisationId, {
        write: 'organisation-key.update',
        input: {
          organisationId,
          prefix: c.req.param('prefix'),
          settings: toSettings(c.req.valid('json')),
        },
      })
      return outcome.kind === 'ok' ? c.json(keyView(outcome.value, null), 200) : refuse(c, outcome)
    },
  )
}

organisationKeyRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [guard, requireUser] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const organisationId = c.var.organisation.id
    const outcome = await commitFor(c, organisationId, {
      write: 'organisation-key.delete',
      input: { organisationId, prefix: c.req.param('prefix') },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
