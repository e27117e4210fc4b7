/**
 * Which rows the `before` and `after` of an entry are, nested lists included: one rule for each family
 * of actions. What deletes a thing takes its own rows and those nested in its entry; everything else
 * of a cascade has an entry of its own.
 */

/** How members of an entry become a row. */
export type Shape = {
  /** None: the entry itself is no row, only what is nested in it. */
  table?: string
  /** Columns whose value has another name there. */
  fields?: Record<string, string>
  /** Columns whose value stands in what this is nested in: in another row, or in the entry. */
  around?: Record<string, string>
  /** Not rows but plain ids: the column that they are of. */
  bare?: string
  /** Tells some columns of a row that is there; the others stay. */
  isPartial?: true
  /** Rows that come or go have entries of their own: here they only change. */
  onlyEdits?: true
  /** A row whose other end is gone, of this table, went with that end's entry. */
  unlessGone?: { column: string; table: string }
  nested?: Record<string, Shape>
}

const ids = (table: string, bare: string, around: Record<string, string>): Shape => ({
  table,
  bare,
  around,
})

const grantsOf: Shape = { table: 'grants' }
const rotation: Shape = { table: 'key_rotations' }
const link: Shape = { table: 'feature_segments' }
const priorities: Shape = { table: 'feature_segments', isPartial: true }

const stateOf: Shape = {
  table: 'feature_states',
  nested: {
    multivariate_feature_state_values: { table: 'multivariate_values' },
    feature_segment: link,
  },
}

const featureLinks = {
  tags: ids('feature_tags', 'tag_id', { feature_id: 'id' }),
  owners: ids('feature_owners', 'user_id', { feature_id: 'id' }),
  group_owners: ids('feature_group_owners', 'group_id', { feature_id: 'id' }),
}
const options: Shape = { table: 'multivariate_options' }

/** Null: tells of no row that the log covers. */
const families: Record<string, Shape | null> = {
  audit: null,
  delivery: null,
  environment: { table: 'environments', nested: { grants: grantsOf, key_rotation: rotation } },
  'environment-key': { table: 'environment_keys' },
  feature: { table: 'features', nested: { ...featureLinks, multivariate_options: options } },
  'feature-segment': { ...link, nested: { feature_state: stateOf, priorities } },
  'feature-state': stateOf,
  group: {
    table: 'groups',
    nested: {
      members: { table: 'group_members', around: { group_id: 'id' } },
      grants: grantsOf,
      features: {
        ...ids('feature_group_owners', 'feature_id', { group_id: 'id' }),
        unlessGone: { column: 'feature_id', table: 'features' },
      },
      invites: ids('invite_groups', 'invite_id', { group_id: 'id' }),
    },
  },
  identity: null,
  invite: {
    table: 'invites',
    nested: { group_ids: ids('invite_groups', 'group_id', { invite_id: 'id' }) },
  },
  'invite-link': { table: 'invite_links' },
  membership: {
    table: 'memberships',
    nested: {
      groups: { table: 'group_members', around: { user_id: 'user_id' } },
      grants: grantsOf,
    },
  },
  'multivariate-option': options,
  organisation: { table: 'organisations', nested: { memberships: { table: 'memberships' } } },
  'organisation-key': { table: 'organisation_keys' },
  permission: grantsOf,
  project: { table: 'projects', nested: { grants: grantsOf } },
  segment: { table: 'segments' },
  session: null,
  tag: {
    table: 'tags',
    nested: {
      features: {
        ...ids('feature_tags', 'feature_id', { tag_id: 'id' }),
        unlessGone: { column: 'feature_id', table: 'features' },
      },
    },
  },
  trait: null,
  'trait-key': null,
  user: { table: 'users' },
  webhook: { table: 'webhooks' },
}

const rotated: Shape = {
  nested: {
    environment: { table: 'environments', isPartial: true },
    key_rotation: rotation,
  },
}

/** Actions that are not like the others of their family. */
const exceptions: Record<string, Shape | null> = {
  'audit.retention-updated': {
    table: 'organisations',
    around: { id: 'organisation' },
    isPartial: true,
  },
  'environment-key.rotated': rotated,
  'environment-key.rotation-aborted': rotated,
  'environment-key.rotation-completed': rotated,
  'feature.updated': {
    table: 'features',
    nested: { ...featureLinks, multivariate_options: { ...options, onlyEdits: true } },
  },
  'feature-segment.reordered': { nested: { priorities } },
  'identity.updated': {
    nested: {
      feature_states: {
        ...ids('feature_states', 'id', { identifier: 'identifier' }),
        isPartial: true,
      },
    },
  },
  // The session itself is keyed by a hash; of the person it tells when they came.
  'session.created': {
    table: 'users',
    fields: { id: 'user_id', last_login_at: 'created_at' },
    isPartial: true,
  },
}

const familyOf = (action: string) => action.slice(0, Math.max(0, action.lastIndexOf('.')))

/** Undefined for an action that no rule knows: whoever adds one adds its rule. */
export const shapeOf = (action: string): Shape | null | undefined =>
  Object.hasOwn(exceptions, action) ? exceptions[action] : families[familyOf(action)]
