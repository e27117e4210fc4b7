/**
 * `…/user-permissions/` and `…/user-group-permissions/` at every level: contract admin-api §B.0. It
 * takes an administrator of the level, so nobody can give themselves more than they have.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requirePlace } from '../auth/require.ts'
import type { Level } from '../domain/permissions.ts'
import { pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { type HolderKind, listGrants } from '../storage/grants.ts'
import {
  grantBody,
  grantSchema,
  grantView,
  heldGrantSchema,
  heldGrantView,
  readGrantBody,
} from './grant-view.ts'
import { levels, pathOf } from './levels.ts'
import { commitFor, createAdminRouter } from './router.ts'

export const grantRoutes = createAdminRouter()

function mountGrants(level: Level, kind: HolderKind): void {
  const list = `${pathOf[level]}/${kind === 'user' ? 'user' : 'user-group'}-permissions`
  const one = `${list}/{grant}`
  const guard = requirePlace(level, 'administer')

  /** Bare list of what is granted at this very place; what comes from above is not in it. */
  grantRoutes.openapi(
    createRoute({
      method: 'get',
      path: list,
      middleware: [guard] as const,
      responses: answers({ 200: z.array(heldGrantSchema(level, kind)) }),
    }),
    async (c) => {
      const found = await listGrants(openDatabase(c.env.DB), { place: c.var.place, kind })
      return c.json(found.map(heldGrantView), 200)
    },
  )

  grantRoutes.openapi(
    createRoute({
      method: 'post',
      path: list,
      middleware: [guard] as const,
      request: { body: jsonBody(grantBody(level, kind, true)) },
      responses: answers({ 201: grantSchema(level, kind) }),
    }),
    async (c) => {
      const { place } = c.var
      const { holderId = 0, settings } = readGrantBody(c.req.valid('json'), kind)
      const outcome = await commitFor(c, place.organisationId, {
        write: 'grant.create',
        input: {
          at: { place, kind },
          holderId,
          settings: { admin: false, permissions: [], ...settings },
        },
      })
      return outcome.kind === 'ok' ? c.json(grantView(outcome.value), 201) : refuse(c, outcome)
    },
  )

  // The original has no single read at the organisation.
  if (level !== 'organisation') {
    grantRoutes.openapi(
      createRoute({
        method: 'get',
        path: one,
        middleware: [guard] as const,
        responses: answers({ 200: heldGrantSchema(level, kind) }),
      }),
      async (c) => {
        const id = pathId(c.req.param('grant'))
        const at = { place: c.var.place, kind }
        const [found] = await listGrants(openDatabase(c.env.DB), at, id)
        return found === undefined ? refuse(c, notFound()) : c.json(heldGrantView(found), 200)
      },
    )
  }

  /** What the body leaves out stays; the holder never changes. */
  for (const method of ['put', 'patch'] as const) {
    grantRoutes.openapi(
      createRoute({
        method,
        path: one,
        middleware: [guard] as const,
        request: { body: jsonBody(grantBody(level, kind, false)) },
        responses: answers({ 200: grantSchema(level, kind) }),
      }),
      async (c) => {
        const { place } = c.var
        const outcome = await commitFor(c, place.organisationId, {
          write: 'grant.update',
          input: {
            at: { place, kind },
            id: pathId(c.req.param('grant')),
            ...readGrantBody(c.req.valid('json'), kind),
          },
        })
        return outcome.kind === 'ok' ? c.json(grantView(outcome.value), 200) : refuse(c, outcome)
      },
    )
  }

  grantRoutes.openapi(
    createRoute({
      method: 'delete',
      path: one,
      middleware: [guard] as const,
      responses: answers({ 204: null }),
    }),
    async (c) => {
      const { place } = c.var
      const outcome = await commitFor(c, place.organisationId, {
        write: 'grant.delete',
        input: { at: { place, kind }, id: pathId(c.req.param('grant')) },
      })
      return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
    },
  )
}

for (const level of levels) {
  for (const kind of ['user', 'group'] as const) mountGrants(level, kind)
}
