/** `environments/{key}/identities/{id}/traits/`: contract admin-api §B.8. */
import { createRoute, z } from '@hono/zod-openapi'
import { requireEnvironment } from '../auth/require.ts'
import { bool, pathId } from '../http/fields.ts'
import { pageAt, pageOf, pageQuery, toPage } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { findTrait, findTraitByKey, pageTraits, readTypedTrait } from '../storage/traits.ts'
import { identityOf } from './identities-with.ts'
import { commitFor, createAdminRouter } from './router.ts'
import { askedValue, traitBody, traitSchema, traitView } from './traits-view.ts'

const list = '/environments/{environment}/identities/{identity}/traits'
const one = '/environments/{environment}/identities/{identity}/traits/{trait}'

export const identityTraitRoutes = createAdminRouter()

/** In the order they were first set, ten a page. */
identityTraitRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireEnvironment('VIEW_IDENTITIES')] as const,
    request: { query: pageQuery },
    responses: answers({ 200: pageOf(traitSchema) }),
  }),
  async (c) => {
    const at = pageAt(c.req.valid('query'), 10)
    if (at.kind !== 'ok') return refuse(c, at)
    const housed = await identityOf(c)
    if (housed === undefined) return refuse(c, notFound())
    const found = await pageTraits(housed.home.db, housed.identity.id, at.value)
    const results = found.rows.map(traitView)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

identityTraitRoutes.openapi(
  createRoute({
    method: 'post',
    path: list,
    middleware: [requireEnvironment('MANAGE_IDENTITIES')] as const,
    request: { body: jsonBody(traitBody) },
    responses: answers({ 201: traitSchema }),
  }),
  async (c) => {
    const housed = await identityOf(c)
    if (housed === undefined) return refuse(c, notFound())
    const { trait_key: key, ...sent } = c.req.valid('json')
    const asked = askedValue(sent)
    if (asked.kind !== 'ok') return refuse(c, asked)
    const identityId = housed.identity.id
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'trait.create',
      input: {
        environmentId: c.var.environment.id,
        identityId,
        key,
        value: asked.value ?? '""',
      },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    // In a database of its own an SDK may have made it a moment earlier, under another id.
    const present = await findTraitByKey(housed.home.db, { identityId, key })
    return c.json(traitView(present ?? outcome.value), 201)
  },
)

identityTraitRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireEnvironment('VIEW_IDENTITIES')] as const,
    responses: answers({ 200: traitSchema }),
  }),
  async (c) => {
    const housed = await identityOf(c)
    const at = { identityId: housed?.identity.id ?? 0, id: pathId(c.req.param('trait')) }
    const trait = housed && (await findTrait(housed.home.db, at))
    return trait === undefined ? refuse(c, notFound()) : c.json(traitView(trait), 200)
  },
)

for (const method of ['put', 'patch'] as const) {
  identityTraitRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireEnvironment('MANAGE_IDENTITIES')] as const,
      request: { body: jsonBody(traitBody.partial()) },
      responses: answers({ 200: traitSchema }),
    }),
    async (c) => {
      const housed = await identityOf(c)
      const at = { identityId: housed?.identity.id ?? 0, id: pathId(c.req.param('trait')) }
      const trait = housed && (await findTrait(housed.home.db, at))
      if (trait === undefined) return refuse(c, notFound())
      const { trait_key: key, ...sent } = c.req.valid('json')
      const asked = askedValue(sent, readTypedTrait(trait.value))
      if (asked.kind !== 'ok') return refuse(c, asked)
      const changes = {
        ...(key === undefined ? {} : { key }),
        ...(asked.value === undefined ? {} : { value: asked.value }),
      }
      const outcome = await commitFor(c, c.var.project.organisationId, {
        write: 'trait.update',
        input: { environmentId: c.var.environment.id, ...at, changes },
      })
      return outcome.kind === 'ok' ? c.json(traitView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

/** With `?deleteAllMatchingTraits=true` every identity of the environment loses a trait of this key. */
identityTraitRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireEnvironment('MANAGE_IDENTITIES')] as const,
    request: { query: z.object({ deleteAllMatchingTraits: bool().optional() }) },
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const housed = await identityOf(c)
    const at = { identityId: housed?.identity.id ?? 0, id: pathId(c.req.param('trait')) }
    const trait = housed && (await findTrait(housed.home.db, at))
    if (trait === undefined) return refuse(c, notFound())
    const { organisationId } = c.var.project
    const environmentId = c.var.environment.id
    const outcome = c.req.valid('query').deleteAllMatchingTraits
      ? await commitFor(c, organisationId, {
          write: 'trait-key.delete',
          input: { environmentId, key: trait.key },
        })
      : await commitFor(c, organisationId, {
          write: 'trait.delete',
          input: { environmentId, ...at },
        })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
