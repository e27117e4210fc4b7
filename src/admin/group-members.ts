/**
 * Who is in a group, and who administers it: contract admin-api §B.2. A group admin says who is in
 * their groups; who else becomes a group admin is for those to say who manage all groups.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { userIdOf } from '../auth/caller.ts'
import { lacking } from '../auth/judged.ts'
import { requireOrganisation } from '../auth/require.ts'
import { may } from '../domain/permissions.ts'
import { id, pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { forbidden } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { isGroupAdmin } from '../storage/groups.ts'
import { groupSchema, showGroup } from './group-view.ts'
import { commitFor, createAdminRouter } from './router.ts'

const peopleBody = z.object({ user_ids: z.array(id()).max(1000) })

/** A group may hold more than whoever manages groups: nobody takes that for themselves. */
const notYourself = 'Ask an administrator of the organisation to put you into this group.'

const one = '/organisations/{organisation}/groups/{group}'

export const groupMemberRoutes = createAdminRouter()

/** All must belong to the organisation (400); who is in already, or is not, is no mistake. */
for (const [path, write] of [
  ['add-users', 'group.add-users'],
  ['remove-users', 'group.remove-users'],
] as const) {
  groupMemberRoutes.openapi(
    createRoute({
      method: 'post',
      path: `${one}/${path}`,
      middleware: [requireOrganisation('VIEW_ORGANISATION')] as const,
      request: { body: jsonBody(peopleBody) },
      responses: answers({ 200: groupSchema }),
    }),
    async (c) => {
      const { caller, organisation, standing } = c.var
      const db = openDatabase(c.env.DB)
      const groupId = pathId(c.req.param('group'))
      const userIds = [...new Set(c.req.valid('json').user_ids)]
      const self = userIdOf(caller) ?? 0
      const isOwn = await isGroupAdmin(db, groupId, self)
      if (!isOwn && !may(standing, 'MANAGE_USER_GROUPS')) {
        return refuse(c, lacking(c, 'MANAGE_USER_GROUPS'))
      }
      const joins = path === 'add-users' && userIds.includes(self)
      if (joins && !isOwn && !may(standing, 'ADMINISTER_ORGANISATION')) {
        return refuse(c, lacking(c, 'ADMINISTER_ORGANISATION', forbidden(notYourself)))
      }
      const outcome = await commitFor(c, organisation.id, {
        write,
        input: {
          organisationId: organisation.id,
          id: groupId,
          userIds,
        },
      })
      return outcome.kind === 'ok'
        ? c.json(await showGroup(db, outcome.value), 200)
        : refuse(c, outcome)
    },
  )
}

/** Without a trailing slash in the original; both forms are heard. Only of somebody in the group. */
for (const [path, isAdmin] of [
  ['make-admin', true],
  ['remove-admin', false],
] as const) {
  groupMemberRoutes.openapi(
    createRoute({
      method: 'post',
      path: `${one}/users/{user}/${path}`,
      middleware: [requireOrganisation('MANAGE_USER_GROUPS')] as const,
      responses: answers({ 200: null }),
    }),
    async (c) => {
      const { id: organisationId } = c.var.organisation
      const outcome = await commitFor(c, organisationId, {
        write: 'group.set-admin',
        input: {
          organisationId,
          id: pathId(c.req.param('group')),
          userId: pathId(c.req.param('user')),
          isAdmin,
        },
      })
      return outcome.kind === 'ok' ? c.body(null, 200) : refuse(c, outcome)
    },
  )
}
