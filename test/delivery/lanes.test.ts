/** One endpoint's troubles are its own: lanes, the breaker, and what becomes of a backlog. */
import { env as bindings } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Tools } from '../../src/delivery/attempt.ts'
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

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

/** One endpoint with so many deliveries, all due, in the order of their sequence. */
async function addBacklog(length: number, { ordered = false } = {}) {
  const first = await addDelivery({ ordered })
  const ids = [first.id]
  while (ids.length < length) {
    ids.push((await addDeliveryTo(first.webhookId, first.environmentId)).id)
  }
  return { ...first, ids }
}

const statesOf = async (ids: string[]) =>
  (await Promise.all(ids.map(findDelivery))).map((row) => row?.state)

const openBreaker = (webhookId: number, until: number) =>
  bindings.DB.prepare(
    `INSERT INTO webhook_health (webhook_id, breaker_state, breaker_until, consecutive_failures)
     VALUES (?, 'open', ?, 5)`,
  )
    .bind(webhookId, until)
    .run()

/** A receiver that answers when it is told to. */
function patient() {
  const waiting: ((response: Response) => void)[] = []
  const made = receiver(() => new Promise<Response>((resolve) => waiting.push(resolve)))
  const answerAll = () => {
    for (const answer of waiting.splice(0)) answer(new Response('ok'))
  }
  return { ...made, waiting, answerAll }
}

describe('the lanes of an endpoint', () => {
  it('are four, however many doorbells ring, and the fifth goes when one is free', async () => {
    const { ids } = await addBacklog(7)
    const { env } = quietEnv()
    const { tools, waiting, requests, answerAll } = patient()
    const under = [consume(env, tools, ids.slice(0, 5)), consume(env, tools, ids.slice(5))]
    await vi.waitFor(() => expect(waiting).toHaveLength(4))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(requests).toHaveLength(4)
    expect(await listAttempts(ids[4] ?? '')).toEqual([])
    await vi.waitFor(async () => {
      answerAll()
      expect(new Set(await statesOf(ids))).toEqual(new Set(['delivered']))
    })
    await Promise.all(under)
    expect(requests).toHaveLength(7)
  })

  it('send a backlog in order from one doorbell, each attempt written down before it begins', async () => {
    const { ids, webhookId } = await addBacklog(6)
    const { env, rung } = quietEnv()
    const began: unknown[] = []
    const { tools, requests } = receiver(async ({ headers }) => {
      const id = ids[Number(headers.get('x-sequence')) - 1] ?? ''
      const [attempt] = await listAttempts(id)
      began.push([attempt?.outcome, (await findDelivery(id))?.leasedUntil])
      return new Response('ok')
    })
    await consume(env, tools, ids.slice(0, 1))
    expect(requests.map((sent) => sent.headers.get('x-sequence'))).toEqual([
      ...['1', '2', '3', '4', '5', '6'],
    ])
    expect(began).toEqual(Array(6).fill(['started', t0 + 30 * second]))
    expect(rung).toEqual([])
    expect(await healthOf(webhookId)).toMatchObject({ lastStatus: 200, lastSuccessAt: t0 })
  })

  it('leave the other endpoints theirs', async () => {
    const slow = await addBacklog(5)
    const other = await addDelivery()
    const { env } = quietEnv()
    const hanging = patient()
    void consume(env, hanging.tools, slow.ids)
    await vi.waitFor(() => expect(hanging.waiting).toHaveLength(4))
    const { tools } = receiver(() => new Response('ok'))
    await consume(env, tools, [other.id])
    expect(await findDelivery(other.id)).toMatchObject({ state: 'delivered' })
  })

  it('hand what is left to the queue before the invocation ends', async () => {
    const { ids } = await addBacklog(3)
    const { env, rung } = quietEnv()
    const { tools, requests } = receiver(() => new Response('ok'))
    const start = Date.now()
    const clock = vi.spyOn(Date, 'now')
    clock.mockReturnValueOnce(start).mockReturnValue(start + 9 * second)
    await consume(env, tools, ids.slice(0, 1))
    clock.mockRestore()
    expect(requests).toHaveLength(1)
    expect(rung).toEqual([{ deliveryId: ids[1], delaySeconds: 0 }])
  })
})

describe('the breaker of an endpoint', () => {
  const failing = () => receiver(() => new Response('', { status: 503 }))

  it('opens after five failures in a row and rings for one to try it', async () => {
    const { ids, webhookId } = await addBacklog(7)
    const { env, rung } = quietEnv()
    const { tools, requests } = failing()
    await consume(env, tools, ids.slice(0, 1))
    expect(requests).toHaveLength(5)
    expect(await healthOf(webhookId)).toMatchObject({
      breakerState: 'open',
      breakerUntil: t0 + 30 * second,
      consecutiveFailures: 5,
      failingSince: t0,
      lastStatus: 503,
    })
    expect(rung.at(-1)).toEqual({ deliveryId: ids[5], delaySeconds: 30 })
  })

  it('while open burns no attempt: what is rung waits, and says why', async () => {
    const { ids, webhookId } = await addBacklog(2)
    await openBreaker(webhookId, t0 + 20 * second)
    const { env } = quietEnv()
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(env, tools, ids)
    expect(requests).toEqual([])
    for (const id of ids) {
      expect(await findDelivery(id)).toMatchObject({
        state: 'waiting',
        reason: 'breaker',
        attempts: 0,
        nextAttemptAt: t0 + 20 * second,
        leasedUntil: 0,
      })
    }
  })

  it('lets one through when its time has come; all go, in order, when that one arrives', async () => {
    const { ids, webhookId } = await addBacklog(7)
    await openBreaker(webhookId, t0)
    const { env, rung } = quietEnv()
    const one = patient()
    const under = consume(env, one.tools, ids)
    await vi.waitFor(() => expect(one.waiting).toHaveLength(1))
    expect(await healthOf(webhookId)).toMatchObject({ breakerState: 'half-open' })
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(env, tools, ids.slice(1))
    expect(requests).toEqual([])
    expect(await findDelivery(ids[3] ?? '')).toMatchObject({ reason: 'breaker' })
    const settled = vi.waitFor(async () => {
      one.answerAll()
      expect(new Set(await statesOf(ids))).toEqual(new Set(['delivered']))
    })
    await Promise.all([under, settled])
    expect(one.requests.map((sent) => sent.headers.get('x-sequence'))).toEqual([
      ...['1', '2', '3', '4', '5', '6', '7'],
    ])
    expect(rung.map((ring) => ring.deliveryId)).toEqual(ids.slice(2, 5))
    expect(await healthOf(webhookId)).toMatchObject({ breakerState: 'closed', breakerUntil: null })
  })

  it('opens for twice as long when that one fails', async () => {
    const { ids, webhookId } = await addBacklog(3)
    await openBreaker(webhookId, t0)
    const { env, rung } = quietEnv()
    const { tools, requests } = failing()
    await consume(env, tools, ids)
    expect(requests).toHaveLength(1)
    expect(await healthOf(webhookId)).toMatchObject({
      breakerState: 'open',
      breakerUntil: t0 + 60 * second,
    })
    // What the endpoint is owed first of all tries the breaker again.
    expect(rung).toEqual([{ deliveryId: ids[1], delaySeconds: 60 }])
    expect(await findDelivery(ids[0] ?? '')).toMatchObject({
      reason: 'breaker',
      nextAttemptAt: t0 + 60 * second,
      attempts: 1,
      earlierAttempts: 1,
    })
  })

  it('is tried again by what it held back when the one that tried it is to wait longer', async () => {
    const { ids, webhookId } = await addBacklog(2)
    await openBreaker(webhookId, t0)
    await setDelivery(ids[0] ?? '', { attempts: 3, nextAttemptAt: t0 - 1 })
    const { env, rung } = quietEnv()
    const headers = { 'retry-after': '7200' }
    const { tools } = receiver(() => new Response('', { status: 503, headers }))
    await consume(env, tools, ids)
    expect(rung).toEqual([
      { deliveryId: ids[0], delaySeconds: 7_200 },
      { deliveryId: ids[1], delaySeconds: 60 },
    ])
  })

  it('tries again with another when the sender of that one died', async () => {
    const { ids, webhookId } = await addBacklog(2)
    await openBreaker(webhookId, t0)
    const dead = receiver(() => new Promise<Response>(() => undefined))
    void consume(quietEnv().env, dead.tools, ids)
    await vi.waitFor(() => expect(dead.requests).toHaveLength(1))
    const { tools, clock } = receiver(() => new Response('ok'))
    clock.now = t0 + 31 * second
    await consume(quietEnv().env, tools, [ids[1]])
    expect(await statesOf(ids)).toEqual(['delivered', 'delivered'])
    expect(await healthOf(webhookId)).toMatchObject({ breakerState: 'closed' })
  })

  it('counts what several attempts say at once', async () => {
    const { ids, webhookId } = await addBacklog(4)
    const { tools } = receiver(() => new Response('', { status: 500 }))
    await consume(quietEnv().env, tools, ids)
    expect(await healthOf(webhookId)).toMatchObject({ consecutiveFailures: 4 })
  })

  it('is not opened by answers that only refuse', async () => {
    const { ids, webhookId } = await addBacklog(8)
    const { tools, requests } = receiver(() => new Response('', { status: 404 }))
    await consume(quietEnv().env, tools, ids.slice(0, 1))
    expect(requests).toHaveLength(8)
    expect(await healthOf(webhookId)).toMatchObject({ breakerState: 'closed', failingSince: t0 })
  })

  it('is tried every quarter of an hour while the endpoint is down, for three days', async () => {
    const { id, webhookId } = await addDelivery()
    const { env } = quietEnv()
    const { tools, requests, clock } = receiver(() => new Response('', { status: 500 }))
    const waits: number[] = []
    let isDead = false
    for (let round = 0; round < 500 && !isDead; round++) {
      await consume(env, tools, [id])
      const { nextAttemptAt, state } = (await findDelivery(id)) ?? {}
      isDead = state === 'dead'
      if (!isDead) waits.push(((nextAttemptAt ?? 0) - clock.now) / second)
      clock.now = nextAttemptAt ?? clock.now
      // The next three hundred are alike.
      if (round === 9) {
        const health = 'UPDATE webhook_health SET consecutive_failures = 305 WHERE webhook_id = ?'
        await bindings.DB.prepare(health).bind(webhookId).run()
      }
    }
    expect(waits.slice(0, 10)).toEqual([5, 30, 60, 120, 240, 480, 900, 900, 900, 900])
    // Two that opened the breaker, and eight from when ten would have taken their time.
    expect(requests.length).toBeLessThan(24)
    expect(await findDelivery(id)).toMatchObject({
      state: 'dead',
      attempts: requests.length,
      earlierAttempts: requests.length - 10,
    })
  })

  it('is not opened by what was said of an endpoint before it got another URL', async () => {
    const { id, webhookId } = await addDelivery()
    await openBreaker(webhookId, t0)
    const { tools, requests } = receiver(async () => {
      if (requests.length > 1) return new Response('ok')
      await bindings.DB.prepare('DELETE FROM webhook_health WHERE webhook_id = ?')
        .bind(webhookId)
        .run()
      return new Response('', { status: 503 })
    })
    await consume(quietEnv().env, tools, [id])
    expect(await healthOf(webhookId)).toMatchObject({ breakerState: 'closed', failingSince: null })
    // It does not wait for a breaker that is not open.
    expect(await findDelivery(id)).toMatchObject({ state: 'delivered', attempts: 2 })
  })

  it('an endpoint that is deleted while it is called leaves nothing behind', async () => {
    const { id, webhookId } = await addDelivery()
    const { tools } = receiver(async () => {
      await bindings.DB.prepare('DELETE FROM webhooks WHERE id = ?').bind(webhookId).run()
      return new Response('', { status: 410 })
    })
    await consume(quietEnv().env, tools as Tools, [id])
    expect(await healthOf(webhookId)).toBeNull()
  })
})
