import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { publishDocument } from '../../src/document/publish.ts'
import type { Env } from '../../src/env.ts'
import {
  addOverride,
  ask,
  askWith,
  createServedWorld,
  insertOverrides,
  json,
  publish,
  type ServedDocument,
  type ServedWorld,
} from './documents.ts'

const path = '/environment-document/'

let world: ServedWorld

const get = (headers: Record<string, string> = {}) => ask(path, { key: world.serverKey, headers })

beforeAll(async () => {
  world = await createServedWorld()
})

describe('the key of GET /environment-document/', () => {
  it('must be a server-side one', async () => {
    for (const key of [undefined, '', world.environment.apiKey, 'nobody']) {
      const response = await ask('/environment-document', key === undefined ? {} : { key })
      expect(response.status).toBe(403)
      expect(await json(response)).toEqual({ detail: 'Invalid or missing Environment key' })
    }
    const unknown = await ask(path, { key: 'ser.unknown' })
    expect(unknown.status).toBe(403)
    expect(await json(unknown)).toEqual({ detail: 'Invalid or missing Environment Key' })
  })

  it('comes before the condition and the method', async () => {
    const { headers } = await get()
    const condition = { 'If-None-Match': headers.get('ETag') ?? '' }
    expect((await ask(path, { key: 'ser.unknown', headers: condition })).status).toBe(403)
    expect((await ask(path, { method: 'PUT', key: world.environment.apiKey })).status).toBe(403)
    const response = await ask(path, { method: 'PUT', key: world.serverKey })
    expect(response.status).toBe(405)
    expect(response.headers.get('Allow')).toContain('GET')
    expect(await json(response)).toEqual({ detail: 'Method "PUT" not allowed.' })
  })
})

describe('a document that the client has', () => {
  it('is answered with 304, by tag or by date, and with nothing but its validators', async () => {
    const full = await get()
    await full.body?.cancel()
    const etag = full.headers.get('ETag') ?? ''
    const date = full.headers.get('Last-Modified') ?? ''
    expect(full.headers.get('X-Flagsmith-Document-Updated-At')).toMatch(/^\d+\.\d+$/)
    for (const condition of [{ 'If-None-Match': etag }, { 'If-Modified-Since': date }]) {
      const response = await get(condition)
      expect(response.status).toBe(304)
      expect(await response.text()).toBe('')
      expect(response.headers.get('ETag')).toBe(etag)
      expect(response.headers.get('Last-Modified')).toBe(date)
      expect(response.headers.get('X-Flagsmith-Document-Updated-At')).toBeNull()
    }
  })

  it('is sent again after any change, that of one identity included', async () => {
    const tagOf = async () => {
      const response = await get()
      await response.body?.cancel()
      return response.headers.get('ETag') ?? ''
    }
    const first = await tagOf()
    await addOverride(world, { id: 1, identifier: 'someone' }, { value: 'red' })
    await publishDocument(env, world.environment.id)
    const response = await get({ 'If-None-Match': first })
    expect(response.status).toBe(200)
    const [override] = (await json<ServedDocument>(response)).identity_overrides
    expect(override?.identity_features[0]?.feature_state_value).toBe('red')
    expect(await tagOf()).not.toBe(first)
  })

  it('has a newer override under an older tag at most until the version comes', async () => {
    const own = await createServedWorld()
    // Committed, not yet published: KV and the memo still have the version before.
    await insertOverrides(own, { from: 1, to: 1 })
    const early = await ask(path, { key: own.serverKey })
    const etag = early.headers.get('ETag') ?? ''
    await early.body?.cancel()
    await publishDocument(env, own.environment.id)
    const later = await ask(path, { key: own.serverKey, headers: { 'If-None-Match': etag } })
    expect(later.status).toBe(200)
    expect((await json<ServedDocument>(later)).identity_overrides).toHaveLength(1)
  })
})

it('HEAD tells the same without a body', async () => {
  const response = await ask(path, { method: 'HEAD', key: world.serverKey })
  expect(response.status).toBe(200)
  expect(response.headers.get('ETag')).toMatch(/^W\/"/)
  expect(await response.text()).toBe('')
})

describe('the encoding', () => {
  it('is gzip where the client takes it, and says on what it depends', async () => {
    const response = await get({ 'Accept-Encoding': 'br, gzip' })
    expect(response.headers.get('Content-Encoding')).toBe('gzip')
    expect(response.headers.get('Vary')).toContain('Accept-Encoding')
    expect((await json<ServedDocument>(response)).id).toBe(world.environment.id)
  })

  it('is none where the client refuses gzip', async () => {
    for (const encodings of ['identity', 'gzip;q=0', 'gzip; q=0.0, br']) {
      const response = await get({ 'Accept-Encoding': encodings })
      await response.body?.cancel()
      expect(response.headers.get('Content-Encoding')).toBeNull()
    }
  })
})

describe('a database that fails', () => {
  /** Reads overrides until `pages` have been read, then fails. */
  const failingAfter = (pages: number): Env => {
    let left = pages
    const DB = new Proxy(env.DB, {
      get: (target, name) => {
        const member = Reflect.get(target, name)
        if (name !== 'batch') return member.bind(target)
        return (statements: D1PreparedStatement[]) => {
          left -= 1
          if (left < 0) throw new Error('D1 is down')
          return target.batch(statements)
        }
      },
    })
    return { ...env, DB }
  }

  it('before the first override is a status that says so', async () => {
    const response = await askWith(failingAfter(0), path, { key: world.serverKey })
    expect(response.status).toBe(500)
  })

  it('amid the overrides breaks the response, and what came before is no JSON', async () => {
    const response = await askWith(failingAfter(1), path, { key: world.serverKey })
    expect(response.status).toBe(200)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let text = ''
    const readAll = async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        text += decoder.decode(value)
      }
    }
    await expect(readAll()).rejects.toThrow('D1 is down')
    expect(text).toContain('"identity_overrides":[')
    expect(() => JSON.parse(text)).toThrow()
  })

  it('is not asked at all for a 304 or an environment without overrides', async () => {
    const own = await createServedWorld()
    const question = { key: own.serverKey }
    const { headers } = await ask(path, question)
    const condition = { 'If-None-Match': headers.get('ETag') ?? '' }
    const notModified = await askWith(failingAfter(0), path, { ...question, headers: condition })
    expect(notModified.status).toBe(304)
    await publish(own, { useIdentityOverridesInLocalEval: false })
    const response = await askWith(failingAfter(0), path, question)
    expect((await json<ServedDocument>(response)).identity_overrides).toEqual([])
  })
})
