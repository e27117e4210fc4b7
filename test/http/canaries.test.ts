/**
 * Every secret that goes in over HTTP, searched for wherever something comes out or stays: answers, the
 * Worker's log, D1, KV, the ledgers' own storage. Answers that show a secret by contract are named.
 */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { instanceLedger, ledgerOf } from '../../src/ledger/client.ts'
import { sha256Hex } from '../../src/storage/digest.ts'
import { fingerprint, fingerprintOfSealed, seal } from '../../src/storage/seal.ts'
import { owner } from '../support/admin.ts'
import { dumpAtRest } from '../support/settled.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { queryFor } from '../support/tenant-bodies.ts'
import { fill, idsOf, workingRoutes } from '../support/tenant-paths.ts'
import { hunt, seedCredentials, seedFailures, seedPeople, seedWebhooks } from './canary-seeds.ts'

const { jar, ask, leaks, secretOf } = hunt
const lines: string[] = []
let tenant: Tenant

/** Lists that show a secret again: contract admin-api §B.2, §B.4. What they may show begins so. */
const showing: Record<string, string> = {
  'GET /api/v1/organisations/:organisation/invite-links': 'link',
  'GET /api/v1/environments/:environment/api-keys': 'server-side key',
  'GET /api/v1/environments/:environment/webhooks': 'webhook',
}

/** Everything that can be read, and the log in each of its forms. */
async function readAll() {
  const formats = ['ndjson', 'csv', 'json', 'flipt'].map((format) => `export/?format=${format}`)
  const log = `organisations/${tenant.world.organisation.id}/audit/`
  const asked = [...formats, 'entries/?format=flipt&limit=1000', 'entries/?limit=1000']
  const routes = workingRoutes.filter((route) => /^(GET|ALL) /.test(route))
  const reads = routes.map((route) => ({
    path: `${fill(route.split(' ')[1] ?? '', () => idsOf(tenant))}/${queryFor(route, tenant)}`,
    shown: jar.names().filter((name) => name.startsWith(showing[route] ?? '\0')),
  }))
  const logs = asked.map((path) => ({ path: `/api/v1/${log}${path}`, shown: [] }))
  for (const { path, shown } of [...reads, ...logs]) {
    const { auth } = tenant.world
    const { status } = await ask('GET', path.replace('/api/v1/', ''), { auth }, shown)
    // What the log does not tell hides nothing in it either.
    if (/\/audit\/(?!proof)/.test(path)) expect([path, status]).toEqual([path, 200])
  }
}

const switchOnSink = (ledger: string) =>
  runInDurableObject(env.LEDGER.getByName(ledger), (instance) => {
    const on = { AUDIT_LOG_SINK: 'true', AUDIT_LOG_SINK_EVENTS: '*:*' }
    Object.assign(instance, { env: { ...env, ...on } })
  })

const realFetch = globalThis.fetch

beforeAll(async () => {
  for (const level of ['debug', 'log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((...words) => void lines.push(words.join(' ')))
  }
  // The receiver gives back all that it was sent: it is kept with the attempt.
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const headers = JSON.stringify([...request.headers])
    return new Response(`${headers} ${await request.text()}`, { status: 500 })
  }
  await jar.keep('secret of the instance', env.BURGEE_SECRET)
  await jar.keep('password of the first person', owner.password)
  tenant = await createTenant('Heron')
  const { keys, inside, administrator, world } = tenant
  await jar.keep('session', administrator.auth.replace('Token ', ''))
  await jar.keep('session of the first person', world.auth.replace('Token ', ''))
  await jar.keep('organisation key', keys.kept.key.slice(9))
  await jar.keep('revoked organisation key', keys.revoked.key.slice(9))
  await jar.keep('expired organisation key', keys.expired.key.slice(9))
  await jar.keep('invite of the tenant', keys.invite.hash)
  await jar.keep('link of the tenant', keys.link.hash)
  await jar.keep('server-side key', inside.serverKey.key.slice(4))
  await switchOnSink(instanceLedger)
  await switchOnSink(ledgerOf(world.organisation.id))
  await seedPeople(tenant)
  await seedCredentials(tenant)
  await seedWebhooks(tenant)
  await seedFailures(tenant)
  await readAll()
}, 120_000)

afterAll(() => {
  globalThis.fetch = realFetch
  vi.restoreAllMocks()
})

describe('no secret comes out', () => {
  it('in an answer that is not made to show it', () => {
    expect(jar.names().length).toBeGreaterThan(40)
    expect(leaks).toEqual([])
  })

  it('in the Worker’s log, whatever is written there', () => {
    const events = lines.map((line) => JSON.parse(line).event ?? JSON.parse(line).type)
    for (const event of ['request', 'request.failed', 'delivery.attempted', 'webhook']) {
      expect(events).toContain(event)
    }
    expect(lines.flatMap((line) => jar.foundIn(line).map((found) => [found, line]))).toEqual([])
  })

  /** Where the hash of what is shown is how it is looked up. */
  const homes = /^(tokens|organisation_keys|environment_keys|invites|invite_links)\.hash$/

  it('in any column of any table', async () => {
    await dumpAtRest()
    const { results: tables } = await env.DB.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf*'",
    ).all<{ name: string }>()
    const found: unknown[] = []
    for (const { name } of tables) {
      const { results } = await env.DB.prepare(`SELECT * FROM "${name}"`).all()
      for (const [column, value] of results.flatMap((row) => Object.entries(row))) {
        const place = `${name}.${column}`
        const text = String(value)
        const leaked = homes.test(place) ? jar.openIn(text) : jar.foundIn(text)
        found.push(...leaked.map((leak) => [place, leak, text.slice(0, 200)]))
      }
    }
    expect(tables.length).toBeGreaterThan(25)
    expect(found).toEqual([])
  })

  it('in KV or in what ledgers keep', async () => {
    const { keys } = await env.DOCUMENTS.list()
    const values = await Promise.all(keys.map(({ name }) => env.DOCUMENTS.get(name)))
    const stored = await Promise.all(
      [instanceLedger, ledgerOf(tenant.world.organisation.id)].map((ledger) =>
        runInDurableObject(env.LEDGER.getByName(ledger), async (_, { storage }) =>
          JSON.stringify([...(await storage.list())]),
        ),
      ),
    )
    const texts = [...keys.map(({ name }) => name), ...values.map(String), ...stored]
    expect(texts.length).toBeGreaterThan(5)
    expect(texts.flatMap((text) => jar.openIn(text))).toEqual([])
  })
})

it('a webhook’s secret leaves a fingerprint, by which it is known again and not found out', async () => {
  const { results } = await env.DB.prepare(
    "SELECT record FROM entries WHERE action LIKE 'webhook.%' AND ledger = ? ORDER BY id DESC LIMIT 3",
  )
    .bind(ledgerOf(tenant.world.organisation.id))
    .all<{ record: string }>()
  const told = results.reverse().map(({ record }) => {
    const { before, after } = JSON.parse(record)
    return [before?.secret_fingerprint, after.secret_fingerprint]
  })
  const [first, other] = [told[0]?.[1], told[1]?.[1]]
  expect(first).toMatch(/^hmac:[0-9a-f]{16}$/)
  expect(told).toEqual([
    [undefined, first],
    [first, other],
    [other, first],
  ])
  expect(other).not.toBe(first)
  const elsewhere = await Promise.all([
    fingerprint('secret', 1, 'text'),
    fingerprint('secret', 2, 'text'),
    fingerprint('another', 1, 'text'),
  ])
  expect(new Set(elsewhere).size).toBe(3)
  expect(await fingerprint('secret', 1, 'text')).toBe(elsewhere[0])
  const sealed = await seal('lost', 'text')
  expect(await fingerprintOfSealed('lost', 1, sealed)).toBe(await fingerprint('lost', 1, 'text'))
  expect(await fingerprintOfSealed('secret', 1, sealed)).toBeNull()
  expect(await fingerprintOfSealed('secret', 1, null)).toBeNull()
})

it('and every dress of a secret is seen through', async () => {
  const secret = await secretOf('shown on purpose')
  const bytes = new TextEncoder().encode(`x${secret}yz`)
  const hidden = [
    `Bearer ${secret}`,
    JSON.stringify({ secret }),
    new URLSearchParams({ secret }).toString(),
    encodeURIComponent(secret),
    btoa(String.fromCharCode(...bytes)),
    btoa(String.fromCharCode(...bytes.slice(1))),
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    secret.slice(0, 20),
    (await sha256Hex(secret)).toUpperCase(),
  ]
  for (const text of hidden) {
    expect([text, jar.foundIn(text).length > 0]).toEqual([text, true])
  }
})
