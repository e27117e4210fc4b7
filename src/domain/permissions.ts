/** Who may do what: a pure decision on what a caller holds. Contract admin-api §B.0. */

/** `admin` holds every permission of the organisation, `member` only what is granted to them. */
export type Standing = 'admin' | 'member' | 'stranger'

export type Permission =
  | 'VIEW_ORGANISATION'
  | 'ADMINISTER_ORGANISATION'
  | 'CREATE_PROJECT'
  | 'VIEW_PROJECT'
  | 'ADMINISTER_PROJECT'
  | 'VIEW_AUDIT_LOG'
  | 'CREATE_ENVIRONMENT'
  | 'CREATE_FEATURE'
  | 'DELETE_FEATURE'
  | 'MANAGE_SEGMENTS'
  | 'VIEW_ENVIRONMENT'
  | 'ADMINISTER_ENVIRONMENT'
  | 'UPDATE_FEATURE_STATE'
  | 'MANAGE_SEGMENT_OVERRIDES'

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
