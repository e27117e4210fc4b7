import { describe, expect, it } from 'vitest'
import { send } from '../../src/delivery/send.ts'

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
