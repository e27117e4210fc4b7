import { env, exports } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { publishDocument } from '../../src/document/publish.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { sha256Hex } from '../../src/storage/digest.ts'
import { environmentKeys } from '../../src/storage/environment-keys.ts'
import { organisations } from '../../src/storage/organisations.ts'
import { timestamp } from '../support/admin.ts'
import { createFlagWorld, newFeature, type World, write } from '../support/world.ts'

let world: World
let lastKey = 0

/** A server-side key straight in the database, published with the next version. */
async function addServerKey(key: string, expiresAt: number | null = null, active = true) {
  await openDatabase(env.DB)
    .insert(environmentKeys)
    .values({
      id: ++lastKey,
      environmentId: world.environment.id,
      hash: await sha256Hex(key),
      sealed: 'none',
      name: 'test',
      active,
      createdAt: 1,
      expiresAt,
    })
  await write(world.organisationId, 'environment.update', {
    id: world.environment.id,
    settings: { description: `key ${lastKey}` },
  })
  await publishDocument(env, world.environment.id)
}

const get = (path: string, key?: string, headers: Record<string, string> = {}) =>
  exports.default.fetch(
    new Request(`http://localhost/api/v1${path}`, {
      headers: { ...(key === undefined ? {} : { 'X-Environment-Key': key }), ...headers },
      redirect: 'manual',
    }),
  )

beforeAll(async () => {
  world = await createFlagWorld()
  await write(world.organisationId, 'feature.create', {
    projectId: world.projectId,
    feature: { ...newFeature('secret_limit'), isServerKeyOnly: true, initialValue: '12' },
  })
  await write(world.organisationId, 'feature.create', {
    projectId: world.projectId,
    feature: { ...newFeature('größe'), initialValue: 'true', description: 'naïve' },
  })
  await addServerKey('ser.good')
})

describe('GET /flags/', () => {
  it('serves the environment defaults in the contract shape, with and without the slash', async () => {
    for (const path of ['/flags/', '/flags']) {
      const response = await get(path, world.environment.apiKey)
      expect(response.status).toBe(200)
      expect(response.headers.get('Content-Type')).toBe('application/json')
      const [flag] = (await response.json()) as unknown[]
      expect(flag).toEqual({
        id: world.stateId,
        feature: {
          id: world.featureId,
          name: 'banner',
          created_date: timestamp,
          description: null,
          initial_value: 'blue',
          default_enabled: false,
          type: 'STANDARD',
        },
        feature_state_value: 'blue',
        environment: world.environment.id,
        identity: null,
        feature_segment: null,
        enabled: false,
      })
    }
  })

  it('hides server-key-only flags from client-side keys and shows them to server-side keys', async () => {
    const names = async (key: string) =>
      ((await (await get('/flags/', key)).json()) as { feature: { name: string } }[]).map(
        (flag) => flag.feature.name,
      )
    expect(await names(world.environment.apiKey)).toEqual(['banner', 'größe'])
    expect(await names('ser.good')).toEqual(['banner', 'secret_limit', 'größe'])
  })

  it('escapes what is not ASCII and keeps the types of values', async () => {
    const text = await (await get('/flags/', 'ser.good')).text()
    expect(text).toContain('gr\\u00f6\\u00dfe')
    const values = JSON.parse(text).map(
      (flag: { feature_state_value: unknown }) => flag.feature_state_value,
    )
    expect(values).toEqual(['blue', 12, true])
  })

  it('tells when the document changed, as a float, and names the contract release', async () => {
    const { headers } = await get('/flags/', world.environment.apiKey)
    expect(headers.get('X-Flagsmith-Document-Updated-At')).toMatch(/^\d+\.\d+$/)
    expect(headers.get('Flagsmith-Version')).toMatch(/^\d+\.\d+\.\d+$/)
    expect(headers.get('Cache-Control')).toContain('no-store')
  })

  it('answers one flag for ?feature=, whatever its case, and 404 for an unknown one', async () => {
    const one = await get('/flags/?feature=BANNER', world.environment.apiKey)
    expect(((await one.json()) as { id: number }).id).toBe(world.stateId)
    const hidden = await get('/flags/?feature=secret_limit', world.environment.apiKey)
    expect(hidden.status).toBe(404)
    expect(await hidden.json()).toEqual({ detail: 'Given feature not found' })
  })
})

describe('cheap polling of /flags/', () => {
  const key = () => world.environment.apiKey

  it('answers 304 without a body to whoever has this version already', async () => {
    const etag = (await get('/flags/', key())).headers.get('ETag') ?? ''
    expect(etag).toMatch(/^W\/".+"$/)
    for (const tags of [etag, `"other", ${etag}`, '*']) {
      const again = await get('/flags/', key(), { 'If-None-Match': tags })
      expect(again.status).toBe(304)
      expect(await again.text()).toBe('')
      expect(again.headers.get('Access-Control-Allow-Origin')).toBe('*')
    }
  })

  it('never takes the tag of the other kind of key for its own', async () => {
    const etag = (await get('/flags/', key())).headers.get('ETag') ?? ''
    expect((await get('/flags/', 'ser.good', { 'If-None-Match': etag })).status).toBe(200)
  })

  it('answers in full again once the version has changed', async () => {
    const etag = (await get('/flags/', key())).headers.get('ETag') ?? ''
    await addServerKey('ser.polling')
    expect((await get('/flags/', key(), { 'If-None-Match': etag })).status).toBe(200)
  })
})

it('who takes no JSON is told that there is nothing else, also when the answer is held ready', async () => {
  for (const path of ['/flags/', '/flags/']) {
    await get(path, world.environment.apiKey)
    const refused = await get(path, world.environment.apiKey, { Accept: 'text/html' })
    expect(refused.status).toBe(406)
    expect(await refused.json()).toEqual({
      detail: 'Could not satisfy the request Accept header.',
    })
  }
  for (const Accept of ['*/*', 'application/json', 'text/html, application/json;q=0.1']) {
    expect((await get('/flags/', world.environment.apiKey, { Accept })).status).toBe(200)
  }
})

it('a method that /flags/ does not have is refused after the key', async () => {
  const put = (headers: Record<string, string>) =>
    exports.default.fetch(new Request('http://localhost/api/v1/flags/', { method: 'PUT', headers }))
  expect((await put({})).status).toBe(403)
  const refused = await put({ 'X-Environment-Key': world.environment.apiKey })
  expect(refused.status).toBe(405)
  expect(refused.headers.get('Allow')).toContain('GET')
  expect(await refused.json()).toEqual({ detail: 'Method "PUT" not allowed.' })
})

describe('a key', () => {
  it('that is missing or empty is refused with the lower-case text', async () => {
    for (const key of [undefined, '']) {
      const response = await get('/flags/', key)
      expect(response.status).toBe(403)
      expect(await response.json()).toEqual({ detail: 'Invalid or missing Environment key' })
    }
  })

  it('that is unknown is refused with the upper-case text', async () => {
    for (const key of ['nobody', 'ser.nobody', 'x'.repeat(5_000), '__proto__', 'ser.']) {
      const response = await get('/flags/', key)
      expect(response.status).toBe(403)
      expect(await response.json()).toEqual({ detail: 'Invalid or missing Environment Key' })
    }
  })

  it('that is inactive or expired is refused, although the original serves it', async () => {
    await addServerKey('ser.expired', Date.now() - 1_000)
    await addServerKey('ser.inactive', null, false)
    for (const key of ['ser.expired', 'ser.inactive']) {
      expect((await get('/flags/', key)).status).toBe(403)
    }
  })

  it('that was deactivated stops with the version that says so', async () => {
    await addServerKey('ser.leaving')
    expect((await get('/flags/', 'ser.leaving')).status).toBe(200)
    await openDatabase(env.DB)
      .update(environmentKeys)
      .set({ active: false })
      .where(eq(environmentKeys.id, lastKey))
    await addServerKey('ser.next')
    expect((await get('/flags/', 'ser.leaving')).status).toBe(403)
  })

  it('of a stopped organisation is refused with its own text', async () => {
    const other = await createFlagWorld()
    await openDatabase(env.DB)
      .update(organisations)
      .set({ stopServingFlags: true })
      .where(eq(organisations.id, other.organisationId))
    await write(other.organisationId, 'environment.update', {
      id: other.environment.id,
      settings: { description: 'stopped' },
    })
    await publishDocument(env, other.environment.id)
    const response = await get('/flags/', other.environment.apiKey)
    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({
      detail: 'Organisation is disabled from serving flags.',
    })
  })
})

describe('CORS', () => {
  it('answers a preflight before it asks for a key', async () => {
    const response = await exports.default.fetch(
      new Request('http://localhost/api/v1/flags/', {
        method: 'OPTIONS',
        headers: {
          Origin: 'https://shop.example',
          'Access-Control-Request-Method': 'GET',
          'Access-Control-Request-Headers': 'x-environment-key,flagsmith-sdk-user-agent',
        },
      }),
    )
    expect(response.status).toBe(200)
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(response.headers.get('Access-Control-Max-Age')).toBe('86400')
    const allowed = response.headers.get('Access-Control-Allow-Headers')?.split(', ')
    expect(allowed).toContain('x-environment-key')
    expect(allowed).toContain('flagsmith-sdk-user-agent')
  })

  it('lets a browser read answers and refusals, and the header that tells of changes', async () => {
    for (const key of [world.environment.apiKey, 'nobody']) {
      const { headers } = await get('/flags/', key, { Origin: 'https://shop.example' })
      expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
      expect(headers.get('Access-Control-Expose-Headers')).toContain(
        'X-Flagsmith-Document-Updated-At',
      )
      expect(headers.get('Access-Control-Allow-Credentials')).toBeNull()
    }
  })
})
