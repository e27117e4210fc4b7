/**
 * Who may do what: pure decisions on what a caller holds. Contract admin-api §B.0. Nothing here is
 * remembered: the next request is judged by what is granted then.
 */

type Role = 'ADMIN' | 'USER'

/** From the outside in: who administers one level administers those inside it. */
export type Level = 'organisation' | 'project' | 'environment'

/** What the API hands out by name; contract §B.0. */
export const organisationPermissions = ['CREATE_PROJECT', 'MANAGE_USER_GROUPS'] as const
export const projectPermissions = [
  'VIEW_PROJECT',
  'CREATE_ENVIRONMENT',
  'CREATE_FEATURE',
  'EDIT_FEATURE',
  'DELETE_FEATURE',
  'MANAGE_SEGMENTS',
  'MANAGE_TAGS',
  'VIEW_AUDIT_LOG',
  'MANAGE_PROJECT_LEVEL_CHANGE_REQUESTS',
  'APPROVE_PROJECT_LEVEL_CHANGE_REQUESTS',
  'CREATE_PROJECT_LEVEL_CHANGE_REQUESTS',
] as const
export const environmentPermissions = [
  'VIEW_ENVIRONMENT',
  'UPDATE_FEATURE_STATE',
  'MANAGE_IDENTITIES',
  'VIEW_IDENTITIES',
  'CREATE_CHANGE_REQUEST',
  'APPROVE_CHANGE_REQUEST',
  'MANAGE_SEGMENT_OVERRIDES',
] as const

export const permissionsAt = {
  organisation: organisationPermissions,
  project: projectPermissions,
  environment: environmentPermissions,
} as const

// Beside the names: what membership or administering the level gives, and no grant by name.
export type OrganisationPermission =
  | (typeof organisationPermissions)[number]
  | 'VIEW_ORGANISATION'
  | 'ADMINISTER_ORGANISATION'
export type ProjectPermission = (typeof projectPermissions)[number] | 'ADMINISTER_PROJECT'
export type EnvironmentPermission =
  | (typeof environmentPermissions)[number]
  | 'ADMINISTER_ENVIRONMENT'
export type Permission = OrganisationPermission | ProjectPermission | EnvironmentPermission

/** Without it a thing is invisible, whatever else is granted in it. */
export const viewing = {
  organisation: 'VIEW_ORGANISATION',
  project: 'VIEW_PROJECT',
  environment: 'VIEW_ENVIRONMENT',
} as const

export const administering = {
  organisation: 'ADMINISTER_ORGANISATION',
  project: 'ADMINISTER_PROJECT',
  environment: 'ADMINISTER_ENVIRONMENT',
} as const

/** One grant; a row of storage is one. */
export type Granted = {
  projectId: number | null
  environmentId: number | null
  admin: boolean
  permissions: readonly string[]
}

/**
 * What a caller is to a thing. `admin` administers the organisation; a member holds the grants that
 * stand at the thing and above it, and only those may be handed in.
 */
export type Standing = 'admin' | 'stranger' | { grants: readonly Granted[] }

const depth: Record<Level, number> = { organisation: 0, project: 1, environment: 2 }

function levelOf(permission: Permission): Level {
  const isIn = (level: Level) =>
    permission === viewing[level] ||
    permission === administering[level] ||
    (permissionsAt[level] as readonly string[]).includes(permission)
  if (isIn('organisation')) return 'organisation'
  return isIn('project') ? 'project' : 'environment'
}

function standsAt({ projectId, environmentId }: Granted): Level {
  if (environmentId !== null) return 'environment'
  return projectId === null ? 'organisation' : 'project'
}

/** Whether one grant gives a permission: at its place, and as an administrator's also below it. */
export function gives(grant: Granted, permission: Permission): boolean {
  const stands = standsAt(grant)
  const asked = levelOf(permission)
  // Only the role administers an organisation.
  if (grant.admin && stands !== 'organisation') return depth[asked] >= depth[stands]
  return asked === stands && grant.permissions.includes(permission)
}

export function may(standing: Standing, permission: Permission): boolean {
  if (standing === 'admin') return true
  if (standing === 'stranger') return false
  return (
    permission === 'VIEW_ORGANISATION' || standing.grants.some((grant) => gives(grant, permission))
  )
}

export type Verdict = 'granted' | 'forbidden' | 'invisible'

/** What a guard answers about a thing of this level. */
export function judge(standing: Standing, level: Level, permission: Permission): Verdict {
  if (!may(standing, viewing[level])) return 'invisible'
  return may(standing, permission) ? 'granted' : 'forbidden'
}

/** A role in an organisation, together with grants in it. No role, no standing: grants need a member. */
export function standingOfMember(role: Role | undefined, grants: readonly Granted[]): Standing {
  if (role === undefined) return 'stranger'
  return role === 'ADMIN' ? 'admin' : { grants }
}

/** Where a permission comes from: the role or a grant of one's own, and grants of groups. */
export type Source = { isDirect: boolean; groupIds: number[] }

/** Undefined for a permission that is not held. */
export function sourceOf(
  { role, grants }: { role: Role | undefined; grants: (Granted & { groupId: number | null })[] },
  permission: Permission,
): Source | undefined {
  if (role === undefined) return undefined
  const giving = grants.filter((grant) => gives(grant, permission))
  const groupIds = giving.flatMap(({ groupId }) => groupId ?? [])
  const isDirect = role === 'ADMIN' || groupIds.length < giving.length
  return isDirect || giving.length > 0 ? { isDirect, groupIds: [...new Set(groupIds)] } : undefined
}

/** The names that a caller holds at a level, as the API lists them. */
export const held = (standing: Standing, level: Level): string[] =>
  permissionsAt[level].filter((permission) => may(standing, permission))

/** What it takes to create a project in an organisation. */
export const projectCreation = (organisation: {
  restrictProjectCreateToAdmin: boolean
}): OrganisationPermission =>
  organisation.restrictProjectCreateToAdmin ? 'ADMINISTER_ORGANISATION' : 'CREATE_PROJECT'
