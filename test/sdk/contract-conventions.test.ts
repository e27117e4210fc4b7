/** What all SDK endpoints have in common: keys, methods, slashes, bodies (contract sdk-api §1.2, §1.3). */
import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createIdentityWorld, type IdentityWorld } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

type Call = { method: string; path: string; body?: unknown; serverOnly?: true }

const trait = { identity: { identifier: 'ann' }, trait_key: 'plan', trait_value: 'gold' }

const calls: Call[] = [
  { method: 'GET', path: '/api/v1/flags/' },
  { method: 'GET', path: '/api/v1/flags/?feature=banner' },
  { method: 'GET', path: '/api/v1/identities/?identifier=ann' },
  { method: 'POST', path: '/api/v1/identities/', body: { identifier: 'ann' } },
  { method: 'POST', path: '/api/v1/traits/', body: trait },
  { method: 'PUT', path: '/api/v1/traits/bulk/', body: [trait] },
  {
    method: 'POST',
    path: '/api/v1/traits/increment-value/',
    body: { trait_key: 'visits', increment_by: 1, identifier: 'ann' },
  },
  { method: 'GET', path: '/api/v1/identities/ann/' },
  { method: 'POST', path: '/api/v1/identities/ann/traits/plan', body: { trait_value: 'gold' } },
  { method: 'GET', path: '/api/v1/flags/ann' },
  { method: 'GET', path: '/api/v1/environment-document/', serverOnly: true },
  { method: 'POST', path: '/api/v1/analytics/flags/', body: { banner: 1 } },
  { method: 'POST', path: '/api/v2/analytics/flags/', body: { evaluations: [] } },
  { method: 'POST', path: '/api/v1/bulk-identities', body: { data: [] } },
  { method: 'PUT', path: '/api/v1/bulk-identities', body: { data: [] } },
]

const writing = calls.filter((call) => call.body !== undefined)

type Change = {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: string | null
}

/** The call as an SDK makes it, but for what is changed of it. */
function send(call: Call, change: Change = {}): Promise<Response> {
  const method = change.method ?? call.method
  const sent = call.body === undefined ? undefined : JSON.stringify(call.body)
  const body = change.body === undefined ? sent : (change.body ?? undefined)
  return exports.default.fetch(
    new Request(`http://localhost${change.path ?? call.path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...change.headers,
      },
      redirect: 'manual',
      ...(body !== undefined && method !== 'GET' && { body }),
    }),
  )
}

const keyed = (key: string) => ({ 'X-Environment-Key': key })

const read = async (response: Response) => [response.status, await response.json()]

const missing = [403, { detail: 'Invalid or missing Environment key' }]
const unknown = [403, { detail: 'Invalid or missing Environment Key' }]

describe.each(calls)('$method $path', (call) => {
  it('§1.2: an absent or empty key is 403 with the lower-case text, and no 401 challenge', async () => {
    for (const headers of [{}, keyed('')]) {
      const response = await send(call, { headers })
      expect(response.headers.get('WWW-Authenticate')).toBeNull()
      expect(await read(response)).toEqual(missing)
    }
  })

  it('§1.2: an unknown key is 403 with the upper-case text', async () => {
    for (const key of call.serverOnly ? ['ser.x'] : ['nobody', 'ser.x']) {
      expect(await read(await send(call, { headers: keyed(key) }))).toEqual(unknown)
    }
  })

  it('§1.2: a key in the query, a cookie or another header is none', async () => {
    const { clientKey: client, serverKey } = world
    const key = call.serverOnly ? serverKey : client
    const query = `${call.path}${call.path.includes('?') ? '&' : '?'}X-Environment-Key=${key}`
    expect(await read(await send(call, { path: query }))).toEqual(missing)
    for (const headers of [
      { Cookie: `X-Environment-Key=${key}` },
      { Authorization: `Token ${key}` },
      { 'X-API-Key': key },
    ]) {
      expect(await read(await send(call, { headers }))).toEqual(missing)
    }
  })

  it('§1.2: both kinds of key are good, but for the document only a server-side one', async () => {
    const client = await send(call, { headers: { 'X-environment-key': world.clientKey } })
    const server = await send(call, { headers: { 'x-environment-key': world.serverKey } })
    expect(server.status).toBeLessThan(300)
    if (call.serverOnly) expect(await read(client)).toEqual(missing)
    else expect(client.status).toBe(server.status)
    await server.body?.cancel()
  })

  it('§1.2: another method is 405 with Allow for a good key, 403 without one', async () => {
    const change = { method: 'PATCH', body: null }
    expect(await read(await send(call, change))).toEqual(missing)
    const refused = await send(call, { ...change, headers: keyed(world.serverKey) })
    expect(refused.headers.get('Allow')?.split(', ')).toContain(call.method)
    expect(await read(refused)).toEqual([405, { detail: 'Method "PATCH" not allowed.' }])
  })

  it('§1.3: answers the same with and without the last slash, and never redirects', async () => {
    const [path = '', query] = call.path.split('?')
    const bare = path.replace(/\/$/, '')
    for (const at of [bare, `${bare}/`]) {
      const headers = keyed(world.serverKey)
      const response = await send(call, { path: query ? `${at}?${query}` : at, headers })
      expect(response.status).toBeLessThan(300)
      expect(response.headers.get('Location')).toBeNull()
      await response.body?.cancel()
    }
  })
})

describe.each(writing)('the body of $method $path', (call) => {
  const headers = (type: string) => ({ ...keyed(world.serverKey), 'Content-Type': type })

  it('§1.2: is refused with 415 and its type when it is no JSON and no form', async () => {
    const response = await send(call, { headers: headers('text/plain') })
    const detail = 'Unsupported media type "text/plain" in request.'
    expect(await read(response)).toEqual([415, { detail }])
  })

  it('§1.2: is refused with 400 when it is malformed, NaN and Infinity included', async () => {
    for (const body of ['{"a":', '{"a":NaN}', '[Infinity]', "{'a':1}"]) {
      const response = await send(call, { headers: headers('application/json'), body })
      const detail = expect.stringMatching(/^JSON parse error - /)
      expect(await read(response)).toEqual([400, { detail }])
    }
  })

  it('§1.2: may be JSON with a charset', async () => {
    const response = await send(call, { headers: headers('application/json; charset=utf-8') })
    expect(response.status).toBeLessThan(300)
  })
})

it('§1.2: a stopped organisation is 403 with its own text on every endpoint, for both keys', async () => {
  const { clientKey, serverKey } = world
  await world.configureOrganisation({ stopServingFlags: true })
  for (const call of calls) {
    for (const key of call.serverOnly ? [serverKey] : [clientKey, serverKey]) {
      const detail = 'Organisation is disabled from serving flags.'
      expect(await read(await send(call, { headers: keyed(key) }))).toEqual([403, { detail }])
    }
  }
  await world.configureOrganisation({ stopServingFlags: false })
})

it('§1.2: a content type on a GET is no matter, as several SDKs send one', async () => {
  for (const call of calls.filter(({ method }) => method === 'GET')) {
    const headers = { ...keyed(world.serverKey), 'Content-Type': 'application/json' }
    const response = await send(call, { headers })
    expect(response.status).toBe(200)
    await response.body?.cancel()
  }
})
