import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import { getPointer } from '../../src/storage/documents.ts'
import { addEnvironment, addMember, addUser, api, createWorld, done } from '../support/admin.ts'
import { addColleague } from '../support/people.ts'
import {
  createShop,
  type Rotation,
  refused,
  send,
  served,
  soon,
  statusesOf,
} from '../support/rotations.ts'
import { lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

// Whatever waits for publishes takes seconds.
vi.setConfig({ testTimeout: 30_000 })

const none = {
  rotating: false,
  old_key: null,
  started_at: null,
  ends_at: null,
  new_key_used: null,
  last_used: null,
}

describe('while a rotation runs', () => {
  it('both keys open the environment everywhere, and answer alike', async () => {
    const { rotate, old, environment } = await createShop()
    expect(await statusesOf(old)).toEqual(served)
    const { api_key: fresh, ...state } = await rotate()
    expect(fresh).toMatch(/^[2-9A-HJ-NP-Za-km-z]{22}$/)
    expect(state).toMatchObject({ rotating: true, old_key: old, new_key_used: false })
    const lasts = Date.parse(state.ends_at ?? '') - Date.parse(state.started_at ?? '')
    expect(lasts).toBe(24 * 3_600_000)
    await soon(async () => expect(await statusesOf(fresh)).toEqual(served))
    expect(await statusesOf(old)).toEqual(served)
    const flags = (key: string) => send('/api/v1/flags/', key).then((answer) => answer.text())
    expect(await flags(old)).toBe(await flags(fresh))
    for (const key of [old, fresh]) {
      expect(await getPointer(env.DOCUMENTS, await sha256Hex(key))).toBe(environment.id)
      expect((await send('/api/v1/environment-document/', key)).status).toBe(403)
    }
  })

  it('browsers may ask with either key, from any origin', async () => {
    const { rotate, old } = await createShop()
    const { api_key: fresh } = await rotate()
    const headers = { Origin: 'https://shop.example' }
    await soon(async () => expect(await statusesOf(fresh)).toEqual(served))
    for (const key of [old, fresh]) {
      const answer = await send('/api/v1/flags/', key, { headers })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    }
  })

  it('admin paths take either key and show the new one', async () => {
    const { world, rotate, old, environment, path } = await createShop()
    const { api_key: fresh } = await rotate({ leeway_hours: 0.5 })
    for (const key of [old, fresh]) {
      const shown = await done(world.api('GET', `environments/${key}/`))
      expect(shown).toMatchObject({ id: environment.id, api_key: fresh })
      const state = await done(world.api<Rotation>('GET', `environments/${key}/rotate-key/`))
      expect(state).toMatchObject({ rotating: true, api_key: fresh, old_key: old })
    }
    const byKey = `environments/${fresh}/api-keys/`
    expect((await world.api('POST', byKey, { name: 'backend' })).status).toBe(201)
    expect((await world.api('PATCH', `environments/${old}/`, { banner_text: 'x' })).status).toBe(
      200,
    )
    expect(await done(world.api('GET', path))).toMatchObject({ rotating: true })
  })

  it('another one is refused, and so is another key by PUT; both leave no trace', async () => {
    const { world, rotate, old, path } = await createShop()
    const { api_key: fresh } = await rotate()
    const before = await dumpAtRest()
    expect(await world.api('POST', path, {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('is running'), code: 'key_rotation_running' },
    })
    for (const api_key of ['my-own', old]) {
      for (const method of ['PUT', 'PATCH']) {
        expect(await world.api(method, `environments/${fresh}/`, { api_key })).toMatchObject({
          status: 400,
          body: { api_key: [expect.stringContaining('rotation')] },
        })
      }
    }
    expect(await dumpAtRest()).toBe(before)
    expect((await world.api('PUT', `environments/${fresh}/`, { api_key: fresh })).status).toBe(200)
  })

  it('nobody else may take the old key, not even past every check', async () => {
    const { rotate, end, old } = await createShop()
    await rotate()
    const other = await createWorld('Other')
    const place = await addEnvironment(other)
    const path = `environments/${place.environment.api_key}/`
    const body = { name: 'Thief', project: place.project.id, api_key: old }
    const taken = { status: 400, body: { api_key: [expect.stringContaining('already exists')] } }
    expect(await other.api('POST', 'environments/', body)).toMatchObject(taken)
    expect(await other.api('PATCH', path, { api_key: old })).toMatchObject(taken)
    const forced = env.DB.prepare('UPDATE environments SET api_key = ? WHERE id = ?')
    await expect(forced.bind(old, place.environment.id).run()).rejects.toThrow(/UNIQUE constraint/)
    await end('complete')
    expect((await other.api('POST', 'environments/', body)).status).toBe(201)
  })

  it('of two that begin at once, one wins', async () => {
    const { world, path, project } = await createShop()
    const answers = await Promise.all([
      world.api('POST', path, {}),
      world.api('POST', path, { leeway_hours: 1 }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const entries = await lastEntries(world, { project } as never, 10)
    const rotated = entries.filter(({ action }) => action === 'environment-key.rotated')
    expect(rotated).toHaveLength(1)
  })
})

describe('a rotation ends', () => {
  it('completed: the old key dies everywhere, the new one stays', async () => {
    const { world, rotate, end, old } = await createShop()
    const { api_key: fresh } = await rotate()
    await soon(async () => expect(await statusesOf(fresh)).toEqual(served))
    const state = await end('complete')
    expect(state).toMatchObject({ rotating: false, api_key: fresh, old_key: null })
    await soon(async () => expect(await statusesOf(old)).toEqual(refused))
    expect(await statusesOf(fresh)).toEqual(served)
    expect((await world.api('GET', `environments/${old}/`)).status).toBe(404)
    const rest = await done(world.api('GET', `environments/${fresh}/rotate-key/`))
    expect(rest).toEqual({ ...none, api_key: fresh })
    await soon(async () => expect(await getPointer(env.DOCUMENTS, await sha256Hex(old))).toBeNull())
  })

  it('aborted: the new key dies, and it is told that nobody used it', async () => {
    const { world, rotate, end, old } = await createShop()
    const { api_key: fresh } = await rotate()
    const state = await end('abort')
    expect(state).toMatchObject({ api_key: old, old_key: null, new_key_used: false })
    expect(state).toMatchObject({ rotating: false, last_used: null, ends_at: null })
    await soon(async () => expect(await statusesOf(fresh)).toEqual(refused))
    expect(await statusesOf(old)).toEqual(served)
    expect((await world.api('GET', `environments/${fresh}/`)).status).toBe(404)
    expect((await rotate()).api_key).not.toBe(fresh)
  })

  it('aborted after somebody used the new key, which is told with the time', async () => {
    const { world, rotate, end, old, path } = await createShop()
    const before = Date.now()
    const { api_key: fresh } = await rotate()
    await statusesOf(old)
    expect(await done(world.api('GET', path))).toMatchObject({ new_key_used: false })
    await soon(async () => expect((await send('/api/v1/flags/', fresh)).status).toBe(200))
    await soon(async () =>
      expect(await done(world.api('GET', path))).toMatchObject({ new_key_used: true }),
    )
    const state = await end('abort')
    expect(state.new_key_used).toBe(true)
    expect(Date.parse(state.last_used ?? '')).toBeGreaterThanOrEqual(before)
  })

  it('only where one runs', async () => {
    const { world, path } = await createShop()
    const before = await dumpAtRest()
    for (const how of ['abort', 'complete']) {
      expect(await world.api('POST', `${path}${how}/`, {})).toMatchObject({
        status: 404,
        body: { detail: 'No rotation of the client-side key is running.' },
      })
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('with its environment, which leaves no way in behind', async () => {
    const { world, rotate, old } = await createShop()
    const { api_key: fresh } = await rotate()
    await soon(async () => expect(await statusesOf(fresh)).toEqual(served))
    expect((await world.api('DELETE', `environments/${fresh}/`)).status).toBe(204)
    await soon(async () => {
      for (const key of [old, fresh]) {
        expect(await getPointer(env.DOCUMENTS, await sha256Hex(key))).toBeNull()
        expect(await statusesOf(key)).toEqual(refused)
      }
    })
    const left = env.DB.prepare('SELECT count(*) AS n FROM key_rotations WHERE old_key = ?')
    expect(await left.bind(old).first()).toEqual({ n: 0 })
  })
})

describe('rotating is refused', () => {
  let shop: Awaited<ReturnType<typeof createShop>>

  beforeAll(async () => {
    shop = await createShop()
  })

  it.each([0, -1, 721, 'soon', null, [], true])('with a leeway of %j', async (leeway_hours) => {
    expect(await shop.world.api('POST', shop.path, { leeway_hours })).toMatchObject({
      status: 400,
      body: { leeway_hours: [expect.any(String)] },
    })
    expect(await done(shop.world.api('GET', shop.path))).toMatchObject({ rotating: false })
  })

  it('to all but administrators; to strangers the environment does not exist', async () => {
    const { world, path } = shop
    const stranger = await createWorld('Stranger')
    const person = await addUser('stranger-of-rotations@example.com')
    await addMember(stranger.organisation.id, person.id, 'ADMIN')
    const member = await addColleague(world)
    const before = await dumpAtRest()
    const questions = [
      ['GET', path],
      ['POST', path],
      ['POST', `${path}abort/`],
      ['POST', `${path}complete/`],
    ] as const
    for (const [method, at] of questions) {
      const body = method === 'POST' ? {} : undefined
      expect((await api(method, at, body)).status).toBe(401)
      expect([403, 404]).toContain((await api(method, at, body, member.auth)).status)
      for (const auth of [person.auth, stranger.keyAuth]) {
        expect((await api(method, at, body, auth)).status).toBe(404)
      }
    }
    expect(await dumpAtRest()).toBe(before)
  })
})
