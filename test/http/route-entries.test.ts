/**
 * The sweep over HTTP: every admin route that writes, done once, makes the entries of its row. The routes
 * are the router's own, so one that is new fails until it says what it leaves in the log.
 */
import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { addMember, addUser, owner } from '../support/admin.ts'
import { addDelivery } from '../support/deliveries.ts'
import { inviteBy, linkOf, post } from '../support/people.ts'
import { send } from '../support/send.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor } from '../support/tenant-bodies.ts'
import { adminRoutes, fill, type Ids, idsOf } from '../support/tenant-paths.ts'
import { inTurn, isOwn } from '../support/tenant-turns.ts'

/** Kinds of entries, then the routes that make them; paths are below `/api/v1` unless they say otherwise. */
const rows = `
  session.created user.created | POST /auth/users
  session.created | POST /auth/login
  session.deleted | POST /auth/logout
  session.deleted | DELETE /auth/token
  user.updated | PUT PATCH /auth/users/me
  organisation.created | POST /organisations
  organisation.updated | PUT PATCH /organisations/:organisation
  organisation-key.created | POST /organisations/:organisation/master-api-keys
  organisation-key.updated | PUT PATCH /organisations/:organisation/master-api-keys/:prefix
  organisation-key.deleted | DELETE /organisations/:organisation/master-api-keys/:prefix
  membership.updated | POST /organisations/:organisation/users/:user/update-role
  membership.deleted | POST /organisations/:organisation/remove-users
  membership.created | POST /users/join/link/:hash
  invite.accepted membership.created | POST /users/join/:hash
  audit.erased | POST /organisations/:organisation/audit/erasures
  audit.retention-updated | PUT /organisations/:organisation/audit/retention
  group.created | POST /organisations/:organisation/groups
  group.updated | PUT PATCH /organisations/:organisation/groups/:group
  group.deleted | DELETE /organisations/:organisation/groups/:group
  group.updated | POST /organisations/:organisation/groups/:group/add-users
  group.updated | POST /organisations/:organisation/groups/:group/remove-users
  group.updated | POST /organisations/:organisation/groups/:group/users/:user/make-admin
  group.updated | POST /organisations/:organisation/groups/:group/users/:user/remove-admin
  invite.created | POST /organisations/:organisation/invites
  invite.created | POST /organisations/:organisation/invite
  invite.renewed | POST /organisations/:organisation/invites/:invite/resend
  invite.deleted | DELETE /organisations/:organisation/invites/:invite
  invite-link.created | POST /organisations/:organisation/invite-links
  invite-link.deleted | DELETE /organisations/:organisation/invite-links/:link
  permission.granted | POST /organisations/:organisation/user-permissions
  permission.updated | PUT PATCH /organisations/:organisation/user-permissions/:grant
  permission.removed | DELETE /organisations/:organisation/user-permissions/:grant
  permission.granted | POST /organisations/:organisation/user-group-permissions
  permission.updated | PUT PATCH /organisations/:organisation/user-group-permissions/:grant
  permission.removed | DELETE /organisations/:organisation/user-group-permissions/:grant
  permission.granted | POST /projects/:project/user-permissions
  permission.updated | PUT PATCH /projects/:project/user-permissions/:grant
  permission.removed | DELETE /projects/:project/user-permissions/:grant
  permission.granted | POST /projects/:project/user-group-permissions
  permission.updated | PUT PATCH /projects/:project/user-group-permissions/:grant
  permission.removed | DELETE /projects/:project/user-group-permissions/:grant
  permission.granted | POST /environments/:environment/user-permissions
  permission.updated | PUT PATCH /environments/:environment/user-permissions/:grant
  permission.removed | DELETE /environments/:environment/user-permissions/:grant
  permission.granted | POST /environments/:environment/user-group-permissions
  permission.updated | PUT PATCH /environments/:environment/user-group-permissions/:grant
  permission.removed | DELETE /environments/:environment/user-group-permissions/:grant
  project.created | POST /projects
  project.updated | PUT PATCH /projects/:project
  environment.created feature-state.created feature.created identity.created project.imported segment.created tag.created | POST /organisations/:organisation/import
  feature.updated | POST /audit/:entry/revert
  tag.created | POST /projects/:project/tags
  tag.updated | PUT PATCH /projects/:project/tags/:tag
  tag.deleted | DELETE /projects/:project/tags/:tag
  segment.created | POST /projects/:project/segments
  segment.created | POST /projects/:project/segments/:segment/clone
  segment.updated | PUT PATCH /projects/:project/segments/:segment
  feature-segment.deleted segment.deleted | DELETE /projects/:project/segments/:segment
  feature-state.created feature.created | POST /projects/:project/features
  feature.updated | PUT PATCH /projects/:project/features/:feature
  feature-segment.deleted feature-state.deleted feature.deleted segment.deleted | DELETE /projects/:project/features/:feature
  feature.updated | POST /projects/:project/features/:feature/add-owners
  feature.updated | POST /projects/:project/features/:feature/remove-owners
  feature.updated | POST /projects/:project/features/:feature/add-group-owners
  feature.updated | POST /projects/:project/features/:feature/remove-group-owners
  feature-state.updated multivariate-option.created | POST /projects/:project/features/:feature/mv-options
  feature.updated | PUT PATCH /projects/:project/features/:feature/mv-options/:option
  feature-state.updated multivariate-option.deleted | DELETE /projects/:project/features/:feature/mv-options/:option
  environment.created feature-state.created | POST /environments
  environment.created feature-state.created | POST /environments/:environment/clone
  environment.updated | PUT PATCH /environments/:environment
  environment-key.created | POST /environments/:environment/api-keys
  environment-key.updated | PUT PATCH /environments/:environment/api-keys/:id
  environment-key.deleted | DELETE /environments/:environment/api-keys/:id
  environment-key.rotated | POST /environments/:environment/rotate-key
  environment-key.rotation-aborted | POST /environments/:environment/rotate-key/abort
  environment-key.rotation-completed | POST /environments/:environment/rotate-key/complete
  webhook.created | POST /environments/:environment/webhooks
  webhook.updated | PUT PATCH /environments/:environment/webhooks/:id
  webhook.secret-rotated | POST /environments/:environment/webhooks/:id/rotate-secret
  webhook.secret-promoted | POST /environments/:environment/webhooks/:id/promote-secret
  webhook.secret-rotation-aborted | POST /environments/:environment/webhooks/:id/abort-rotation
  delivery.resent | POST /environments/:environment/webhooks/:id/deliveries/:delivery/resend
  delivery.skipped | POST /environments/:environment/webhooks/:id/deliveries/:delivery/skip
  delivery.replayed | POST /environments/:environment/webhooks/:id/deliveries/replay
  webhook.deleted | DELETE /environments/:environment/webhooks/:id
  webhook.created | POST /organisations/:organisation/webhooks
  webhook.updated | PUT PATCH /organisations/:organisation/webhooks/:id
  webhook.secret-rotated | POST /organisations/:organisation/webhooks/:id/rotate-secret
  webhook.secret-promoted | POST /organisations/:organisation/webhooks/:id/promote-secret
  webhook.secret-rotation-aborted | POST /organisations/:organisation/webhooks/:id/abort-rotation
  delivery.resent | POST /organisations/:organisation/webhooks/:id/deliveries/:delivery/resend
  delivery.skipped | POST /organisations/:organisation/webhooks/:id/deliveries/:delivery/skip
  delivery.replayed | POST /organisations/:organisation/webhooks/:id/deliveries/replay
  webhook.deleted | DELETE /organisations/:organisation/webhooks/:id
  none | POST /webhooks/test
  feature-state.created | POST /environments/:environment/featurestates
  feature-state.updated | PUT PATCH /environments/:environment/featurestates/:state
  feature-state.deleted | DELETE /environments/:environment/featurestates/:state
  feature-state.created | POST /features/featurestates
  feature-state.updated | PUT PATCH /features/featurestates/:state
  feature-state.created | POST /environments/:environment/features/:feature/create-segment-override
  feature-segment.created | POST /features/feature-segments
  none | PUT PATCH /features/feature-segments/:link
  feature-segment.reordered | POST /features/feature-segments/update-priorities
  feature-segment.deleted | DELETE /features/feature-segments/:link
  feature-state.updated | PUT PATCH /api/__future__/environments/:environment/features/:feature
  feature-segment.deleted | DELETE /api/__future__/environments/:environment/features/:feature/segment-overrides/:segment
  feature-state.updated | POST /api/experiments/environments/:environment/update-flag-v1
  feature-state.updated | POST /api/experiments/environments/:environment/update-flag-v2
  feature-segment.deleted | POST /api/experiments/environments/:environment/delete-segment-override
  identity.created | POST /environments/:environment/identities
  identity.updated | PUT PATCH /environments/:environment/identities/:identity
  feature-state.deleted identity.deleted | DELETE /environments/:environment/identities/:identity
  trait.created | POST /environments/:environment/identities/:identity/traits
  trait.updated | PUT PATCH /environments/:environment/identities/:identity/traits/:trait
  trait.deleted | DELETE /environments/:environment/identities/:identity/traits/:trait
  trait-key.deleted | POST /environments/:environment/delete-traits
  feature-state.created | POST /environments/:environment/identities/:identity/featurestates
  feature-state.deleted feature-state.updated | POST /environments/:environment/identities/:identity/featurestates/clone-from-given-identity
  feature-state.updated | PUT PATCH /environments/:environment/identities/:identity/featurestates/:state
  feature-state.deleted | DELETE /environments/:environment/identities/:identity/featurestates/:state
  environment-key.deleted environment.deleted feature-segment.deleted feature-state.deleted permission.removed webhook.deleted | DELETE /environments/:environment
  environment.deleted feature-state.deleted feature.deleted permission.removed project.deleted segment.deleted tag.deleted | DELETE /projects/:project
  environment.deleted feature-segment.deleted feature-state.deleted feature.deleted group.deleted invite-link.deleted invite.deleted membership.deleted organisation-key.deleted organisation.deleted permission.removed project.deleted segment.deleted tag.deleted webhook.deleted | DELETE /organisations/:organisation
`

const table = new Map(
  rows
    .split('\n')
    .filter((line) => line.includes(' | '))
    .flatMap((line): [string, string][] => {
      const [actions = '', routes = ''] = line.trim().split(' | ')
      const methods = routes.split(' ')
      const path = methods.pop() ?? ''
      const whole = path.startsWith('/api/') ? path : `/api/v1${path}`
      return methods.map((method) => [`${method} ${whole}`, actions])
    }),
)

/** A route that takes any method is one that is not available: the matrix knows what it answers. */
const writing = adminRoutes.filter((route) => !/^(GET|ALL) /.test(route))

it('every route that writes has its row, and every row its route', () => {
  expect([...table.keys()].sort()).toEqual([...writing].sort())
})

let tenant: Tenant
let ids: Ids

beforeAll(async () => {
  tenant = await createTenant('Heron')
  ids = idsOf(tenant)
}, 60_000)

type Call = { body?: unknown; auth?: string; ids?: Ids }

async function newPerson(): Promise<Call & { email: string }> {
  const person = await addUser(`${crypto.randomUUID()}@example.com`)
  await addMember(tenant.world.organisation.id, person.id, 'ADMIN')
  return { auth: person.auth, email: person.email }
}

const strangers = () => addUser(`${crypto.randomUUID()}@example.com`)

async function registration() {
  const { hash } = await linkOf(tenant.world)
  const email = `${crypto.randomUUID()}@example.com`
  return { ...owner, email, sign_up_type: 'INVITE_LINK', invite_hash: hash }
}

/** An endpoint that is switched on, and gave up on something. */
async function withDeadDelivery(one: string, body?: unknown): Promise<Call> {
  const { main, hooks, inside, world } = tenant
  const webhook = one.includes('organisation') ? hooks.webhook : inside.webhook
  const path = fill(one, () => ids).replace('/api/v1/', '')
  await world.api('PATCH', `${path}/`, { enabled: true })
  const home = { organisationId: world.organisation.id, environmentId: main.environment.id }
  const delivery = await addDelivery({ ...home, webhookId: webhook.id })
  const place = one.replace('/api/v1/', '')
  return { body, ids: { [`${place}/deliveries/:delivery`]: delivery } }
}

const value = { type: 'string', value: 'again' }
const lessGranted = (): Call => ({ body: { permissions: [] } })

/** Where the usual body changes nothing any more, or is refused. */
const special: Record<string, () => Call | Promise<Call>> = {
  'POST /api/v1/auth/users': async () => ({ body: await registration() }),
  'POST /api/v1/auth/login': async () => {
    const { email, password, ...rest } = await registration()
    await post('auth/users/', { body: { email, password, ...rest } })
    return { body: { email, password } }
  },
  'POST /api/v1/users/join/link/:hash': async () => {
    const { hash } = await linkOf(tenant.world)
    return { auth: (await strangers()).auth, ids: { 'users/join/link/:hash': hash } }
  },
  'POST /api/v1/users/join/:hash': async () => {
    const { auth, email } = await strangers()
    const { hash } = await inviteBy(tenant.world, { email })
    return { auth, ids: { 'users/join/:hash': hash } }
  },
  'POST /api/v1/projects/:project/features/:feature/add-group-owners': () => ({
    body: { group_ids: [tenant.spareGroup.id] },
  }),
  // The edit that is taken back was about the same owners.
  'POST /api/v1/projects/:project/features/:feature/remove-group-owners': async () => {
    const { at, feature } = tenant.main
    const body = { group_ids: [tenant.spareGroup.id] }
    await tenant.world.api('POST', `${at}/features/${feature.id}/add-group-owners/`, body)
    return { body }
  },
  ...Object.fromEntries(
    ['organisations/:organisation', 'environments/:environment'].flatMap((place) => {
      const one = `/api/v1/${place}/webhooks/:id`
      return [
        [`PATCH ${one}`, () => ({ body: { url: 'http://127.0.0.1:9/again' } })],
        [`POST ${one}/deliveries/replay`, () => withDeadDelivery(one, { state: 'dead' })],
        [`POST ${one}/deliveries/:delivery/resend`, () => withDeadDelivery(one)],
      ]
    }),
  ),
  'PATCH /api/__future__/environments/:environment/features/:feature': () => ({
    body: { environment_default: { enabled: false, value } },
  }),
  'POST /api/experiments/environments/:environment/update-flag-v2': () => ({
    body: {
      feature: { id: tenant.inside.plain.id },
      environment_default: { enabled: false, value },
    },
  }),
  ...Object.fromEntries(
    ['organisations/:organisation', 'projects/:project', 'environments/:environment'].flatMap(
      (place) =>
        ['user-permissions', 'user-group-permissions'].map((kind) => [
          `PATCH /api/v1/${place}/${kind}/:grant`,
          lessGranted,
        ]),
    ),
  ),
}

it('each makes the entries of its row and no others', { timeout: 120_000 }, async () => {
  const wrong: unknown[] = []
  const asked = new Map<string, string>()
  for (const route of inTurn(writing)) {
    const [method = '', path = ''] = route.split(' ')
    const own = isOwn(route) ? await newPerson() : { auth: tenant.administrator.auth }
    const call: Call = { body: bodyFor(route, tenant), ...own, ...(await special[route]?.()) }
    const real = `${fill(path, () => ({ ...ids, ...call.ids }))}/`
    const { status, text, headers } = await send(method, real, call)
    // Nobody listens where a test goes.
    if (status >= 300 && table.get(route) !== 'none') wrong.push([route, status, text])
    asked.set(headers.get('X-Request-Id') ?? '', route)
  }
  const { results } = await env.DB.prepare(
    `SELECT request_id AS id, json_group_array(DISTINCT action) AS actions
     FROM entries GROUP BY request_id`,
  ).all<{ id: string; actions: string }>()
  const made = new Map(results.map(({ id, actions }) => [id, JSON.parse(actions) as string[]]))
  for (const [id, route] of asked) {
    const actions = made.get(id)?.sort().join(' ') ?? 'none'
    if (actions !== table.get(route)) wrong.push([route, actions])
  }
  expect(wrong).toEqual([])
})
