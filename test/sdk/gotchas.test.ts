/** The contract's most error-prone details that show on the wire (sdk-api §12), SSE apart. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { sha256Hex } from '../../src/storage/digest.ts'
import { environmentKeys } from '../../src/storage/environment-keys.ts'
import { newFeature, write } from '../support/world.ts'
import { byName, createIdentityWorld, type Flag, type IdentityWorld } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const trait = { identity: { identifier: 'ann' }, trait_key: 'plan', trait_value: 'gold' }
const increment = { identifier: 'ann', trait_key: 'visits', increment_by: 1 }
const item = { identifier: 'ann', traits: [] }

/** Every path an SDK has, as it sends it. */
const calls: [string, string, unknown?][] = [
  ['GET', '/flags/'],
  ['GET', '/identities/?identifier=ann'],
  ['POST', '/identities/', { identifier: 'ann' }],
  ['GET', '/environment-document/'],
  ['POST', '/analytics/flags/', { banner: 1 }],
  ['POST', '/traits/', trait],
  ['PUT', '/traits/bulk/', [trait]],
  ['POST', '/traits/increment-value/', increment],
  ['POST', '/bulk-identities/', { data: [item] }],
  ['PUT', '/bulk-identities/', { data: [item] }],
]

const call = (method: string, path: string, body: unknown, key = world.serverKey) =>
  body === undefined ? world.send(method, path, { key }) : world.sendJson(method, path, body, key)

/** One server-side key of the world's environment, as an operator left it. */
async function addKey(id: number, rest: { active: boolean; expiresAt: number | null }) {
  const key = `ser.${crypto.randomUUID()}`
  await openDatabase(env.DB)
    .insert(environmentKeys)
    .values({
      id,
      environmentId: world.environmentId,
      hash: await sha256Hex(key),
      sealed: 'none',
      name: 'test',
      createdAt: 1,
      ...rest,
    })
  await world.configure({ description: crypto.randomUUID() })
  return key
}

describe('gotcha 2: the trailing slash', () => {
  it.each(calls)(
    'gotcha 2: %s %s answers with and without it, never a redirect',
    async (...asked) => {
      const [method, path, body] = asked
      const slashed = await call(method, path, body)
      const bare = await call(method, path.replace(/\/(?=\?|$)/, ''), body)
      for (const response of [slashed, bare]) {
        expect(response.status).toBe(path.startsWith('/bulk') ? 202 : 200)
        expect(response.headers.get('Location')).toBeNull()
        await response.body?.cancel()
      }
    },
  )
})

it.each([
  ['GET', '/flags/'],
  ['GET', '/identities/?identifier=ann'],
  ['POST', '/identities/', {}],
  ['GET', '/environment-document/'],
  ['POST', '/analytics/flags/', {}],
  ['POST', '/analytics/flags/', { nobody: 'knows' }],
] as [string, string, unknown?][])('gotcha 3: %s %s is exactly 200', async (method, path, body) => {
  const response = await call(method, path, body)
  expect(response.status).toBe(200)
  await response.body?.cancel()
})

it('gotcha 10: traits a client-side key may not set are ignored by identities, else a 400', async () => {
  await world.configure({ allowClientTraits: false })
  const refusal = { non_field_errors: ['Setting traits not allowed with client key.'] }
  const sent = { identifier: 'ida', traits: [{ trait_key: 'plan', trait_value: 'gold' }] }
  const identified = await world.identify(sent)
  expect(identified.traits).toEqual([])
  expect(byName(identified.flags, 'banner').enabled).toBe(false)
  for (const [method, path, body] of calls.filter(([, path]) => /trait|bulk/.test(path))) {
    const response = await call(method, path, body, world.clientKey)
    // The original answers the bulk one with an HTML page; ours is what its neighbours answer.
    expect([response.status, await response.json()]).toEqual([400, refusal])
  }
  await world.configure({ allowClientTraits: true })
})

it('gotcha 15: /flags/ has the control value of a multivariate feature and no variant', async () => {
  const flags: Flag[] = await (await world.get('/flags/')).json()
  const one: Flag = await (await world.get('/flags/?feature=checkout')).json()
  for (const flag of [byName(flags, 'checkout'), one]) {
    expect(flag.feature_state_value).toBe('control value')
    expect(flag).not.toHaveProperty('variant')
  }
})

it('gotcha 20: an archived feature is served by every endpoint', async () => {
  await write(world.organisationId, 'feature.create', {
    projectId: world.projectId,
    feature: { ...newFeature('old'), isArchived: true },
  })
  await world.publish()
  const flags: Flag[] = await (await world.get('/flags/')).json()
  expect(byName(flags, 'old').feature_state_value).toBe('blue')
  expect((await world.get('/flags/?feature=old')).status).toBe(200)
  const { flags: mine } = await world.identify({ identifier: 'ann' })
  expect(byName(mine, 'old').feature_state_value).toBe('blue')
  const document = await (await world.get('/environment-document/', world.serverKey)).text()
  expect(document).toContain('"name":"old"')
})

describe('gotcha 21: the environment document', () => {
  it('gotcha 21: needs a server-side key', async () => {
    for (const key of [world.clientKey, 'nobody', 'ser', 'SER.x', null]) {
      const response = await world.send('GET', '/environment-document/', { key })
      const detail = 'Invalid or missing Environment key'
      expect([response.status, await response.json()]).toEqual([403, { detail }])
    }
  })

  it('gotcha 21: refuses an inactive or expired key, which the original takes', async () => {
    const detail = 'Invalid or missing Environment Key'
    const inactive = await addKey(90_001, { active: false, expiresAt: null })
    const expired = await addKey(90_002, { active: true, expiresAt: Date.now() - 1 })
    for (const key of [inactive, expired]) {
      const response = await world.send('GET', '/environment-document/', { key })
      expect([response.status, await response.json()]).toEqual([403, { detail }])
    }
    const good = await addKey(90_003, { active: true, expiresAt: Date.now() + 60_000 })
    const response = await world.send('GET', '/environment-document/', { key: good })
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })
})

it('gotcha 30: the header that tells of changes is a plain float that a browser may read', async () => {
  for (const [method, path, body] of calls.slice(0, 4)) {
    const response = await call(method, path, body)
    const header = response.headers.get('X-Flagsmith-Document-Updated-At') ?? ''
    expect(header).toMatch(/^\d{10}\.\d{1,6}$/)
    expect(Math.abs(Number(header) - Date.now() / 1_000)).toBeLessThan(600)
    const exposed = response.headers.get('Access-Control-Expose-Headers') ?? ''
    expect(exposed.split(', ')).toContain('X-Flagsmith-Document-Updated-At')
    await response.body?.cancel()
  }
})

it('gotcha 31: a preflight with the headers of SDKs is good on every path, before any key', async () => {
  for (const [method, path] of calls) {
    const response = await world.preflight(path)
    expect([method, path, response.status]).toEqual([method, path, 200])
    const allowed = response.headers.get('Access-Control-Allow-Headers')?.split(', ')
    expect(allowed).toEqual(
      expect.arrayContaining([
        'content-type',
        'x-environment-key',
        'flagsmith-application-name',
        'flagsmith-application-version',
        'flagsmith-sdk-user-agent',
      ]),
    )
  }
})
