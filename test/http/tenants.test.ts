/** Nobody learns which ids exist: what is foreign and what is not there look the same. */
import { beforeAll, expect, it } from 'vitest'
import { addMember, addUser, createWorld } from '../support/admin.ts'
import { send } from '../support/send.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor } from '../support/tenant-bodies.ts'
import { fill, type Ids, idsOf, workingRoutes } from '../support/tenant-paths.ts'

let tenant: Tenant
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
  const ours = await createWorld('Ours')
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
