/** Response headers, CORS and JSON of the SDK endpoints (contract sdk-api §1.4, §1.5, §1.6). */
import { beforeAll, describe, expect, it } from 'vitest'
import { updatedAtHeader } from '../../src/sdk/flags.ts'
import { type Ask, ask } from './documents.ts'
import { createIdentityWorld, type IdentityWorld, traits } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
  await world.identify({ identifier: 'ann', traits: traits({ plan: 'gold' }) })
})

const changed = 'X-Flagsmith-Document-Updated-At'
const json = { 'Content-Type': 'application/json' }
const trait = JSON.stringify({
  identity: { identifier: 'ann' },
  trait_key: 'plan',
  trait_value: 'gold',
})

type Row = { name: string; path: string; status: number; has: boolean; ask?: Ask }

const rows: Row[] = [
  { name: 'the list of flags', path: '/flags/', status: 200, has: true },
  { name: 'one flag', path: '/flags/?feature=banner', status: 200, has: false },
  { name: 'a flag there is not', path: '/flags/?feature=x', status: 404, has: false },
  { name: 'an identity', path: '/identities/?identifier=ann', status: 200, has: true },
  {
    name: 'an identity posted',
    path: '/identities/',
    status: 200,
    has: true,
    ask: { method: 'POST', headers: json, body: '{"identifier":"ann"}' },
  },
  {
    name: 'one flag of an identity',
    path: '/identities/?identifier=ann&feature=banner',
    status: 200,
    has: true,
  },
  {
    name: 'a flag an identity has not',
    path: '/identities/?identifier=ann&feature=x',
    status: 404,
    has: true,
  },
  { name: 'a missing identifier', path: '/identities/', status: 200, has: false },
  { name: 'the document', path: '/environment-document/', status: 200, has: true },
  {
    name: 'the document when it is not newer',
    path: '/environment-document/',
    status: 304,
    has: false,
    ask: { headers: { 'If-Modified-Since': new Date(Date.now() + 86_400_000).toUTCString() } },
  },
  { name: 'the legacy identity', path: '/identities/ann/', status: 200, has: false },
  { name: 'the legacy flags', path: '/flags/ann', status: 200, has: false },
  {
    name: 'the legacy trait',
    path: '/traits/',
    status: 200,
    has: false,
    ask: { method: 'POST', headers: json, body: trait },
  },
  {
    name: 'a refused body',
    path: '/identities/',
    status: 400,
    has: false,
    ask: { method: 'POST', headers: json, body: '[]' },
  },
  { name: 'a refused key', path: '/flags/', status: 403, has: false, ask: { key: 'nobody' } },
  {
    name: 'an unknown key of the document',
    path: '/environment-document/',
    status: 403,
    has: false,
    ask: { key: 'ser.x' },
  },
  { name: 'a refused method', path: '/flags/', status: 405, has: false, ask: { method: 'PUT' } },
  {
    name: 'analytics',
    path: '/analytics/flags/',
    status: 200,
    has: false,
    ask: { method: 'POST', headers: json, body: '{}' },
  },
]

describe.each(rows)('$name', ({ path, status, has, ask: question }) => {
  const get = () => ask(path, { key: world.serverKey, ...question })

  it(`§1.4: ${has ? 'has' : 'has not'} the header that tells of changes`, async () => {
    const response = await get()
    await response.body?.cancel()
    expect([response.status, response.headers.has(changed)]).toEqual([status, has])
  })

  it('§1.4: names the contract’s release and is never cached', async () => {
    const { headers, body } = await get()
    await body?.cancel()
    expect(headers.get('Flagsmith-Version')).toMatch(/^\d+\.\d+\.\d+$/)
    expect(headers.get('Cache-Control')).toBe(
      'max-age=0, no-cache, no-store, must-revalidate, private',
    )
  })

  it('§1.4: has neither rate limits nor cookies, and varies by the key', async () => {
    const { headers, body } = await get()
    await body?.cancel()
    expect([...headers.keys()].filter((name) => /ratelimit|set-cookie/.test(name))).toEqual([])
    expect(headers.get('Vary')).toContain('X-Environment-Key')
  })

  it('§1.5: can be read from any origin, without credentials', async () => {
    const { headers, body } = await get()
    await body?.cancel()
    expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(headers.get('Access-Control-Allow-Credentials')).toBeNull()
    expect(headers.get('Access-Control-Expose-Headers')?.split(', ')).toEqual(
      expect.arrayContaining(['Retry-After', changed]),
    )
  })

  it('§1.6: is compact ASCII JSON without a charset, where it has a body', async () => {
    const response = await get()
    const text = await response.text()
    if (text === '') return
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(text).not.toMatch(/[^ -~]/)
    expect(text).toBe(JSON.stringify(JSON.parse(text)))
  })
})

it.each([
  [1787313600123, '1787313600.123'],
  [1787313600000, '1787313600.0'],
  [1787313600100, '1787313600.1'],
  [0, '0.0'],
])('§1.4: %s ms is %s in the header, whole seconds with a fraction too', (time, header) => {
  expect(updatedAtHeader(time)).toBe(header)
})

it('§1.4: Last-Modified is on the document and its 304, cut to the second', async () => {
  const full = await ask('/environment-document/', { key: world.serverKey })
  await full.body?.cancel()
  const date = full.headers.get('Last-Modified') ?? ''
  expect(Date.parse(date)).toBe(Math.floor(Number(full.headers.get(changed))) * 1_000)
  const headers = { 'If-Modified-Since': date }
  const again = await ask('/environment-document/', { key: world.serverKey, headers })
  expect([again.status, again.headers.get('Last-Modified')]).toEqual([304, date])
})

it('§1.4: writes of management move updated_at, those of identities and traits do not', async () => {
  const time = async () => (await ask('/flags/', { key: world.clientKey })).headers.get(changed)
  const before = await time()
  await world.identify({ identifier: 'new', traits: traits({ a: 1 }) })
  await world.publish()
  expect(await time()).toBe(before)
  await world.configure({ description: 'moved' })
  expect(Number(await time())).toBeGreaterThan(Number(before))
})

it('§1.5: a preflight is 200 without a key, good for a day, for every method and header', async () => {
  const wanted = [
    'accept, accept-encoding, authorization, content-type, dnt, origin, user-agent, x-csrftoken',
    'x-requested-with, sentry-trace, traceparent, tracestate, baggage, x-environment-key',
    'x-e2e-test-auth-token, flagsmith-application-name, flagsmith-application-version',
    'flagsmith-sdk-user-agent',
  ].join(', ')
  for (const path of [
    '/flags/',
    '/identities/',
    '/environment-document/',
    '/analytics/flags/',
    '/traits/',
    '/traits/bulk/',
    '/traits/increment-value/',
    '/bulk-identities',
    '/identities/ann/',
    '/flags/ann',
  ]) {
    const { status, headers } = await world.preflight(path)
    expect([path, status, headers.get('Access-Control-Max-Age')]).toEqual([path, 200, '86400'])
    expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
    const listed = (name: string) => (headers.get(name) ?? '').split(', ')
    expect(listed('Access-Control-Allow-Methods')).toEqual(
      expect.arrayContaining(['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT']),
    )
    expect(listed('Access-Control-Allow-Headers')).toEqual(
      expect.arrayContaining(wanted.split(', ')),
    )
  }
})

it('§1.6: dates of models have microseconds and a Z, those of the document an offset', async () => {
  const flag = (await (await world.get('/flags/?feature=banner')).json()) as {
    feature: { created_date: string }
  }
  expect(flag.feature.created_date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  const document = (await (await world.get('/environment-document/', world.serverKey)).json()) as {
    updated_at: string
  }
  expect(document.updated_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/)
})
