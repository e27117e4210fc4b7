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
  timestamp,
} from '../support/admin.ts'
import { addColleague } from '../support/people.ts'
import {
  createShop,
  createWebhook,
  masked,
  recordsSince,
  secret,
  url,
  type Webhook,
} from '../support/webhooks.ts'

/** One webhook for all that is refused: nothing of it changes anything. */
const atHand = (() => {
  const make = async () => {
    const shop = await createShop()
    return { ...shop, ...(await createWebhook(shop.world, shop.path)) }
  }
  let made: ReturnType<typeof make> | undefined
  return () => {
    made ??= make()
    return made
  }
})()

describe('a webhook', () => {
  it('has the fields of the contract and ours; its secret is shown once', async () => {
    const { world, path } = await createShop()
    const { status, body } = await world.api<Webhook>('POST', path, { url, secret })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      url,
      enabled: true,
      created_at: timestamp,
      updated_at: timestamp,
      secret,
      standard_secret: `whsec_${btoa(secret)}`,
      public_key: null,
      description: '',
      format: 'flagsmith',
      patterns: ['*:*'],
      ordered: true,
      headers: {},
      disabled_reason: null,
      last_status: null,
      rotation: null,
    })
    const later = { ...body, secret: masked, standard_secret: null }
    expect(await world.api('GET', path)).toMatchObject({ status: 200, body: [later] })
    expect((await world.api('GET', `${path}${body.id}/`)).status).toBe(405)
  })

  it('is changed by PUT and PATCH alike: what is left out stays', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path)
    const off = await world.api('PATCH', `${path}${id}/`, { enabled: false, description: 'CI' })
    const seen = { enabled: false, description: 'CI', secret: masked }
    expect(off).toMatchObject({ status: 200, body: { url, ...seen } })
    const moved = await world.api('PUT', `${path}${id}/`, { url: `${url}/2`, id: 7 })
    expect(moved).toMatchObject({ status: 200, body: { id, url: `${url}/2`, ...seen } })
  })

  it('is unchanged by what it already is, the same secret included', async () => {
    const { world, path } = await createShop()
    const { id, updated_at } = await createWebhook(world, path)
    const start = (await readRecords()).length
    const body = { url, secret, enabled: true, patterns: ['*:*'], headers: {} }
    expect(await world.api('PUT', `${path}${id}/`, body)).toMatchObject({
      status: 200,
      body: { updated_at, secret },
    })
    expect(await recordsSince(start)).toEqual([])
  })

  it('has patterns in the words of its format, also when the format changes alone', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path, { url, patterns: ['feature-state:*'] })
    expect(await world.api('PATCH', `${path}${id}/`, { format: 'flipt' })).toMatchObject({
      status: 400,
      body: { patterns: [expect.stringMatching(/^"feature-state:\*" fits no event/)] },
    })
    const both = { format: 'flipt', patterns: ['flag:updated', '*:deleted'] }
    expect(await world.api('PATCH', `${path}${id}/`, both)).toMatchObject({
      status: 200,
      body: both,
    })
  })

  it('is deleted', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path)
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
    const { id } = await createWebhook(world, path)
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
    const { id } = await createWebhook(world, path, { url, secret: 'first-secret-value' })
    const headers = { 'X-Key': 'third-secret-value' }
    await done(world.api('PATCH', `${path}${id}/`, { secret: 'other-secret-value', headers }))
    const next = { secret: 'fourth-secret-value' }
    await done(world.api('POST', `${path}${id}/rotate-secret/`, next))
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
    [{ url, description: 'x'.repeat(501) }, { description: [expect.any(String)] }],
    [{ url, asymmetric: 'perhaps' }, { asymmetric: [expect.any(String)] }],
    [{ url, format: 'xml' }, { format: [expect.any(String)] }],
    [{ url, patterns: [] }, { patterns: ['Use 1 to 50 patterns.'] }],
    [{ url, patterns: Array(51).fill('*:*') }, { patterns: ['Use 1 to 50 patterns.'] }],
    [{ url, patterns: ['feature'] }, { patterns: [expect.stringMatching(/^"feature" is not/)] }],
    [{ url, patterns: ['a:b:c'] }, { patterns: [expect.stringMatching(/^"a:b:c" is not/)] }],
    [
      { url, patterns: ['feat*:created', 'flag:*'] },
      { patterns: [expect.stringMatching(/^"flag:\*" fits no event.*feature-state/)] },
    ],
    [
      { url, format: 'flipt', patterns: ['feature:*', 'fl*:*'] },
      { patterns: [expect.stringMatching(/^"feature:\*" fits no event.*rollout/)] },
    ],
    [{ url, headers: { Host: 'x' } }, { headers: { Host: ['This header cannot be set.'] } }],
    [
      {
        url,
        headers: {
          'Content-Length': '1',
          'WEBHOOK-ID': 'x',
          'X-Flagsmith-Signature': 'x',
          'X-Audit-Checkpoint': 'x',
          traceparent: 'x',
        },
      },
      {
        headers: {
          'Content-Length': ['This header cannot be set.'],
          'WEBHOOK-ID': ['This header cannot be set.'],
          'X-Flagsmith-Signature': ['This header cannot be set.'],
          'X-Audit-Checkpoint': ['This header cannot be set.'],
          traceparent: ['This header cannot be set.'],
        },
      },
    ],
    [{ url, headers: { 'X A': 'x' } }, { headers: { 'X A': [expect.stringMatching(/letters/)] } }],
    [
      { url, headers: { 'X-A': 'x\r\nHost: y' } },
      { headers: { 'X-A': [expect.stringMatching(/one line/)] } },
    ],
    [
      { url, headers: { 'X-A': 'x'.repeat(1_001) } },
      { headers: { 'X-A': [expect.stringMatching(/1000 characters/)] } },
    ],
    [
      { url, headers: { 'x-a': '1', 'X-A': '2' } },
      { headers: { 'X-A': ['This header is set twice.'] } },
    ],
    [
      { url, headers: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`X-${i}`, '1'])) },
      { headers: ['Use at most 20 headers.'] },
    ],
  ])('is refused with %j, on creation and on every update', async (body, errors) => {
    const { world, path, id } = await atHand()
    expect(await world.api('POST', path, body)).toMatchObject({ status: 400, body: errors })
    if (!('url' in body)) return
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
    const { id } = await createWebhook(world, path)
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
    const { id } = await createWebhook(world, path)
    const stranger = await createWorld('Other')
    const member = await addColleague(world)
    const before = await readRecords()
    for (const [method, at, body] of [
      ['GET', path, undefined],
      ['POST', path, { url }],
      ['PUT', `${path}${id}/`, { url: 'https://evil.example.com' }],
      ['PATCH', `${path}${id}/`, { url: 'https://evil.example.com' }],
      ['DELETE', `${path}${id}/`, undefined],
      ['POST', `${path}${id}/rotate-secret/`, {}],
    ] as const) {
      expect((await api(method, at, body)).status).toBe(401)
      expect((await api(method, at, body, member.auth)).status).toBe(404)
      for (const auth of [stranger.auth, stranger.keyAuth]) {
        expect((await api(method, at, body, auth)).status).toBe(404)
      }
    }
    const own = `organisations/${world.organisation.id}/webhooks/`
    for (const [method, at, body] of [
      ['GET', own, undefined],
      ['POST', own, { url }],
      ['POST', `${own}${id}/rotate-secret/`, {}],
    ] as const) {
      expect((await api(method, at, body)).status).toBe(401)
      for (const auth of [member.auth, stranger.auth, stranger.keyAuth]) {
        expect((await api(method, at, body, auth)).status).toBe(403)
      }
    }
    expect(await readRecords()).toEqual(before)
    for (const at of [path, own]) {
      expect((await api('GET', at, undefined, world.keyAuth)).status).toBe(200)
    }
  })

  it('inside their own environment: an id of another one is unknown', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path)
    const other = await addEnvironment(world, 'Other shop')
    const wrong = `environments/${other.environment.api_key}/webhooks/${id}/`
    expect((await world.api('PATCH', wrong, { enabled: false })).status).toBe(404)
    expect((await world.api('DELETE', wrong)).status).toBe(404)
    expect((await world.api('DELETE', `${path}nonsense/`)).status).toBe(404)
    expect((await world.api('GET', path)).body).toMatchObject([{ id, enabled: true }])
  })
})
