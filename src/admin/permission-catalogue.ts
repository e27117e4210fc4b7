/**
 * `{organisations,projects,environments}/permissions/`: the names that can be granted, for everybody
 * with a credential. Contract admin-api §B.0. Mounted before the routes that read an id there.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireCaller } from '../auth/require.ts'
import { type Level, permissionsAt } from '../domain/permissions.ts'
import { answers } from '../http/routes.ts'
import { collectionOf, levels } from './levels.ts'
import { createAdminRouter } from './router.ts'

type Name = (typeof permissionsAt)[Level][number]

const descriptions: Record<Name, string> = {
  CREATE_PROJECT: 'Create projects in the organisation.',
  MANAGE_USER_GROUPS: 'Create, change and delete groups and say who is in them.',
  VIEW_PROJECT: 'See the project.',
  CREATE_ENVIRONMENT: 'Create environments in the project.',
  CREATE_FEATURE: 'Create features in the project and change them.',
  EDIT_FEATURE: 'Dismiss health events of features.',
  DELETE_FEATURE: 'Delete features of the project.',
  MANAGE_SEGMENTS: 'Create, change and delete segments of the project.',
  MANAGE_TAGS: 'Create, change and delete tags of the project.',
  VIEW_AUDIT_LOG: 'See the audit log of the project.',
  MANAGE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Change and publish change requests of the project.',
  APPROVE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Approve change requests of the project.',
  CREATE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Create change requests in the project.',
  VIEW_ENVIRONMENT: 'See the environment.',
  UPDATE_FEATURE_STATE: 'Switch features and change their values in the environment.',
  MANAGE_IDENTITIES: 'Create, change and delete identities of the environment.',
  VIEW_IDENTITIES: 'See identities of the environment.',
  CREATE_CHANGE_REQUEST: 'Create change requests in the environment.',
  APPROVE_CHANGE_REQUEST: 'Approve change requests of the environment.',
  MANAGE_SEGMENT_OVERRIDES: 'Create, change and delete segment overrides in the environment.',
}

/** Those that the original can restrict to tags. */
const tagAware = new Set<Name>([
  'DELETE_FEATURE',
  'UPDATE_FEATURE_STATE',
  'CREATE_CHANGE_REQUEST',
  'APPROVE_CHANGE_REQUEST',
  'MANAGE_SEGMENT_OVERRIDES',
])

const permissionSchema = z
  .object({ key: z.string(), description: z.string(), supports_tag: z.boolean() })
  .openapi('Permission')

export const permissionCatalogueRoutes = createAdminRouter()

for (const level of levels) {
  const names: readonly Name[] = permissionsAt[level]
  const catalogue = names.map((key) => ({
    key,
    description: descriptions[key],
    supports_tag: tagAware.has(key),
  }))
  permissionCatalogueRoutes.openapi(
    createRoute({
      method: 'get',
      path: `${collectionOf[level]}/permissions`,
      middleware: [requireCaller] as const,
      responses: answers({ 200: z.array(permissionSchema) }),
    }),
    (c) => c.json(catalogue, 200),
  )
}
