/** The main routes against every rank inside an organisation. Others: test/admin/permissions.test.ts. */
import { beforeAll, expect, it } from 'vitest'
import { give } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { send } from '../support/send.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor, queryFor } from '../support/tenant-bodies.ts'
import { fill, type Ids, idsOf } from '../support/tenant-paths.ts'

const ranks = ['viewer', 'environmentAdmin', 'projectAdmin', 'organisationAdmin', 'key'] as const

let tenant: Tenant
let ids: Ids
let auths: Record<(typeof ranks)[number], string>

beforeAll(async () => {
  tenant = await createTenant('Heron')
  ids = idsOf(tenant)
  const { world, main, administrator } = tenant
  const environment = `environments/${main.environment.api_key}`
  const add = async (inProject: object, inEnvironment?: object) => {
    const person = await addColleague(world)
    await give(world, main.at, { user: person.id, ...inProject })
    if (inEnvironment) await give(world, environment, { user: person.id, ...inEnvironment })
    return person.auth
  }
  const look = { permissions: ['VIEW_PROJECT'] }
  auths = {
    viewer: await add(look, { permissions: ['VIEW_ENVIRONMENT'] }),
    environmentAdmin: await add(look, { admin: true }),
    projectAdmin: await add({ admin: true }),
    organisationAdmin: administrator.auth,
    key: world.keyAuth,
  }
}, 60_000)

/** In the order of the ranks. What is deleted is not there: 404 to those who might. */
const rows = `
  200 200 200 200 403 | GET /auth/users/me
  200 200 200 200 403 | GET /audit
  201 201 201 201 403 | POST /organisations
  403 403 403 200 200 | PATCH /organisations/:organisation
  200 200 200 200 200 | GET /organisations/:organisation/users
  403 403 403 200 200 | POST /organisations/:organisation/users/:user/update-role
  200 200 200 200 200 | GET /organisations/:organisation/groups
  403 403 403 201 201 | POST /organisations/:organisation/groups
  403 403 403 404 404 | DELETE /organisations/:organisation/groups/:group
  403 403 403 200 200 | GET /organisations/:organisation/invites
  403 403 403 200 403 | GET /organisations/:organisation/master-api-keys
  403 403 403 201 403 | POST /organisations/:organisation/master-api-keys
  403 403 403 404 403 | DELETE /organisations/:organisation/master-api-keys/:prefix
  403 403 403 200 200 | GET /organisations/:organisation/webhooks
  403 403 403 200 200 | GET /organisations/:organisation/webhooks/:id/deliveries
  403 403 403 200 200 | GET /organisations/:organisation/audit
  403 403 403 200 200 | GET /organisations/:organisation/audit/checkpoint
  403 403 403 201 201 | POST /organisations/:organisation/import
  403 403 403 201 201 | POST /projects
  403 403 201 201 201 | POST /environments
  200 200 200 200 400 | GET /projects/:project/my-permissions
  403 403 200 200 200 | GET /projects/:project/export
  403 403 200 200 200 | GET /projects/:project/audit/:entry
  403 403 200 200 200 | POST /audit/:entry/revert
  200 200 200 200 200 | GET /projects/:project/tags
  403 403 201 201 201 | POST /projects/:project/tags
  403 403 200 200 200 | PUT /projects/:project/tags/:tag
  403 403 404 404 404 | DELETE /projects/:project/tags/:tag
  200 200 200 200 200 | GET /projects/:project/features/:feature
  403 403 200 200 200 | PUT /projects/:project/features/:feature
  403 403 404 404 404 | DELETE /projects/:project/features/:feature
  403 403 200 200 200 | POST /projects/:project/features/:feature/add-owners
  403 403 200 200 200 | POST /projects/:project/features/:feature/add-group-owners
  200 200 200 200 200 | GET /projects/:project/features/:feature/mv-options
  403 403 200 200 200 | PUT /projects/:project/features/:feature/mv-options/:option
  403 403 404 404 404 | DELETE /projects/:project/features/:feature/mv-options/:option
  200 200 200 200 200 | GET /projects/:project/segments/:segment
  403 403 200 200 200 | PUT /projects/:project/segments/:segment
  403 403 404 404 404 | DELETE /projects/:project/segments/:segment
  403 403 201 201 201 | POST /projects/:project/segments/:segment/clone
  403 403 200 200 200 | GET /projects/:project/segments/:segment/associated-features
  403 403 200 200 200 | POST /environments/:environment/clone
  200 200 200 200 200 | GET /environments/:environment/document
  403 200 200 200 200 | GET /environments/:environment/metrics
  403 200 200 200 200 | GET /environments/:environment/rotate-key
  403 404 404 404 404 | DELETE /environments/:environment/api-keys/:id
  403 200 200 200 200 | GET /environments/:environment/webhooks/:id/deliveries/:delivery
  403 404 404 404 404 | DELETE /environments/:environment/webhooks/:id
  200 200 200 200 200 | GET /environments/:environment/trait-keys
  403 200 200 200 200 | POST /environments/:environment/delete-traits
  403 200 200 200 200 | GET /environments/:environment/identities
  403 201 201 201 201 | POST /environments/:environment/identities
  403 404 404 404 404 | DELETE /environments/:environment/identities/:identity
  403 200 200 200 200 | GET /environments/:environment/identities/:identity/traits
  403 200 200 200 200 | PUT /environments/:environment/identities/:identity/traits/:trait
  200 200 200 200 200 | GET /environments/:environment/identities/:identity/featurestates
  403 200 200 200 200 | PUT /environments/:environment/identities/:identity/featurestates/:state
  403 404 404 404 404 | DELETE /environments/:environment/featurestates/:state
  200 200 200 200 200 | GET /features/featurestates
  403 200 200 200 200 | PUT /features/featurestates/:state
  200 200 200 200 200 | GET /features/feature-segments
  403 200 200 200 200 | PUT /features/feature-segments/:link
  404 404 404 404 404 | DELETE /features/feature-segments/:link
  403 200 200 200 200 | POST /features/feature-segments/update-priorities
  200 200 200 200 200 | GET /api/__future__/environments/:environment/features/:feature
  403 200 200 200 200 | PATCH /api/__future__/environments/:environment/features/:feature
  403 204 204 204 204 | POST /api/experiments/environments/:environment/update-flag-v1
  403 204 204 204 204 | POST /api/experiments/environments/:environment/update-flag-v2
  403 403 201 201 201 | POST /projects/:project/features/:feature/mv-options
`
  .split('\n')
  .filter((line) => line.includes(' | '))
  .map((line) => {
    const [statuses = '', route = ''] = line.trim().split(' | ')
    const [method = '', path = ''] = route.split(' ')
    const whole = path.startsWith('/api/') ? path : `/api/v1${path}`
    return { route: `${method} ${whole}`, expected: statuses.split(' ').map(Number) }
  })

it.each(rows)('$route answers by rank', { timeout: 30_000 }, async ({ route, expected }) => {
  const [method = '', path = ''] = route.split(' ')
  const parameters = path.match(/:\w+/g)?.length ?? 0
  const gone = Object.fromEntries(Object.keys(ids).map((end) => [end, 987_654_321]))
  const real = fill(path, (position) =>
    method === 'DELETE' && position === parameters - 1 ? gone : ids,
  )
  const answered: number[] = []
  for (const rank of ranks) {
    const { status } = await send(method, `${real}/${queryFor(route, tenant)}`, {
      auth: auths[rank],
      body: bodyFor(route, tenant),
    })
    answered.push(status)
  }
  expect(answered).toEqual(expected)
})
