import { env as bindings } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { send } from '../../src/delivery/send.ts'
import { seal } from '../../src/storage/seal.ts'
import {
  addDelivery,
  consume,
  findDelivery,
  listAttempts,
  quietEnv,
  receiver,
  second,
  t0,
} from './world.ts'

const request = {
  url: 'https://receiver.example/hook',
  headers: { 'webhook-id': 'evt_1' },
  body: '{"data": {}}',
}
const now = Date.UTC(2026, 10, 20, 12, 0, 0)

type Answer = (init: RequestInit) => Response | Promise<Response>

const sendTo = (answer: Answer, timeoutMs = 5_000) =>
  send(request, {
    fetch: (async (_url: unknown, init: RequestInit) => answer(init)) as typeof fetch,
    now: () => now,
    timeoutMs,
  })

/** A body that goes on for ever: `chunk` bytes every `everyMs`. Knows how much was taken of it. */
function endless(chunk: number, everyMs: number) {
  const taken = { bytes: 0, cancelled: false }
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs))
        if (taken.cancelled) return
        taken.bytes += chunk
        controller.enqueue(new Uint8Array(chunk).fill(120))
      },
      cancel() {
        taken.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, taken }
}

describe('one attempt', () => {
  it('posts the exact body with its headers and follows nothing', async () => {
    let seen: RequestInit = {}
    await sendTo((init) => {
      seen = init
      return new Response('ok')
    })
    expect(seen).toMatchObject({ method: 'POST', body: request.body, redirect: 'manual' })
    const headers = new Headers(seen.headers)
    expect([...headers]).toEqual([
      ['content-type', 'application/json'],
      ['user-agent', 'Burgee/0.1'],
      ['webhook-id', 'evt_1'],
    ])
  })

  it.each([200, 201, 202, 204, 299])('is delivered by status %i', async (status) => {
    const result = await sendTo(() => new Response(null, { status }))
    expect(result).toEqual({
      delivered: true,
      status,
      failure: null,
      retryAfter: null,
      snippet: '',
    })
  })

  it.each([
    [300, 'redirect'],
    [301, 'redirect'],
    [302, 'redirect'],
    [304, 'redirect'],
    [307, 'redirect'],
    [308, 'redirect'],
    [400, 'status'],
    [401, 'status'],
    [404, 'status'],
    [409, 'status'],
    [410, 'gone'],
    [429, 'status'],
    [500, 'status'],
    [502, 'status'],
    [503, 'status'],
    [504, 'status'],
  ])('has failed with status %i: %s', async (status, failure) => {
    const result = await sendTo(() => new Response(null, { status }))
    expect(result).toMatchObject({ delivered: false, status, failure })
  })

  it.each([
    ['30', 30],
    ['Fri, 20 Nov 2026 12:02:00 GMT', 120],
    ['whenever', null],
  ])('brings back Retry-After %j as %j', async (header, retryAfter) => {
    const headers = { 'retry-after': header }
    const result = await sendTo(() => new Response('busy', { status: 503, headers }))
    expect(result).toMatchObject({ retryAfter, snippet: 'busy' })
  })

  it('keeps the first 4 kB of the answer, cut between characters', async () => {
    const result = await sendTo(() => new Response(`x${'é'.repeat(4_000)}`))
    expect(result.snippet).toBe(`x${'é'.repeat(2_047)}`)
  })

  it('keeps what a database can hold of a binary answer', async () => {
    const bytes = new Uint8Array([0, 65, 255, 254, 66])
    const { snippet } = await sendTo(() => new Response(bytes))
    expect(snippet).toBe('\ufffdA\ufffd\ufffdB')
  })
})

describe('a receiver that', () => {
  it('never answers is left after the time limit', async () => {
    const result = await sendTo(() => new Promise<Response>(() => undefined), 40)
    expect(result).toMatchObject({ delivered: false, status: null, failure: 'timeout' })
  })

  it('is aborted learns of it through the signal', async () => {
    const result = await sendTo(
      ({ signal }) =>
        new Promise<Response>((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
      40,
    )
    expect(result).toMatchObject({ failure: 'timeout' })
  })

  it('cannot be reached is a failed connection, and the reason does not leak the URL', async () => {
    const result = await sendTo(() => {
      throw new TypeError(`cannot connect to ${request.url}`)
    })
    expect(result).toEqual({
      delivered: false,
      status: null,
      failure: 'connection',
      retryAfter: null,
      snippet: '',
    })
  })

  it('sends a gigabyte is cut off after 16 kB', async () => {
    const { stream, taken } = endless(1_024, 0)
    const result = await sendTo(() => new Response(stream))
    expect(result).toMatchObject({ delivered: true, status: 200 })
    expect(result.snippet).toBe('x'.repeat(4_096))
    expect(taken.bytes).toBeLessThanOrEqual(17 * 1_024)
    expect(taken.cancelled).toBe(true)
  })

  it('sends huge chunks still fills no more than the snippet', async () => {
    const { stream, taken } = endless(8 * 1_024 * 1_024, 0)
    const result = await sendTo(() => new Response(stream))
    expect(result.snippet).toBe('x'.repeat(4_096))
    expect(taken.cancelled).toBe(true)
  })

  it.each([
    [200, true, null],
    [500, false, 'status'],
  ])(
    'drips its body is cut off in time, and status %i decides',
    async (status, delivered, failure) => {
      const { stream, taken } = endless(1, 10)
      const started = Date.now()
      const result = await sendTo(() => new Response(stream, { status }), 120)
      expect(Date.now() - started).toBeLessThan(1_000)
      expect(result).toMatchObject({ delivered, status, failure })
      expect(result.snippet).toMatch(/^x+$/)
      expect(taken.cancelled).toBe(true)
    },
  )

  it('stops in the middle of its body is cut off in time', async () => {
    const stalled = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('begun')),
    })
    const result = await sendTo(() => new Response(stalled), 60)
    expect(result).toMatchObject({ delivered: true, snippet: 'begun' })
  })

  it('breaks off in the middle of its body has still said yes', async () => {
    let pulls = 0
    const broken = new ReadableStream({
      pull(controller) {
        if (pulls++ === 0) controller.enqueue(new TextEncoder().encode('begun'))
        else controller.error(new Error('reset'))
      },
    })
    const result = await sendTo(() => new Response(broken))
    expect(result).toMatchObject({ delivered: true, snippet: 'begun' })
  })
})

describe('an endpoint with a key pair', () => {
  // Contract audit-and-webhooks §9.5.
  const seed = '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc='
  const publicKey = '1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='
  const body = '{"data": {"name": "caf\\u00e9"}, "event_type": "FLAG_UPDATED"}'
  const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))

  async function addSigned(sealedUnder: string, text = seed) {
    const added = await addDelivery({ body })
    const sealed = await seal(sealedUnder, text)
    await bindings.DB.prepare('UPDATE webhooks SET sealed_private_key = ? WHERE id = ?')
      .bind(sealed, added.webhookId)
      .run()
    return added
  }

  it('gets what its public key verifies, also without a secret', async () => {
    const { id, eventId } = await addSigned(bindings.BURGEE_SECRET)
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(quietEnv().env, tools, [id])
    const headers = requests[0]?.headers
    const [version, signature = ''] = headers?.get('webhook-signature')?.split(',') ?? []
    expect(version).toBe('v1a')
    const key = await crypto.subtle.importKey('raw', bytesOf(publicKey), 'Ed25519', false, [
      'verify',
    ])
    const signed = new TextEncoder().encode(`${eventId}.${t0 / second}.${body}`)
    expect(await crypto.subtle.verify('Ed25519', key, bytesOf(signature), signed)).toBe(true)
    expect(headers?.has('X-Flagsmith-Signature')).toBe(false)
  })

  it.each([
    ['cannot be opened', 'another secret', seed],
    ['is none', bindings.BURGEE_SECRET, 'dG9vIHNob3J0'],
  ])('gets nothing when the stored key %s', async (_, sealedUnder, text) => {
    const { id } = await addSigned(sealedUnder, text)
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(quietEnv().env, tools, [id])
    expect(requests).toEqual([])
    expect(await findDelivery(id)).toMatchObject({ state: 'waiting', attempts: 1 })
    expect(await listAttempts(id)).toMatchObject([{ error: expect.stringMatching(/^sealed: /) }])
  })
})

it('all attempts of an event are of one trace, each with a parent of its own', async () => {
  const { id } = await addDelivery()
  const { tools, requests, clock } = receiver(() => new Response('', { status: 500 }))
  const { env } = quietEnv()
  await consume(env, tools, [id])
  clock.now += 7 * second
  await consume(env, tools, [id])
  const traces = requests.map(({ headers }) => headers.get('traceparent')?.split('-') ?? [])
  expect(traces).toHaveLength(2)
  for (const trace of traces) {
    expect(trace.join('-')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  }
  expect(traces[0]?.[1]).toBe(traces[1]?.[1])
  expect(traces[0]?.[2]).not.toBe(traces[1]?.[2])
})

it('each attempt tells what the audit log has promised by then, and its row does not', async () => {
  // An environment has the id of its organisation here.
  const { id, environmentId } = await addDelivery()
  const promised = (organisationId: number, size: number) =>
    bindings.DB.prepare(
      `INSERT INTO checkpoints VALUES (?, ?, ?, 0) ON CONFLICT DO UPDATE SET size = excluded.size`,
    )
      .bind(`organisation:${organisationId}`, size, '05'.repeat(32))
      .run()
  await promised((await addDelivery()).environmentId, 9)
  const { env } = quietEnv()
  const { tools, requests, clock } = receiver(() => new Response('', { status: 500 }))
  for (const size of [0, 5, 8]) {
    if (size > 0) await promised(environmentId, size)
    await consume(env, tools, [id])
    clock.now = (await findDelivery(id))?.nextAttemptAt ?? clock.now
  }
  const told = requests.map(({ headers }) => headers.get('x-audit-checkpoint'))
  const lines = told.map((header) => header && atob(header).split('\n').slice(0, 2))
  const origin = `burgee/audit/o${environmentId}/organisation:${environmentId}`
  expect(lines).toEqual([null, [origin, '5'], [origin, '8']])
  const kept = (await listAttempts(id)).map(({ requestHeaders }) =>
    JSON.parse(requestHeaders ?? ''),
  )
  const shown = kept.map((headers) => headers['x-audit-checkpoint'])
  expect(shown).toEqual([undefined, '(not kept)', '(not kept)'])
})
