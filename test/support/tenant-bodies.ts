/**
 * A body that each route of the admin router accepts from whoever may use it, so that a broken one
 * never hides a guard that is missing. It names things of the tenant whose path is asked for.
 */
import { owner } from './admin.ts'
import { equals, rulesOf } from './segments.ts'
import type { Tenant } from './tenant.ts'

type Body = (tenant: Tenant) => unknown

const fresh = (start: string) => `${start}${crypto.randomUUID()}`
const named: Body = () => ({ name: fresh('made') })
const rules = rulesOf(equals('plan', 'silver'))
const later = '2040-01-01T00:00:00Z'
const allOf = ({ main }: Tenant) =>
  main.feature.multivariate_options.map(({ id }, index) => ({ id, weight: index * 5 }))

const ofWebhooks: Record<string, Body> = {
  'POST /webhooks': () => ({ url: 'http://127.0.0.1:9/planted', enabled: false }),
  'PUT /webhooks/:id': () => ({ url: 'http://127.0.0.1:9/taken', enabled: false }),
  'POST /webhooks/:id/rotate-secret': () => ({ secret: fresh('taken') }),
  'POST /webhooks/:id/deliveries/replay': () => ({ state: 'dead' }),
}

const ofOrganisation: Record<string, Body> = {
  ...ofWebhooks,
  PUT: () => ({ name: fresh('taken'), webhook_notification_email: 'taken@example.com' }),
  'POST /master-api-keys': named,
  'PUT /master-api-keys/:prefix': () => ({ name: fresh('taken'), expiry_date: later }),
  'POST /users/:user/update-role': () => ({ role: 'ADMIN' }),
  'POST /remove-users': ({ gone }) => [{ id: gone.id }],
  'POST /groups': named,
  'PUT /groups/:group': () => ({ name: fresh('taken'), is_default: true }),
  'POST /groups/:group/add-users': ({ newcomer }) => ({ user_ids: [newcomer.id] }),
  'POST /groups/:group/remove-users': ({ newcomer }) => ({ user_ids: [newcomer.id] }),
  'POST /invites': () => ({ email: `${fresh('i')}@example.com`, role: 'ADMIN' }),
  'POST /invite': () => ({ invites: [{ email: `${fresh('i')}@example.com`, role: 'USER' }] }),
  'POST /invite-links': () => ({ role: 'ADMIN' }),
  'POST /audit/erasures': ({ world }) => ({ user: world.superuser.id }),
  'PUT /audit/retention': () => ({ days: 365 }),
  'POST /import': ({ file }) => ({ ...file, project: { ...file.project, name: fresh('copy') } }),
}

const ofProject: Record<string, Body> = {
  PUT: () => ({ name: fresh('taken'), hide_disabled_flags: true }),
  'POST /features': ({ main, colleague, group }) => ({
    name: fresh('f'),
    tags: [main.tag.id],
    owners: [colleague.id],
    group_owners: [group.id],
  }),
  'PUT /features/:feature': () => ({ description: fresh('taken') }),
  'POST /features/:feature/add-owners': ({ colleague }) => ({ user_ids: [colleague.id] }),
  'POST /features/:feature/remove-owners': ({ colleague }) => ({ user_ids: [colleague.id] }),
  'POST /features/:feature/add-group-owners': ({ group }) => ({ group_ids: [group.id] }),
  'POST /features/:feature/remove-group-owners': ({ group }) => ({ group_ids: [group.id] }),
  'POST /features/:feature/mv-options': () => ({
    string_value: 'planted',
    default_percentage_allocation: 1,
  }),
  'PUT /features/:feature/mv-options/:option': () => ({ string_value: fresh('taken') }),
  'POST /tags': () => ({ label: fresh('t') }),
  'PUT /tags/:tag': () => ({ label: fresh('t') }),
  'POST /segments': () => ({ name: fresh('s'), rules }),
  'PUT /segments/:segment': () => ({ name: fresh('taken'), rules }),
  'POST /segments/:segment/clone': named,
}

const ofEnvironment: Record<string, Body> = {
  PUT: () => ({ name: fresh('taken') }),
  'POST /api-keys': named,
  'PUT /api-keys/:id': () => ({ name: fresh('taken') }),
  'POST /clone': named,
  'POST /rotate-key': () => ({ leeway_hours: 1 }),
  ...ofWebhooks,
  'POST /featurestates': ({ inside }) => ({
    feature: inside.spare.id,
    identity: inside.other.id,
    enabled: true,
  }),
  'PUT /featurestates/:state': () => ({ enabled: true, feature_state_value: fresh('taken') }),
  'POST /features/:feature/create-segment-override': ({ inside }) => ({
    enabled: true,
    feature_state_value: { type: 'int', integer_value: 7 },
    feature_segment: { segment: inside.spareSegment.id },
  }),
  'POST /identities': () => ({ identifier: fresh('planted') }),
  'PUT /identities/:identity': () => ({ identifier: fresh('taken') }),
  'POST /identities/:identity/traits': () => ({ trait_key: fresh('t'), string_value: 'x' }),
  'PUT /identities/:identity/traits/:trait': () => ({ string_value: fresh('taken') }),
  'POST /delete-traits': ({ name }) => ({ key: `${name.toLowerCase()}_rank` }),
  'POST /identities/:identity/featurestates': ({ inside }) => ({
    feature: inside.plain.id,
    enabled: true,
    feature_state_value: 'planted',
  }),
  'PUT /identities/:identity/featurestates/:state': () => ({ feature_state_value: fresh('taken') }),
  'POST /identities/:identity/featurestates/clone-from-given-identity': ({ inside }) => ({
    source_identity_id: inside.other.id,
  }),
}

const value = { type: 'string', value: 'planted' }

const others: Record<string, Body> = {
  'POST /api/v1/auth/users': () => ({ ...owner, email: `${fresh('n')}@example.com` }),
  // With the right password it would open a session and note when.
  'POST /api/v1/auth/login': () => ({ email: owner.email, password: 'guessed' }),
  'POST /api/v1/audit/:entry/revert': () => ({ dry_run: false, force: true }),
  'PUT /api/v1/auth/users/me': () => ({ first_name: fresh('taken') }),
  'POST /api/v1/organisations': named,
  'POST /api/v1/projects': ({ world }) => ({
    name: fresh('made'),
    organisation: world.organisation.id,
  }),
  // Nobody listens there.
  'POST /api/v1/webhooks/test': ({ main }) => ({
    webhook_url: 'http://127.0.0.1:9/',
    scope: { type: 'environment', id: main.environment.api_key },
  }),
  'POST /api/v1/environments': ({ main }) => ({ name: fresh('made'), project: main.project.id }),
  'PUT /api/v1/features/featurestates/:state': ({ main }) => ({
    feature: main.feature.id,
    environment: main.environment.id,
    enabled: true,
    feature_state_value: { type: 'unicode', string_value: fresh('taken') },
  }),
  'POST /api/v1/features/featurestates': ({ main, inside }) => ({
    feature: inside.spare.id,
    environment: main.environment.id,
    identity: inside.identity.id,
    enabled: true,
  }),
  'POST /api/v1/features/feature-segments': ({ main, inside }) => ({
    feature: inside.plain.id,
    segment: inside.spareSegment.id,
    environment: main.environment.id,
  }),
  'PUT /api/v1/features/feature-segments/:link': ({ main }) => ({
    feature: main.feature.id,
    segment: main.segment.id,
    environment: main.environment.id,
  }),
  'POST /api/v1/features/feature-segments/update-priorities': ({ inside }) => [
    { id: inside.ofSegment.feature_segment.id, priority: 3 },
  ],
  'PUT /api/__future__/environments/:environment/features/:feature': (tenant) => ({
    environment_default: { enabled: true, value, variants: allOf(tenant) },
  }),
  'POST /api/experiments/environments/:environment/update-flag-v1': ({ inside }) => ({
    feature: { id: inside.plain.id },
    enabled: true,
    value,
  }),
  'POST /api/experiments/environments/:environment/update-flag-v2': ({ inside }) => ({
    feature: { id: inside.plain.id },
    environment_default: { enabled: true, value },
    segment_overrides: [],
  }),
  'POST /api/experiments/environments/:environment/delete-segment-override': ({
    main,
    inside,
  }) => ({ feature: { id: inside.plain.id }, segment: { id: main.segment.id } }),
}

/** Grants are to people and groups that hold none yet; the names are those of the level. */
function grantBody(path: string): Body | undefined {
  const [, level, kind] = /\/(\w+)\/:\w+\/(user|user-group)-permissions(\/|$)/.exec(path) ?? []
  if (level === undefined) return undefined
  const permissions = {
    organisations: ['MANAGE_USER_GROUPS'],
    projects: ['VIEW_PROJECT', 'CREATE_FEATURE'],
    environments: ['VIEW_ENVIRONMENT', 'MANAGE_IDENTITIES'],
  }[level]
  return ({ newcomer, spareGroup }) => ({
    permissions,
    ...(path.endsWith('/:grant')
      ? {}
      : kind === 'user'
        ? { user: newcomer.id }
        : { group: spareGroup.id }),
  })
}

const below = (base: string, bodies: Record<string, Body>) =>
  Object.entries(bodies).map(([route, body]): [string, Body] => {
    const [method = '', path = ''] = route.split(' ')
    return [`${method} /api/v1/${base}${path}`, body]
  })

const bodies = new Map([
  ...below('organisations/:organisation', ofOrganisation),
  ...below('projects/:project', ofProject),
  ...below('environments/:environment', ofEnvironment),
  ...Object.entries(others),
])

/** Undefined for a route that takes none. PATCH is sent what PUT is. */
export function bodyFor(route: string, tenant: Tenant): unknown {
  const [method = '', path = ''] = route.replace(/^PATCH /, 'PUT ').split(' ')
  if (method === 'GET' || method === 'DELETE') return undefined
  return (grantBody(path) ?? bodies.get(`${method} ${path}`))?.(tenant)
}

const queries: Record<string, (tenant: Tenant) => Record<string, number>> = {
  '/api/v1/organisations/:organisation/audit/proof/inclusion': () => ({ sequence: 1 }),
  '/api/v1/organisations/:organisation/audit/proof/consistency': () => ({ from: 1 }),
  '/api/v1/instance/audit/proof/inclusion': () => ({ sequence: 1 }),
  '/api/v1/instance/audit/proof/consistency': () => ({ from: 1 }),
  '/api/v1/projects': ({ world }) => ({ organisation: world.organisation.id }),
  '/api/v1/environments': ({ main }) => ({ project: main.project.id }),
  '/api/v1/features/featurestates': ({ main }) => ({ environment: main.environment.id }),
  '/api/v1/features/feature-segments': ({ main }) => ({
    environment: main.environment.id,
    feature: main.feature.id,
  }),
}

/** Lists that are told by their query whose things to show. */
export function queryFor(route: string, tenant: Tenant): string {
  const [method, path = ''] = route.split(' ')
  const query = method === 'GET' ? queries[path]?.(tenant) : undefined
  return query === undefined
    ? ''
    : `?${Object.entries(query)
        .map(([name, asked]) => `${name}=${asked}`)
        .join('&')}`
}
