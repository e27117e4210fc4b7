import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { administration } from '../../src/app.ts'
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

type Webhook = { id: number; url: string; secret: string | null; updated_at: string }

const url = 'https://hooks.example.com/flags'
const secret = 'a secret nobody guesses'

async function createShop() {
  const world = await createWorld()
  const place = await addEnvironment(world)
  return { world, ...place, path: `environments/${place.environment.api_key}/webhooks/` }
}

const create = (world: World, path: string, body: object = { url, secret }) =>
  done(world.api<Webhook>('POST', path, body))

const recordsSince = async (start: number) =>
  (await readRecords()).slice(start).map((record) => JSON.parse(record))

describe('a webhook', () => {
  it('is shown with its secret, as the contract has it', async () => {
    const { world, path } = await createShop()
    const { status, body } = await world.api<Webhook>('POST', path, { url, secret })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      url,
      enabled: true,
      created_at: expect.stringMatching(/\.\d{6}Z$/),
      updated_at: expect.stringMatching(/\.\d{6}Z$/),
      secret,
    })
    expect(await world.api('GET', path)).toMatchObject({ status: 200, body: [body] })
    expect((await world.api('GET', `${path}${body.id}/`)).status).toBe(405)
  })

  it('is changed by PUT and PATCH alike: what is left out stays', async () => {
    const { world, path } = await createShop()
    const { id } = await create(world, path)
    const off = await world.api('PATCH', `${path}${id}/`, { enabled: false })
    expect(off).toMatchObject({ status: 200, body: { url, enabled: false, secret } })
    const moved = await world.api('PUT', `${path}${id}/`, { url: `${url}/2`, id: 7 })
    expect(moved).toMatchObject({
      status: 200,
      body: { id, url: `${url}/2`, enabled: false, secret },
    })
  })

  it('loses its secret to null and to blank, and may have none', async () => {
    const { world, path, environment } = await createShop()
    const { id } = await create(world, path)
    for (const nothing of [null, '']) {
      await done(world.api('PATCH', `${path}${id}/`, { secret }))
      const answer = await world.api('PATCH', `${path}${id}/`, { secret: nothing })
      expect(answer).toMatchObject({ status: 200, body: { secret: null } })
    }
    expect(await create(world, path, { url, secret: '' })).toMatchObject({ secret: null })
    expect(await create(world, path, { url })).toMatchObject({ secret: null })
    const sealed = await env.DB.prepare(
      'SELECT count(*) AS n FROM webhooks WHERE environment_id = ? AND sealed_secret IS NOT NULL',
    )
      .bind(environment.id)
      .first()
    expect(sealed).toEqual({ n: 0 })
  })

  it('is unchanged by what it already is, the same secret included', async () => {
    const { world, path } = await createShop()
    const { id, updated_at } = await create(world, path)
    const start = (await readRecords()).length
    const body = { url, secret, enabled: true }
    expect(await world.api('PUT', `${path}${id}/`, body)).toMatchObject({
      status: 200,
      body: { updated_at, secret },
    })
    expect(await recordsSince(start)).toEqual([])
  })

  it('is deleted', async () => {
    const { world, path } = await createShop()
    const { id } = await create(world, path)
    expect(await world.api('DELETE', `${path}${id}/`)).toMatchObject({ status: 204, body: null })
    expect((await world.api('GET', path)).body).toEqual([])
    for (const method of ['PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { enabled: true } : undefined
      expect((await world.api(method, `${path}${id}/`, body)).status).toBe(404)
    }
  })

  it('leaves entries that say whether it is signed, never with what', async () => {
    const { world, path, environment } = await createShop()
    const start = (await readRecords()).length
    const { id } = await create(world, path)
    await done(world.api('PATCH', `${path}${id}/`, { secret: 'another secret' }))
    await done(world.api('PATCH', `${path}${id}/`, { secret: null }))
    await done(world.api('DELETE', `${path}${id}/`))
    const records = await recordsSince(start)
    expect(
      records.map(({ action, before, after }) => [action, before?.signed, after?.signed]),
    ).toEqual([
      ['webhook.created', undefined, true],
      ['webhook.updated', true, true],
      ['webhook.updated', true, false],
      ['webhook.deleted', false, undefined],
    ])
    expect(records[0]).toMatchObject({
      ledger: `organisation:${world.organisation.id}`,
      environment: { id: environment.id, name: 'Production' },
      resource: { type: 'WEBHOOK', id: String(id), name: url },
    })
    expect(JSON.stringify(records)).not.toMatch(/nobody guesses|another secret/)
  })

  it('has a secret that is nowhere in the database', async () => {
    const { world, path } = await createShop()
    const { id } = await create(world, path, { url, secret: 'first-secret-value' })
    await done(world.api('PATCH', `${path}${id}/`, { secret: 'other-secret-value' }))
    const dump = await dumpDatabase()
    expect(dump).not.toContain('secret-value')
    expect(dump).toContain('v1.')
  })

  it.each([
    [{}, { url: ['This field is required.'] }],
    [{ url: '' }, { url: ['This field may not be blank.'] }],
    [{ url: 'nowhere' }, { url: ['Enter a valid URL.'] }],
    [{ url: 'ftp://hooks.example.com' }, { url: [expect.stringMatching(/https/)] }],
    [{ url: 'https://a:b@hooks.example.com' }, { url: [expect.stringMatching(/password/)] }],
    [{ url: `${url}/${'x'.repeat(200)}` }, { url: [expect.stringMatching(/200 characters/)] }],
    [{ url, secret: 'x'.repeat(256) }, { secret: [expect.stringMatching(/255 characters/)] }],
  ])('is refused with %j, on creation and on every update', async (body, errors) => {
    const { world, path } = await createShop()
    expect(await world.api('POST', path, body)).toMatchObject({ status: 400, body: errors })
    if (!('url' in body)) return
    const { id } = await create(world, path)
    for (const method of ['PUT', 'PATCH']) {
      expect(await world.api(method, `${path}${id}/`, body)).toMatchObject({
        status: 400,
        body: errors,
      })
    }
  })

  it.each([
    'http://hooks.example.com/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/meta-data/',
    'https://localhost./',
    'https://hooks.example.com:22/',
  ])('may not point at %s unless the operator allows it', async (private_url) => {
    const { world, path } = await createShop()
    const { id } = await create(world, path)
    const strict = { ...env, ALLOW_PRIVATE_WEBHOOKS: 'false' }
    for (const [method, at] of [
      ['POST', path],
      ['PUT', `${path}${id}/`],
      ['PATCH', `${path}${id}/`],
    ] as const) {
      const request = new Request(`http://localhost/api/v1/${at}`, {
        method,
        headers: { Authorization: world.auth, 'Content-Type': 'application/json' },
        body: JSON.stringify({ url: private_url }),
      })
      const response = await administration.fetch(request, strict)
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({ url: [expect.stringMatching(/^Use /)] })
    }
    expect((await world.api<Webhook[]>('GET', path)).body).toMatchObject([{ id, url }])
  })
})

describe('webhooks are managed', () => {
  it('by administrators only; to strangers the environment does not exist', async () => {
    const { world, path } = await createShop()
    const { id } = await create(world, path)
    const stranger = await createWorld('Other')
    const member = await addColleague(world)
    const before = await readRecords()
    for (const [method, at, body] of [
      ['GET', path, undefined],
      ['POST', path, { url }],
      ['PUT', `${path}${id}/`, { url: 'https://evil.example.com' }],
      ['PATCH', `${path}${id}/`, { url: 'https://evil.example.com' }],
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
    const wrong = `environments/${other.environment.api_key}/webhooks/${id}/`
    expect((await world.api('PATCH', wrong, { enabled: false })).status).toBe(404)
    expect((await world.api('DELETE', wrong)).status).toBe(404)
    expect((await world.api('DELETE', `${path}nonsense/`)).status).toBe(404)
    expect((await world.api('GET', path)).body).toMatchObject([{ id, enabled: true }])
  })
})
