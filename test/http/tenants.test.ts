/**
 * Nobody learns which ids exist: what is foreign and what is not there look the same. But whose they are
 * learns who asked.
 */
import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { addMember, addUser, createWorld, type World } from '../support/admin.ts'
import { send } from '../support/send.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor, queryFor } from '../support/tenant-bodies.ts'
import { adminRoutes, fill, type Ids, idsOf, workingRoutes } from '../support/tenant-paths.ts'

let tenant: Tenant
let ours: World
let outsider: string
let known: Ids
let unknown: Ids

/** Of the same kind, and nobody's. */
const nobody = (id: string | number) =>
  typeof id === 'number'
    ? 987_654_321
    : /^[0-9a-f-]{36}$/.test(id)
      ? crypto.randomUUID()
      : id.replace(/\w/g, 'z')

beforeAll(async () => {
  tenant = await createTenant('Heron')
  ours = await createWorld('Ours')
  const person = await addUser('outsider@example.com')
  await addMember(ours.organisation.id, person.id, 'ADMIN')
  outsider = person.auth
  known = idsOf(tenant)
  unknown = Object.fromEntries(Object.entries(known).map(([end, id]) => [end, nobody(id)]))
}, 60_000)

/** Taking up an invite tells its holder what is wrong with it: that is no guess. */
const named = workingRoutes.filter(
  (route) => route.includes('/:') && !route.includes('/users/join/'),
)

it('a neighbour is told the same of things that are there and that are not', {
  timeout: 120_000,
}, async () => {
  const auth = outsider
  for (const route of named) {
    const [name = '', path = ''] = route.split(' ')
    const method = name === 'ALL' ? 'GET' : name
    const body = bodyFor(route, tenant)
    const [foreign, missing] = [
      await send(method, `${fill(path, () => known)}/`, { auth, body }),
      await send(method, `${fill(path, () => unknown)}/`, { auth, body }),
    ]
    expect([route, foreign.status, foreign.text]).toEqual([route, missing.status, missing.text])
    const headers = ({ headers: sent }: typeof foreign) => [...sent.keys()].sort()
    expect([route, headers(foreign)]).toEqual([route, headers(missing)])
  }
})

it('things that a body or a query names are told of no better', async () => {
  const { main, inside } = tenant
  const environment = main.environment.id
  const calls: [method: string, path: string, body?: object][] = [
    ['GET', `projects/?organisation=$${tenant.world.organisation.id}`],
    ['GET', `environments/?project=$${main.project.id}`],
    ['GET', `features/featurestates/?environment=$${environment}`],
    ['GET', `features/feature-segments/?environment=$${environment}&feature=$${main.feature.id}`],
    ['POST', 'projects/', { name: 'x', organisation: `$${tenant.world.organisation.id}` }],
    ['POST', 'environments/', { name: 'x', project: `$${main.project.id}` }],
    [
      'POST',
      'features/feature-segments/',
      {
        feature: `$${inside.plain.id}`,
        segment: `$${main.segment.id}`,
        environment: `$${environment}`,
      },
    ],
    [
      'POST',
      'features/featurestates/',
      { feature: `$${inside.plain.id}`, environment: `$${environment}`, enabled: true },
    ],
  ]
  for (const [method, path, body] of calls) {
    const ask = (text: (id: string) => string) =>
      send(method, `/api/v1/${path.replace(/\$(\d+)/g, (_, id) => text(id))}`, {
        auth: outsider,
        ...(body && { body: JSON.stringify(body).replace(/"\$(\d+)"/g, (_, id) => text(id)) }),
      })
    const [foreign, missing] = [await ask((id) => id), await ask(() => '987654321')]
    expect([path, foreign.status, foreign.text]).toEqual([path, missing.status, missing.text])
  }
})

/** One of every kind of guard, and of every check that handlers make themselves. */
const guarded = [
  'GET /api/v1/organisations/:organisation/invites',
  'POST /api/v1/organisations/:organisation/master-api-keys',
  'GET /api/v1/organisations/:organisation/audit/entries',
  'PUT /api/v1/projects/:project',
  'GET /api/v1/projects/:project/features/:feature/history',
  'DELETE /api/v1/environments/:environment',
  'ALL /api/v1/environments/:environment/edge-identities/*',
  'POST /api/v1/organisations/:organisation/user-permissions',
  'PATCH /api/v1/projects/:project/user-group-permissions/:grant',
  'GET /api/v1/environments/:environment/user-detailed-permissions/:user',
  'POST /api/v1/projects',
  'GET /api/v1/environments',
  'POST /api/v1/environments',
  'GET /api/v1/features/featurestates',
  'POST /api/v1/features/featurestates',
  'POST /api/v1/features/feature-segments/update-priorities',
  'DELETE /api/v1/features/feature-segments/:link',
  'PATCH /api/v1/features/featurestates/:state',
  'GET /api/v1/features/get-by-uuid/:uuid',
  'GET /api/v1/organisations/get-by-uuid/:uuid',
  'GET /api/v1/environments/get-by-uuid/:uuid',
  'PUT /api/__future__/environments/:environment/features/:feature',
  'POST /api/experiments/environments/:environment/update-flag-v1',
]

it('what is denied is told once, in the log of whose it is, and in no other', {
  timeout: 60_000,
}, async () => {
  expect(guarded.filter((route) => !adminRoutes.includes(route))).toEqual([])
  const asked: { request: string; route: string; by: string }[] = []
  for (const route of guarded) {
    const person = await addUser(`${crypto.randomUUID()}@example.com`)
    await addMember(ours.organisation.id, person.id, 'ADMIN')
    const [name = '', path = ''] = route.split(' ')
    const method = name === 'ALL' ? 'GET' : name
    const { headers } = await send(
      method,
      `${fill(path, () => known)}/${queryFor(route, tenant)}`,
      {
        auth: person.auth,
        body: bodyFor(route, tenant),
      },
    )
    asked.push({ request: headers.get('X-Request-Id') ?? '', route, by: String(person.id) })
  }
  const told = async () => {
    const { results } = await env.DB.prepare(
      `SELECT request_id AS request, actor_id AS "by", ledger, outcome FROM entries
       WHERE request_id IN (SELECT value FROM json_each(?)) ORDER BY request_id`,
    )
      .bind(JSON.stringify(asked.map(({ request }) => request)))
      .all()
    return results
  }
  const ledger = `organisation:${tenant.world.organisation.id}`
  const expected = asked.map(({ request, by }) => ({ request, by, ledger, outcome: 'denied' }))
  const byRequest = (a: { request: string }, b: { request: string }) =>
    a.request < b.request ? -1 : 1
  await expect.poll(told, { timeout: 5_000 }).toEqual(expected.sort(byRequest))
})
