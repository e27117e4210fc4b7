/** Every admin route against every kind of caller. The routes are the router's own. */
import { beforeAll, describe, expect, it } from 'vitest'
import { addMember, addUser, createWorld, type World } from '../support/admin.ts'
import { type Sent, send } from '../support/send.ts'
import { dumpAtRest, rowsAtRest } from '../support/settled.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor, queryFor } from '../support/tenant-bodies.ts'
import { adminRoutes, fill, type Ids, idsOf, openRoutes } from '../support/tenant-paths.ts'
import { inTurn, isOwn } from '../support/tenant-turns.ts'
import { rows } from './matrix-rows.ts'

const patience = { timeout: 120_000 }

type Expected = { outsider: number; key: number; member: number; owner: number }

const usual: Record<string, number> = { POST: 201, DELETE: 204, ALL: 404 }

const table = new Map(
  rows
    .split('\n')
    .filter((line) => line.includes(' | '))
    .flatMap((line): [string, Expected][] => {
      const [statuses = '', routes = ''] = line.trim().split(' | ')
      const [outsider = 0, key = 0, member = 0, owner] = statuses.split(' ').map(Number)
      const methods = routes.split(' ')
      const path = methods.pop() ?? ''
      const whole = path.startsWith('/api/') ? path : `/api/v1${path}`
      return methods.map((method) => [
        `${method} ${whole}`,
        { outsider, key, member, owner: owner ?? usual[method] ?? 200 },
      ])
    }),
)

it('every route has its row, and every row its route', () => {
  expect([...table.keys()].sort()).toEqual([...adminRoutes].sort())
})

let tenant: Tenant
let ids: Ids
let ours: World

beforeAll(async () => {
  tenant = await createTenant('Heron')
  ids = idsOf(tenant)
  ours = await createWorld('Ours')
}, 60_000)

/** A route aimed at the tenant; one that takes any method is asked by two. */
async function ask(route: string, headers: Record<string, string>): Promise<Sent[]> {
  const [method = '', path = ''] = route.split(' ')
  const real = `${fill(path, () => ids)}/${queryFor(route, tenant)}`
  if (method !== 'ALL') return [await send(method, real, { body: bodyFor(route, tenant), headers })]
  return [await send('GET', real, { headers }), await send('POST', real, { body: {}, headers })]
}

const newPerson = async (organisationId: number, role: 'ADMIN' | 'USER') => {
  const person = await addUser(`${crypto.randomUUID()}@example.com`)
  await addMember(organisationId, person.id, role)
  return person.auth
}

describe('without a good credential', () => {
  const callers: [string, () => Record<string, string>][] = [
    ['nobody', () => ({})],
    [
      'a client-side key',
      () => {
        const { api_key: key } = tenant.main.environment
        return { Authorization: `Api-Key ${key}`, 'X-Environment-Key': key }
      },
    ],
    [
      'a server-side key',
      () => {
        const { key } = tenant.inside.serverKey
        return { Authorization: `Token ${key}`, 'X-Environment-Key': key }
      },
    ],
    ['a revoked key', () => ({ Authorization: `Api-Key ${tenant.keys.revoked.key}` })],
    ['an expired key', () => ({ Authorization: `Api-Key ${tenant.keys.expired.key}` })],
    ['a session that was ended', () => ({ Authorization: tenant.gone.auth })],
  ]

  it.each(callers)('%s gets 401 on every route', patience, async (_, headers) => {
    const before = await dumpAtRest()
    const wrong: [string, number][] = []
    for (const route of adminRoutes.filter((one) => !openRoutes.has(one))) {
      for (const { status } of await ask(route, headers())) {
        if (status !== 401) wrong.push([route, status])
      }
    }
    expect(wrong).toEqual([])
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('with a credential that gives nothing here', () => {
  const callers: ['outsider' | 'key' | 'member', () => Promise<string>][] = [
    ['outsider', () => newPerson(ours.organisation.id, 'ADMIN')],
    ['key', async () => ours.keyAuth],
    ['member', () => newPerson(tenant.world.organisation.id, 'USER')],
  ]

  /** What is in projects. A member knows the organisation's name, its people and its groups. */
  const below =
    /heron2|heron_|heron (live|second|rotating|tag|gold|own|blue|red|green|ada|bob|kept)/i

  const tells = (column: string, text: string) => {
    const { organisation } = tenant.world
    const secrets = tenant.secrets.filter((one) => column !== 'member' || one !== organisation.uuid)
    const words = column === 'member' ? below : /heron/i
    return words.test(text) || secrets.some((secret) => text.includes(secret))
  }

  it.each(callers)('%s gets what the table says', patience, async (column, authOf) => {
    const wrong: unknown[] = []
    const check = async (route: string, auth: string) => {
      const expected = table.get(route)?.[column]
      for (const { status, text } of await ask(route, { Authorization: auth })) {
        if (status !== expected) wrong.push([route, { expected, status, text }])
        if (tells(column, text)) wrong.push([route, 'tells', text])
      }
    }
    const auth = await authOf()
    const before = await rowsAtRest()
    for (const route of adminRoutes.filter((one) => !isOwn(one))) await check(route, auth)
    expect(await rowsAtRest()).toEqual(before)
    for (const route of adminRoutes.filter(isOwn)) await check(route, await authOf())
    expect(wrong).toEqual([])
    const after = new Set(await rowsAtRest())
    expect(before.filter((row) => !after.has(row))).toEqual([])
  })
})

describe('our administrator', () => {
  it('gets through on every route with the same bodies', patience, async () => {
    const wrong: unknown[] = []
    const { administrator, world } = tenant
    for (const route of inTurn(adminRoutes)) {
      const auth = isOwn(route)
        ? await newPerson(world.organisation.id, 'ADMIN')
        : administrator.auth
      const expected = table.get(route)?.owner
      for (const { status, text } of await ask(route, { Authorization: auth })) {
        if (status !== expected) wrong.push([route, { expected, status, text }])
      }
    }
    expect(wrong).toEqual([])
  })
})
