import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import { getDocument, getPointer } from '../../src/storage/documents.ts'
import {
  addEnvironment,
  api,
  createWorld,
  done,
  dumpDatabase,
  readRecords,
  type World,
} from '../support/admin.ts'
import { addColleague } from '../support/people.ts'

type Key = { id: number; key: string; active: boolean; name: string }

async function createShop() {
  const world = await createWorld()
  const place = await addEnvironment(world)
  const path = `environments/${place.environment.api_key}/api-keys/`
  return { world, ...place, path }
}

const create = (world: World, path: string, body: object = { name: 'backend' }) =>
  done(world.api<Key>('POST', path, body))

const publishedHashes = async (environmentId: number) =>
  (await getDocument(env.DOCUMENTS, environmentId))?.serverKeys.map(({ hash }) => hash)

/** A publish within a second of the last one waits for that second. */
const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 4_000, interval: 100 })

describe('a server-side key', () => {
  it('is shown in every answer, as the contract has it', async () => {
    const { world, path } = await createShop()
    const { status, body } = await world.api<Key>('POST', path, { name: 'backend' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      key: expect.stringMatching(/^ser\.[A-Za-z0-9]{22}$/),
      active: true,
      created_at: expect.stringMatching(/\.\d{6}Z$/),
      name: 'backend',
      expires_at: null,
    })
    expect(await world.api('GET', path)).toMatchObject({ status: 200, body: [body] })
    const renamed = await world.api('PATCH', `${path}${body.id}/`, { name: 'jobs' })
    expect(renamed).toMatchObject({ status: 200, body: { ...body, name: 'jobs' } })
  })

  it('has no address of its own to read', async () => {
    const { world, path } = await createShop()
    const { id } = await create(world, path)
    expect((await world.api('GET', `${path}${id}/`)).status).toBe(405)
  })

  it('is published as good, and withdrawn when it is switched off or deleted', async () => {
    const { world, path, environment } = await createShop()
    const { id, key } = await create(world, path)
    const hash = await sha256Hex(key)
    await soon(async () => {
      expect(await publishedHashes(environment.id)).toEqual([hash])
      expect(await getPointer(env.DOCUMENTS, hash)).toBe(environment.id)
    })
    await done(world.api('PATCH', `${path}${id}/`, { active: false }))
    await soon(async () => expect(await publishedHashes(environment.id)).toEqual([]))
    await done(world.api('PUT', `${path}${id}/`, { active: true }))
    await soon(async () => expect(await publishedHashes(environment.id)).toEqual([hash]))
    expect((await world.api('DELETE', `${path}${id}/`)).status).toBe(204)
    await soon(async () => expect(await publishedHashes(environment.id)).toEqual([]))
    expect((await world.api('DELETE', `${path}${id}/`)).status).toBe(404)
  }, 15_000)

  it('may end by itself', async () => {
    const { world, path, environment } = await createShop()
    const expires_at = '2999-01-01T00:00:00Z'
    const { key } = await create(world, path, { name: 'short', expires_at })
    const list = await world.api('GET', path)
    expect(list.body).toMatchObject([{ key, expires_at: '2999-01-01T00:00:00.000000Z' }])
    await soon(async () => {
      const document = await getDocument(env.DOCUMENTS, environment.id)
      expect(document?.serverKeys[0]?.expiresAt).toBe(Date.parse(expires_at))
    })
  })

  it('raises the environment’s version with every change, and only with a change', async () => {
    const { world, path, environment } = await createShop()
    const version = async () =>
      env.DB.prepare('SELECT version FROM environments WHERE id = ?')
        .bind(environment.id)
        .first<number>('version')
    const start = (await version()) ?? 0
    const { id } = await create(world, path)
    expect(await version()).toBe(start + 1)
    await done(world.api('PATCH', `${path}${id}/`, { name: 'backend', active: true }))
    expect(await version()).toBe(start + 1)
    await done(world.api('PATCH', `${path}${id}/`, { name: 'jobs' }))
    expect(await version()).toBe(start + 2)
    await done(world.api('DELETE', `${path}${id}/`))
    expect(await version()).toBe(start + 3)
  })

  it('is nowhere in the database: a hash finds it, a sealed copy shows it', async () => {
    const { world, path } = await createShop()
    const { id, key } = await create(world, path)
    await done(world.api('PATCH', `${path}${id}/`, { active: false }))
    const dump = await dumpDatabase()
    expect(dump).not.toContain(key)
    expect(dump).not.toContain(key.slice(4))
    const hash = await sha256Hex(key)
    expect(dump).toContain(hash)
    const records = (await readRecords()).join()
    expect(records).not.toContain(hash)
    expect(records).not.toContain('v1.')
    expect(records).toContain('environment-key.updated')
  })

  it('leaves entries that say where it belongs', async () => {
    const { world, path, environment, project } = await createShop()
    const { id } = await create(world, path)
    await done(world.api('DELETE', `${path}${id}/`))
    const records = (await readRecords()).slice(-2).map((record) => JSON.parse(record))
    expect(records).toMatchObject(
      ['environment-key.created', 'environment-key.deleted'].map((action) => ({
        action,
        ledger: `organisation:${world.organisation.id}`,
        project: project.id,
        environment: { id: environment.id, name: 'Production' },
        resource: { type: 'ENVIRONMENT_KEY', id: String(id), name: 'backend' },
      })),
    )
  })

  it.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: 'x'.repeat(101) }, { name: ['Ensure this field has no more than 100 characters.'] }],
    [{ name: 'x', active: 'perhaps' }, { active: ['Must be a valid boolean.'] }],
  ])('is refused with %j', async (body, errors) => {
    const { world, path } = await createShop()
    expect(await world.api('POST', path, body)).toMatchObject({ status: 400, body: errors })
  })

  it('cannot be chosen by the caller', async () => {
    const { world, path } = await createShop()
    const { id, key } = await create(world, path, { name: 'x', key: 'ser.chosen', id: 7 })
    expect(key).not.toContain('chosen')
    const patched = await world.api('PATCH', `${path}${id}/`, { key: 'ser.chosen' })
    expect(patched.body).toMatchObject({ id, key })
  })
})

describe('server-side keys are managed', () => {
  it('by administrators only; to strangers the environment does not exist', async () => {
    const { world, path } = await createShop()
    const { id } = await create(world, path)
    const stranger = await createWorld('Other')
    const member = await addColleague(world)
    const before = await readRecords()
    for (const [method, at, body] of [
      ['GET', path, undefined],
      ['POST', path, { name: 'stolen' }],
      ['PUT', `${path}${id}/`, { active: false }],
      ['PATCH', `${path}${id}/`, { active: false }],
      ['DELETE', `${path}${id}/`, undefined],
    ] as const) {
      expect((await api(method, at, body)).status).toBe(401)
      expect((await api(method, at, body, member.auth)).status).toBe(404)
      for (const auth of [stranger.auth, stranger.keyAuth]) {
        expect((await api(method, at, body, auth)).status).toBe(404)
      }
    }
    expect(await readRecords()).toEqual(before)
    expect((await api('GET', path, undefined, world.keyAuth)).status).toBe(200)
  })

  it('inside their own environment: an id of another one is unknown', async () => {
    const { world, path } = await createShop()
    const { id } = await create(world, path)
    const other = await addEnvironment(world, 'Other shop')
    const wrong = `environments/${other.environment.api_key}/api-keys/${id}/`
    expect((await world.api('PATCH', wrong, { active: false })).status).toBe(404)
    expect((await world.api('DELETE', wrong)).status).toBe(404)
    expect((await world.api('PATCH', `${path}nonsense/`, { active: false })).status).toBe(404)
    expect((await world.api<Key[]>('GET', path)).body[0]?.active).toBe(true)
  })
})
