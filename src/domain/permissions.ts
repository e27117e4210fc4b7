/** Who may do what: a pure decision on what a caller holds. Contract admin-api §B.0. */

/** `admin` holds every permission of the organisation, `member` only what is granted to them. */
export type Standing = 'admin' | 'member' | 'stranger'

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

export type Permission =
  | (typeof organisationPermissions)[number]
  | (typeof projectPermissions)[number]
  | (typeof environmentPermissions)[number]
  // Ours: what membership or being an administrator of the level gives, and no grant by name.
  | 'VIEW_ORGANISATION'
  | 'ADMINISTER_ORGANISATION'
  | 'ADMINISTER_PROJECT'
  | 'ADMINISTER_ENVIRONMENT'

/** A plain member sees the organisation and holds nothing inside it without a grant. */
export function may(standing: Standing, permission: Permission): boolean {
  switch (standing) {
    case 'admin':
      return true
    case 'member':
      return permission === 'VIEW_ORGANISATION'
    case 'stranger':
      return false
  }
}
