import { env as bindings } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { replay } from '../../src/storage/delivery-replays.ts'
import {
  addDelivery,
  addDeliveryTo,
  consume,
  findDelivery,
  listAttempts,
  quietEnv,
  receiver,
  setDelivery,
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

  it('a late failure leaves alone what somebody has sent once more meanwhile', async () => {
    const { id, webhookId } = await addDelivery()
    await bindings.DB.prepare(
      `INSERT INTO webhook_health (webhook_id, breaker_state, breaker_until, consecutive_failures)
       VALUES (?, 'open', ?, 4)`,
    )
      .bind(webhookId, t0)
      .run()
    const db = openDatabase(bindings.DB)
    const { tools } = receiver(async () => {
      await replay(db, { webhookId, now: t0 + 31_000 }, { kind: 'one', deliveryId: id })
      return new Response('', { status: 503 })
    })
    await consume(quietEnv().env, tools, [id])
    expect(await findDelivery(id)).toMatchObject({
      state: 'waiting',
      nextAttemptAt: t0 + 31_000,
      attempts: 1,
      earlierAttempts: 1,
    })
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

describe('the line of an environment', () => {
  /** An endpoint with so many deliveries, all due; every third is of another environment. */
  async function addLines(length: number) {
    const first = await addDelivery()
    const ids = [first.id]
    while (ids.length < length) {
      const place = ids.length % 3 === 2 ? first.environmentId + 1_000_000 : first.environmentId
      ids.push((await addDeliveryTo(first.webhookId, place)).id)
    }
    return { ...first, ids }
  }

  /** Random, and the same in every run. */
  function dice(seed: number) {
    let state = seed
    return () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      return state / 2 ** 31
    }
  }

  const sequencesOf = (requests: { headers: Headers }[]) =>
    Map.groupBy(
      requests.map(({ headers }) => headers),
      (headers) => headers.get('x-environment'),
    )
      .values()
      .map((sent) => sent.map((headers) => Number(headers.get('x-sequence'))))
      .toArray()
      // Lines go at the same time: which is heard first is chance.
      .sort(([one = 0], [other = 0]) => one - other)

  it('keeps its order, whoever rings for what and however often', async () => {
    const { ids } = await addLines(24)
    const random = dice(7)
    const { env } = quietEnv()
    let [together, most] = [0, 0]
    const { tools, requests } = receiver(async () => {
      most = Math.max(most, ++together)
      await new Promise((resolve) => setTimeout(resolve, random() * 10))
      together--
      return new Response('ok')
    })
    const doorbells = Array.from({ length: 60 }, () => ids[Math.floor(random() * ids.length)] ?? '')
    const some = (from: number) => consume(env, tools, doorbells.slice(from, from + 5))
    await Promise.all(Array.from({ length: 12 }, (_, index) => some(index * 5)))
    await vi.waitFor(async () => {
      await consume(env, tools, ids)
      for (const id of ids) expect(await findDelivery(id)).toMatchObject({ state: 'delivered' })
    })
    expect(requests).toHaveLength(24)
    const [one, other] = sequencesOf(requests)
    expect(one).toEqual(one?.toSorted((a, b) => a - b))
    expect(other).toEqual(other?.toSorted((a, b) => a - b))
    // Each line by itself, so two at once and never more.
    expect(most).toBe(2)
  })

  it('waits behind what is tried again, and goes on when that is settled or given up', async () => {
    const { ids } = await addLines(5)
    const { env } = quietEnv()
    const { tools, requests, clock } = receiver(
      ({ headers }) => new Response('', { status: headers.get('x-sequence') === '1' ? 404 : 200 }),
    )
    await consume(env, tools, ids)
    // The other environment does not wait.
    expect(sequencesOf(requests)).toEqual([[1], [3]])
    await setDelivery(ids[0] ?? '', { attempts: 9, nextAttemptAt: t0 })
    clock.now = t0 + 1
    await consume(env, tools, [ids[4]])
    expect(requests).toHaveLength(2)
    await consume(env, tools, [ids[0]])
    expect(await findDelivery(ids[0] ?? '')).toMatchObject({ state: 'dead' })
    expect(sequencesOf(requests)).toEqual([[1, 1, 2, 4, 5], [3]])
  })

  it('does not wait for what somebody had sent once more, nor where no order is wanted', async () => {
    const { ids, webhookId } = await addLines(2)
    const { env } = quietEnv()
    const run = (sql: string, value: unknown) => bindings.DB.prepare(sql).bind(value).run()
    await setDelivery(ids[0] ?? '', { attempts: 1, nextAttemptAt: t0 + 60_000 })
    const { tools, requests } = receiver(() => new Response('', { status: 404 }))
    await consume(env, tools, [ids[1]])
    expect(requests).toEqual([])
    await run('UPDATE deliveries SET replayed = 1 WHERE id = ?', ids[0])
    await consume(env, tools, [ids[1]])
    expect(sequencesOf(requests)).toEqual([[2]])
    await run('UPDATE deliveries SET replayed = 0 WHERE webhook_id = ?', webhookId)
    await run('UPDATE webhooks SET ordered = 0 WHERE id = ?', webhookId)
    await setDelivery(ids[1] ?? '', { attempts: 1, nextAttemptAt: t0 })
    await consume(env, tools, [ids[1]])
    expect(sequencesOf(requests)).toEqual([[2, 2]])
  })
})
