import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  addDelivery,
  consume,
  findDelivery,
  listAttempts,
  quietEnv,
  receiver,
  t0,
} from './world.ts'

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

afterEach(() => {
  vi.restoreAllMocks()
})

describe('claiming', () => {
  it('of ten messages for one delivery exactly one becomes an attempt', async () => {
    const { id } = await addDelivery()
    const { env } = quietEnv()
    const { tools, requests } = receiver(() => new Response('ok'))
    const results = await Promise.all([
      consume(env, tools, Array(4).fill(id)),
      consume(env, tools, Array(3).fill(id)),
      consume(env, tools, Array(3).fill(id)),
    ])
    expect(requests).toHaveLength(1)
    expect(await listAttempts(id)).toHaveLength(1)
    expect(await findDelivery(id)).toMatchObject({ state: 'delivered', attempts: 1 })
    expect(results.flatMap((result) => result.explicitAcks)).toHaveLength(10)
  })

  it('a message that comes before its time does nothing', async () => {
    const { id } = await addDelivery()
    const { env } = quietEnv()
    const { tools, clock, requests } = receiver(() => new Response('ok'))
    clock.now = t0 - 10_000
    const result = await consume(env, tools, [id])
    expect(result.explicitAcks).toEqual(['0'])
    expect(requests).toEqual([])
    expect(await findDelivery(id)).toMatchObject({ state: 'waiting', attempts: 0, leasedUntil: 0 })
  })

  it('a clock that is a second behind does not lose the message', async () => {
    const { id } = await addDelivery()
    const { tools, clock, requests } = receiver(() => new Response('ok'))
    clock.now = t0 - 1_000
    await consume(quietEnv().env, tools, [id])
    expect(requests).toHaveLength(1)
  })

  it('a delivered one is not sent again', async () => {
    const { id } = await addDelivery()
    const { env } = quietEnv()
    const { tools, clock, requests } = receiver(() => new Response('ok'))
    await consume(env, tools, [id])
    clock.now += 100_000
    await consume(env, tools, [id])
    expect(requests).toHaveLength(1)
  })

  it('the started attempt and the lease stand in D1 before the first byte leaves', async () => {
    const { id } = await addDelivery()
    const seen: unknown[] = []
    const { tools } = receiver(async () => {
      seen.push(...(await listAttempts(id)), await findDelivery(id))
      return new Response('ok')
    })
    await consume(quietEnv().env, tools, [id])
    expect(seen).toEqual([
      {
        number: 1,
        startedAt: t0,
        endedAt: null,
        durationMs: null,
        outcome: 'started',
        requestHeaders: null,
        responseStatus: null,
        responseBody: null,
        error: null,
      },
      expect.objectContaining({ state: 'waiting', attempts: 1, leasedUntil: t0 + 30_000 }),
    ])
  })

  it('an attempt whose sender died stays unknown and the next one takes the next number', async () => {
    const { id } = await addDelivery()
    const { env } = quietEnv()
    const dead = receiver(() => new Promise<Response>(() => undefined))
    void consume(env, dead.tools, [id])
    await vi.waitFor(() => expect(dead.requests).toHaveLength(1))

    const { tools, clock, requests } = receiver(() => new Response('ok'))
    clock.now = t0 + 29_000
    await consume(env, tools, [id])
    expect(requests).toHaveLength(0)
    clock.now = t0 + 31_000
    await consume(env, tools, [id])
    expect(requests).toHaveLength(1)
    expect(await listAttempts(id)).toMatchObject([
      { number: 1, outcome: 'started', endedAt: null },
      { number: 2, outcome: 'delivered' },
    ])
  })

  it('a late failure does not undo what a later attempt achieved', async () => {
    const { id } = await addDelivery()
    const { env, rung } = quietEnv()
    let fail: (response: Response) => void = () => undefined
    const slow = receiver(() => new Promise<Response>((resolve) => (fail = resolve)))
    const first = consume(env, slow.tools, [id])
    await vi.waitFor(() => expect(slow.requests).toHaveLength(1))
    const { tools, clock } = receiver(() => new Response('ok'))
    clock.now = t0 + 31_000
    await consume(env, tools, [id])
    fail(new Response('', { status: 500 }))
    await first
    expect(await findDelivery(id)).toMatchObject({ state: 'delivered', nextAttemptAt: null })
    expect(await listAttempts(id)).toMatchObject([{ outcome: 'failed' }, { outcome: 'delivered' }])
    expect(rung).toEqual([])
  })

  it('a late success counts although a later attempt is under way or has failed', async () => {
    const { id } = await addDelivery()
    const { env } = quietEnv()
    let succeed: (response: Response) => void = () => undefined
    const slow = receiver(() => new Promise<Response>((resolve) => (succeed = resolve)))
    const first = consume(env, slow.tools, [id])
    await vi.waitFor(() => expect(slow.requests).toHaveLength(1))
    const { tools, clock } = receiver(() => new Response('', { status: 500 }))
    clock.now = t0 + 31_000
    await consume(env, tools, [id])
    succeed(new Response('ok'))
    await first
    expect(await findDelivery(id)).toMatchObject({ state: 'delivered', nextAttemptAt: null })
  })

  it('a late failure leaves the lease of the attempt under way alone', async () => {
    const { id } = await addDelivery()
    const { env, rung } = quietEnv()
    let fail: (response: Response) => void = () => undefined
    const slow = receiver(() => new Promise<Response>((resolve) => (fail = resolve)))
    const first = consume(env, slow.tools, [id])
    await vi.waitFor(() => expect(slow.requests).toHaveLength(1))
    let answer: (response: Response) => void = () => undefined
    const next = receiver(() => new Promise<Response>((resolve) => (answer = resolve)))
    next.clock.now = t0 + 31_000
    const second = consume(env, next.tools, [id])
    await vi.waitFor(() => expect(next.requests).toHaveLength(1))
    fail(new Response('', { status: 410 }))
    await first
    expect(await findDelivery(id)).toMatchObject({ state: 'waiting', leasedUntil: t0 + 61_000 })
    expect(rung).toEqual([])
    answer(new Response('ok'))
    await second
  })

  it('a failure does not undo the late success of an earlier attempt', async () => {
    const { id } = await addDelivery()
    const { env, rung } = quietEnv()
    let succeed: (response: Response) => void = () => undefined
    const slow = receiver(() => new Promise<Response>((resolve) => (succeed = resolve)))
    const first = consume(env, slow.tools, [id])
    await vi.waitFor(() => expect(slow.requests).toHaveLength(1))
    const { tools, clock } = receiver(async () => {
      succeed(new Response('ok'))
      await first
      return new Response('', { status: 500 })
    })
    clock.now = t0 + 31_000
    await consume(env, tools, [id])
    expect(await findDelivery(id)).toMatchObject({ state: 'delivered', nextAttemptAt: null })
    expect(rung).toEqual([])
  })
})
