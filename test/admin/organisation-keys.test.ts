import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import { api, createWorld, done, dumpDatabase, readRecords, type World } from '../support/admin.ts'
import { addColleague } from '../support/people.ts'

type Key = { id: string; prefix: string; key: string | null; name: string }
type Page = { count: number; next: string | null; results: Key[] }

const pathOf = (world: World, prefix?: string) =>
  `organisations/${world.organisation.id}/master-api-keys/${prefix === undefined ? '' : `${prefix}/`}`

const create = (world: World, body: object = { name: 'deploys' }) =>
  done(world.api<Key & { key: string }>('POST', pathOf(world), body))

const works = async (key: string) =>
  (await api('GET', 'organisations/', undefined, `Api-Key ${key}`)).status === 200

describe('an organisation key', () => {
  it('is shown whole when it is made, and never again', async () => {
    const world = await createWorld()
    const { status, body } = await world.api<Key & { key: string }>('POST', pathOf(world), {
      name: 'deploys',
    })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9]{8}\.[0-9a-f]{8}$/),
      prefix: body.key.slice(0, 8),
      created: expect.stringMatching(/\.\d{6}Z$/),
      name: 'deploys',
      revoked: false,
      expiry_date: null,
      key: expect.stringMatching(/^[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}$/),
      is_admin: true,
      has_expired: false,
      created_by: world.superuser.id,
    })
    const one = await world.api('GET', pathOf(world, body.prefix))
    expect(one).toMatchObject({ status: 200, body: { ...body, key: null } })
    const list = await done(world.api<Page>('GET', pathOf(world)))
    expect(list.results.find(({ prefix }) => prefix === body.prefix)).toEqual(one.body)
  })

  it('acts for its organisation at once', async () => {
    const { key } = await create(await createWorld())
    expect(await works(key)).toBe(true)
    expect(await works(`${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`)).toBe(false)
    expect(await works(key.slice(0, 8))).toBe(false)
    expect(await works(`${key.slice(0, 8)}.`)).toBe(false)
  })

  it('is stored as a hash that neither answers nor entries show', async () => {
    const world = await createWorld()
    const { key, prefix } = await create(world)
    await done(world.api('PATCH', pathOf(world, prefix), { name: 'renamed' }))
    const hash = await sha256Hex(key)
    const dump = await dumpDatabase()
    expect(dump).not.toContain(key)
    expect(dump).not.toContain(key.slice(9))
    expect(dump).toContain(hash)
    expect((await readRecords()).join()).not.toContain(hash)
    expect(JSON.stringify((await world.api('GET', pathOf(world))).body)).not.toContain(hash)
  })

  it('expires', async () => {
    const world = await createWorld()
    const soon = '2999-01-02T03:04:05+01:00'
    const { key, prefix } = await create(world, { name: 'short', expiry_date: soon })
    expect(await works(key)).toBe(true)
    const read = await world.api('GET', pathOf(world, prefix))
    expect(read.body).toMatchObject({
      expiry_date: '2999-01-02T02:04:05.000000Z',
      has_expired: false,
    })
    const past = await world.api('PATCH', pathOf(world, prefix), {
      expiry_date: '2020-01-01T00:00:00Z',
    })
    expect(past.body).toMatchObject({ has_expired: true })
    expect(await works(key)).toBe(false)
    const answer = await api('GET', 'organisations/', undefined, `Api-Key ${key}`)
    expect(answer).toMatchObject({
      status: 401,
      body: { detail: 'Valid Master API Key not found.' },
    })
    await done(world.api('PUT', pathOf(world, prefix), { expiry_date: null }))
    expect(await works(key)).toBe(true)
  })

  it('stops when it is revoked, for good', async () => {
    const world = await createWorld()
    const { key, prefix } = await create(world)
    const revoked = await world.api('PATCH', pathOf(world, prefix), { revoked: true })
    expect(revoked).toMatchObject({ status: 200, body: { revoked: true, key: null } })
    expect(await works(key)).toBe(false)
    const back = await world.api('PATCH', pathOf(world, prefix), { revoked: false })
    expect(back).toMatchObject({
      status: 400,
      body: { revoked: [expect.stringMatching(/cannot be undone/)] },
    })
    expect((await world.api('PUT', pathOf(world, prefix), { name: 'late' })).status).toBe(200)
  })

  it('stops when it is deleted', async () => {
    const world = await createWorld()
    const { key, prefix } = await create(world)
    expect(await world.api('DELETE', pathOf(world, prefix))).toMatchObject({
      status: 204,
      body: null,
    })
    expect(await works(key)).toBe(false)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? {} : undefined
      expect((await world.api(method, pathOf(world, prefix), body)).status).toBe(404)
    }
  })

  it('leaves an entry for every change, and none where nothing changed', async () => {
    const world = await createWorld()
    const before = (await readRecords()).length
    const { prefix } = await create(world)
    await done(world.api('PATCH', pathOf(world, prefix), { name: 'deploys', revoked: false }))
    await done(world.api('PATCH', pathOf(world, prefix), { name: 'renamed' }))
    await done(world.api('DELETE', pathOf(world, prefix)))
    const records = (await readRecords()).slice(before).map((record) => JSON.parse(record))
    expect(records.map(({ action }) => action)).toEqual([
      'organisation-key.created',
      'organisation-key.updated',
      'organisation-key.deleted',
    ])
    expect(records[1]).toMatchObject({
      resource: { type: 'ORGANISATION_KEY', id: prefix, name: 'renamed' },
      before: { name: 'deploys' },
      after: { name: 'renamed' },
    })
  })

  it.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: 'x'.repeat(51) }, { name: ['Ensure this field has no more than 50 characters.'] }],
    [{ name: 'x', expiry_date: 'soon' }, { expiry_date: [expect.stringMatching(/wrong format/)] }],
    [{ name: 'x', is_admin: false }, { is_admin: [expect.stringMatching(/need roles/)] }],
  ])('is refused with %j', async (body, errors) => {
    const world = await createWorld()
    expect(await world.api('POST', pathOf(world), body)).toMatchObject({
      status: 400,
      body: errors,
    })
  })

  it('is listed ten to a page', async () => {
    const world = await createWorld()
    for (let index = 0; index < 10; index++) await create(world, { name: `key ${index}` })
    const first = await done(world.api<Page>('GET', `${pathOf(world)}?page_size=999`))
    expect(first.count).toBe(11)
    expect(first.results).toHaveLength(10)
    const second = await done(world.api<Page>('GET', `${pathOf(world)}?page=2`))
    expect(second.results).toHaveLength(1)
    expect((await world.api('GET', `${pathOf(world)}?page=3`)).status).toBe(404)
  })
})

describe('organisation keys are managed', () => {
  const calls = (world: World, prefix: string) =>
    [
      ['GET', pathOf(world), undefined],
      ['POST', pathOf(world), { name: 'stolen' }],
      ['GET', pathOf(world, prefix), undefined],
      ['PUT', pathOf(world, prefix), { name: 'stolen' }],
      ['PATCH', pathOf(world, prefix), { revoked: true }],
      ['DELETE', pathOf(world, prefix), undefined],
    ] as const

  it('by administrators in person only: not by keys, members or strangers', async () => {
    const world = await createWorld()
    const stranger = await createWorld('Other')
    const member = await addColleague(world)
    const before = await readRecords()
    for (const [method, path, body] of calls(world, world.keyPrefix)) {
      for (const auth of [world.keyAuth, member.auth, stranger.auth, stranger.keyAuth]) {
        expect((await api(method, path, body, auth)).status).toBe(403)
      }
      expect((await api(method, path, body)).status).toBe(401)
    }
    expect(await readRecords()).toEqual(before)
  })

  it('inside their own organisation: a foreign prefix is unknown', async () => {
    const world = await createWorld()
    const other = await createWorld('Other')
    for (const [method, path, body] of calls(world, other.keyPrefix)) {
      if (path === pathOf(world)) continue
      expect((await world.api(method, path, body)).status).toBe(404)
    }
    const row = await env.DB.prepare('SELECT name, revoked FROM organisation_keys WHERE prefix = ?')
      .bind(other.keyPrefix)
      .first()
    expect(row).toEqual({ name: 'automation', revoked: 0 })
  })
})
