/**
 * What somebody may do at a place, all sources together: `my-permissions/`,
 * `user-detailed-permissions/{user}/`, `all-user-permissions/{user}/`. Contract admin-api §B.0.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { userIdOf } from '../auth/caller.ts'
import { lacking } from '../auth/judged.ts'
import { requirePlace } from '../auth/require.ts'
import {
  administering,
  held,
  type Level,
  may,
  type Permission,
  permissionsAt,
  type Source,
  sourceOf,
  standingOfMember,
} from '../domain/permissions.ts'
import { pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { invalidBody, notFound } from '../outcome.ts'
import { readAccess } from '../storage/access.ts'
import { openDatabase } from '../storage/database.ts'
import { listGroups } from '../storage/groups.ts'
import { levels, pathOf } from './levels.ts'
import { createAdminRouter } from './router.ts'

export const effectivePermissionRoutes = createAdminRouter()

const ownSchema = z
  .object({
    permissions: z.array(z.string()),
    admin: z.boolean(),
    tag_based_permissions: z.array(
      z.object({ permissions: z.array(z.string()), tags: z.array(z.int()) }),
    ),
  })
  .openapi('MyPermissions')

const named = z.array(z.object({ id: z.int(), name: z.string() }))
const source = {
  is_directly_granted: z.boolean(),
  derived_from: z.object({ groups: named, roles: named }),
}

const detailedSchema = z
  .object({
    admin: z.boolean(),
    ...source,
    permissions: z.array(z.object({ permission_key: z.string(), ...source })),
  })
  .openapi('UserDetailedPermissions')

/** There are no roles, so what derives from them is empty. */
const sourceView = (from: Source | undefined, names: Map<number, string>) => ({
  is_directly_granted: from?.isDirect ?? false,
  derived_from: {
    groups: (from?.groupIds ?? []).map((id) => ({ id, name: names.get(id) ?? '' })),
    roles: [],
  },
})

function mountOwn(level: Level): void {
  effectivePermissionRoutes.openapi(
    createRoute({
      method: 'get',
      path: `${pathOf[level]}/my-permissions`,
      middleware: [requirePlace(level, 'see')] as const,
      responses: answers({ 200: ownSchema }),
    }),
    (c) => {
      const { standing, caller } = c.var
      // As the original, at this level only.
      if (level === 'project' && caller.kind !== 'user') {
        return refuse(c, invalidBody('This endpoint is for users, not for organisation API keys.'))
      }
      const own = {
        permissions: held(standing, level),
        admin: may(standing, administering[level]),
        tag_based_permissions: [],
      }
      return c.json(own, 200)
    },
  )
}

/** One's own, or anybody's to who administers the level; whoever is no member is unknown. */
function mountDetailed(level: Level): void {
  effectivePermissionRoutes.openapi(
    createRoute({
      method: 'get',
      path: `${pathOf[level]}/user-detailed-permissions/{user}`,
      middleware: [requirePlace(level, 'see')] as const,
      responses: answers({ 200: detailedSchema }),
    }),
    async (c) => {
      const { place, standing, caller } = c.var
      const userId = pathId(c.req.param('user'))
      const isOwn = userIdOf(caller) === userId
      if (!isOwn && !may(standing, administering[level])) {
        return refuse(c, lacking(c, administering[level]))
      }
      const db = openDatabase(c.env.DB)
      const access = await readAccess(db, place, userId)
      if (access.role === undefined) return refuse(c, notFound())
      const groupIds = access.grants.flatMap(({ groupId }) => groupId ?? [])
      const groups = await listGroups(db, place.organisationId, groupIds)
      const names = new Map(groups.map(({ id, name }) => [id, name]))
      const asAdmin = sourceOf(access, administering[level])
      const keys: readonly Permission[] = permissionsAt[level]
      const permissions = keys.flatMap((key) => {
        const from = sourceOf(access, key)
        return from === undefined ? [] : [{ permission_key: key, ...sourceView(from, names) }]
      })
      const admin = asAdmin !== undefined
      return c.json({ admin, ...sourceView(asAdmin, names), permissions }, 200)
    },
  )
}

for (const level of levels) {
  mountOwn(level)
  mountDetailed(level)
}

effectivePermissionRoutes.openapi(
  createRoute({
    method: 'get',
    path: `${pathOf.project}/all-user-permissions/{user}`,
    middleware: [requirePlace('project', 'administer')] as const,
    responses: answers({ 200: ownSchema.pick({ admin: true, permissions: true }) }),
  }),
  async (c) => {
    const userId = pathId(c.req.param('user'))
    const access = await readAccess(openDatabase(c.env.DB), c.var.place, userId)
    const standing = standingOfMember(access.role, access.grants)
    if (standing === 'stranger') return refuse(c, notFound())
    const admin = may(standing, 'ADMINISTER_PROJECT')
    return c.json({ admin, permissions: held(standing, 'project') }, 200)
  },
)
