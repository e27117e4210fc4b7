import { env as bindings } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { bodySignature } from '../../src/delivery/signing.ts'
import { seal } from '../../src/storage/seal.ts'
import {
  addDelivery,
  addDeliveryTo,
  consume,
  findDelivery,
  healthOf,
  listAttempts,
  quietEnv,
  receiver,
  second,
  setDelivery,
  t0,
} from './world.ts'

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const body = '{"data": {"name": "caf\\u00e9"}, "event_type": "FLAG_UPDATED"}'

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

describe('a delivery that succeeds', () => {
  it('sends the frozen bytes, signed, and records the answer', async () => {
    const { id, eventId } = await addDelivery({ secret, body })
    const { tools, requests, clock } = receiver(() => {
      clock.now += 250
      return new Response('thanks', { status: 202 })
    })
    await consume(quietEnv().env, tools, [id])

    const [sent] = requests
    expect(sent?.body).toBe(body)
    expect(sent?.url).toBe('https://receiver.example/hook')
    expect(sent?.redirect).toBe('manual')
    expect(Object.fromEntries(sent?.headers ?? [])).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': eventId,
      'webhook-timestamp': String(t0 / second),
      'x-flagsmith-signature': await bodySignature(secret, body),
      'x-flipt-webhook-signature': await bodySignature(secret, body),
      'x-sequence': '1',
      'x-previous-sequence': '0',
      'x-attempt': '1',
    })
    const [logged] = await listAttempts(id)
    expect(JSON.parse(logged?.requestHeaders ?? '')).toMatchObject({
      'webhook-id': eventId,
      'webhook-signature': sent?.headers.get('webhook-signature'),
    })
    expect(await findDelivery(id)).toMatchObject({
      state: 'delivered',
      attempts: 1,
      nextAttemptAt: null,
      leasedUntil: 0,
    })
    expect(await listAttempts(id)).toEqual([
      {
        number: 1,
        startedAt: t0,
        endedAt: t0 + 250,
        durationMs: 250,
        outcome: 'delivered',
        requestHeaders: expect.any(String),
        responseStatus: 202,
        responseBody: 'thanks',
        error: null,
      },
    ])
  })

  it('goes out without signatures when the endpoint has no secret', async () => {
    const { id, eventId } = await addDelivery()
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(quietEnv().env, tools, [id])
    const headers = requests[0]?.headers
    expect(headers?.get('webhook-id')).toBe(eventId)
    expect(headers?.get('webhook-timestamp')).toBe(String(t0 / second))
    expect(headers?.has('webhook-signature')).toBe(false)
    expect(headers?.has('X-Flagsmith-Signature')).toBe(false)
  })
})

describe('a delivery that fails', () => {
  it('is rung for again after the delay and records why', async () => {
    const { id } = await addDelivery()
    const { env, rung } = quietEnv()
    const { tools } = receiver(() => new Response('broken', { status: 500 }))
    const result = await consume(env, tools, [id])
    expect(result.explicitAcks).toEqual(['0'])
    expect(rung).toEqual([{ deliveryId: id, delaySeconds: 5 }])
    expect(await findDelivery(id)).toMatchObject({
      state: 'waiting',
      attempts: 1,
      nextAttemptAt: t0 + 5 * second,
      leasedUntil: 0,
    })
    expect(await listAttempts(id)).toMatchObject([
      { outcome: 'failed', responseStatus: 500, responseBody: 'broken', error: 'status' },
    ])
  })

  it('repeats identical bytes under a fresh timestamp and signature', async () => {
    const { id, eventId } = await addDelivery({ secret, body })
    const { env } = quietEnv()
    const { tools, requests, clock } = receiver(() => new Response('', { status: 503 }))
    // The verifier compares with the real clock.
    clock.now = Date.now()
    await setDelivery(id, { attempts: 0, nextAttemptAt: clock.now })
    await consume(env, tools, [id])
    clock.now += 7 * second
    await consume(env, tools, [id])

    expect(requests).toHaveLength(2)
    expect(new Set(requests.map((sent) => sent.body))).toEqual(new Set([body]))
    const of = (name: string) => requests.map((sent) => sent.headers.get(name))
    expect(of('webhook-id')).toEqual([eventId, eventId])
    expect(new Set(of('webhook-timestamp')).size).toBe(2)
    expect(new Set(of('webhook-signature')).size).toBe(2)
    expect(new Set(of('X-Flagsmith-Signature')).size).toBe(1)
    for (const sent of requests) {
      expect(() =>
        new Webhook(secret).verify(sent.body, Object.fromEntries(sent.headers)),
      ).not.toThrow()
    }
  })

  it('still sends what was frozen for it after the flag has changed again', async () => {
    const { id, webhookId, environmentId } = await addDelivery({ body: '{"state": "old"}' })
    const { env } = quietEnv()
    const down = receiver(() => new Response('', { status: 503 }))
    await consume(env, down.tools, [id])
    const later = await addDeliveryTo(webhookId, environmentId, '{"state": "new"}')
    const { tools, clock, requests } = receiver(() => new Response('ok'))
    clock.now = t0 + 5 * second
    await consume(env, tools, [id, later.id])
    const bodies = new Map(requests.map((sent) => [sent.headers.get('x-sequence'), sent.body]))
    expect(bodies).toEqual(
      new Map([
        ['1', '{"state": "old"}'],
        ['2', '{"state": "new"}'],
      ]),
    )
  })

  it('waits as long as the receiver asks', async () => {
    const { id } = await addDelivery()
    const { env, rung } = quietEnv()
    const headers = { 'retry-after': '90' }
    const { tools } = receiver(() => new Response('', { status: 429, headers }))
    await consume(env, tools, [id])
    expect(rung).toEqual([{ deliveryId: id, delaySeconds: 90 }])
    expect(await findDelivery(id)).toMatchObject({ nextAttemptAt: t0 + 90 * second })
  })

  it('leaves waits beyond half a day to the sweep', async () => {
    const { id } = await addDelivery()
    const { env, rung } = quietEnv()
    const headers = { 'retry-after': '999999999' }
    const { tools } = receiver(() => new Response('', { status: 503, headers }))
    await consume(env, tools, [id])
    expect(rung).toEqual([])
    expect(await findDelivery(id)).toMatchObject({ nextAttemptAt: t0 + 86_400 * second })
  })

  it('is given up after ten attempts, each one recorded', async () => {
    const { id } = await addDelivery()
    const { env } = quietEnv()
    const { tools, requests, clock } = receiver(() => new Response('', { status: 404 }))
    for (let round = 0; round < 24; round++) {
      await consume(env, tools, [id])
      clock.now = (await findDelivery(id))?.nextAttemptAt ?? clock.now + 86_400 * second
    }
    expect(requests).toHaveLength(10)
    expect((await listAttempts(id)).map((attempt) => attempt.number)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ])
    expect(await findDelivery(id)).toMatchObject({
      state: 'dead',
      reason: 'attempts used up',
      attempts: 10,
      nextAttemptAt: null,
    })
  })

  it('is given up at once when the receiver is gone for good, and its endpoint with it', async () => {
    const { id, webhookId } = await addDelivery()
    const { env, rung } = quietEnv()
    const { tools } = receiver(() => new Response('', { status: 410 }))
    const { farewells } = await consume(env, tools, [id])
    expect(rung).toEqual([])
    expect(await findDelivery(id)).toMatchObject({ state: 'dead', reason: 'gone', attempts: 1 })
    expect(await listAttempts(id)).toMatchObject([{ error: 'gone', responseStatus: 410 }])
    expect(farewells).toEqual([t0])
    expect(await healthOf(webhookId)).toMatchObject({ goneAt: t0, lastStatus: 410 })
  })

  it.each([
    ['disable', 'gone', 1],
    ['abort-message', 'aborted by the receiver', 0],
  ])(
    'takes a receiver at its word that says webhook-delivery: %s',
    async (word, reason, farewells) => {
      const { id } = await addDelivery()
      const headers = { 'webhook-delivery': word }
      const { tools } = receiver(() => new Response('', { status: 400, headers }))
      const result = await consume(quietEnv().env, tools, [id])
      expect(await findDelivery(id)).toMatchObject({ state: 'dead', reason })
      expect(result.farewells).toHaveLength(farewells)
    },
  )

  it('whose senders died ten times is given up without an eleventh request', async () => {
    const { id } = await addDelivery()
    await setDelivery(id, { attempts: 10, nextAttemptAt: t0 })
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(quietEnv().env, tools, [id])
    expect(requests).toEqual([])
    expect(await findDelivery(id)).toMatchObject({ state: 'dead', attempts: 10 })
  })

  it.each(['https://169.254.169.254/latest/meta-data/', 'http://localhost/'])(
    'does not follow a redirect to %s',
    async (location) => {
      const { id } = await addDelivery()
      const { tools, requests } = receiver(
        () => new Response('', { status: 302, headers: { location } }),
      )
      await consume(quietEnv().env, tools, [id])
      expect(requests.map((sent) => sent.url)).toEqual(['https://receiver.example/hook'])
      expect(requests[0]?.redirect).toBe('manual')
      expect(await listAttempts(id)).toMatchObject([{ error: 'redirect', responseStatus: 302 }])
    },
  )

  it('never goes out unsigned when the stored secret cannot be opened', async () => {
    const { id } = await addDelivery({ secret })
    const { env } = quietEnv({ BURGEE_SECRET: 'b3RoZXI=' })
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(env, tools, [id])
    expect(requests).toEqual([])
    expect(await findDelivery(id)).toMatchObject({ state: 'waiting', attempts: 1 })
    const [attempt] = await listAttempts(id)
    expect(attempt).toMatchObject({ outcome: 'failed', responseStatus: null })
    expect(attempt?.error).toMatch(/^sealed: /)
  })
})

describe('a replayed delivery', () => {
  it('goes out once more, with ten attempts before it is given up again', async () => {
    const { id } = await addDelivery()
    await bindings.DB.prepare(
      'UPDATE deliveries SET attempts = 10, earlier_attempts = 10 WHERE id = ?',
    )
      .bind(id)
      .run()
    const { env, rung } = quietEnv()
    const { tools, requests } = receiver(() => new Response('', { status: 404 }))
    await consume(env, tools, [id])
    expect(requests[0]?.headers.get('x-attempt')).toBe('11')
    expect(rung).toEqual([{ deliveryId: id, delaySeconds: 5 }])
    expect(await findDelivery(id)).toMatchObject({ state: 'waiting', reason: null, attempts: 11 })
  })
})

describe('an endpoint with headers of its own', () => {
  it('gets them beneath ours, and the attempt log only their names', async () => {
    const { id, webhookId } = await addDelivery({ secret, body })
    const custom = { Authorization: 'Bearer canary', 'Webhook-Id': 'forged' }
    await bindings.DB.prepare('UPDATE webhooks SET sealed_headers = ? WHERE id = ?')
      .bind(await seal(bindings.BURGEE_SECRET, JSON.stringify(custom)), webhookId)
      .run()
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(quietEnv().env, tools, [id])
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer canary')
    expect(requests[0]?.headers.get('webhook-id')).not.toContain('forged')
    const [attempt] = await listAttempts(id)
    expect(attempt?.requestHeaders).toContain('"Authorization":"(hidden)"')
    expect(JSON.stringify(attempt)).not.toContain('canary')
  })

  it('is signed with both secrets during a rotation', async () => {
    const { id, webhookId } = await addDelivery({ secret, body })
    const next = 'whsec_bmV4dCBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcyE='
    await bindings.DB.prepare('UPDATE webhooks SET sealed_next_secret = ? WHERE id = ?')
      .bind(await seal(bindings.BURGEE_SECRET, next), webhookId)
      .run()
    const { tools, requests, clock } = receiver(() => new Response('ok'))
    clock.now = Date.now()
    await consume(quietEnv().env, tools, [id])
    for (const known of [secret, next]) {
      const headers = Object.fromEntries(requests[0]?.headers ?? [])
      expect(() => new Webhook(known).verify(body, headers)).not.toThrow()
    }
  })
})
