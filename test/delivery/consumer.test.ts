import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env as bindings } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { consumeDeadLetters, consumeDeliveries } from '../../src/delivery/consumer.ts'
import type { DeliveryMessage, Env } from '../../src/env.ts'
import {
  addDelivery,
  addDeliveryTo,
  addEnvironment,
  addWebhook,
  consume,
  findDelivery,
  listAttempts,
  quietEnv,
  receiver,
  setEnabled,
  t0,
} from './world.ts'

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

afterEach(() => {
  vi.restoreAllMocks()
})

const nobody = { waitUntil: () => undefined, gone: async () => undefined, sign: async () => '' }

describe('an endpoint that is not to be called', () => {
  it('sets a delivery aside without an attempt when it is disabled', async () => {
    const { id, webhookId } = await addDelivery()
    await setEnabled(webhookId, false)
    const { tools, requests } = receiver(() => new Response('ok'))
    const result = await consume(quietEnv().env, tools, [id])
    expect(result.explicitAcks).toEqual(['0'])
    expect(requests).toEqual([])
    expect(await listAttempts(id)).toEqual([])
    expect(await findDelivery(id)).toMatchObject({
      state: 'disabled',
      reason: 'endpoint disabled',
      attempts: 0,
      nextAttemptAt: null,
    })
  })

  it('is not sent by itself when the endpoint is enabled again', async () => {
    const { id, webhookId } = await addDelivery()
    const { tools, requests } = receiver(() => new Response('ok'))
    const { env } = quietEnv()
    await setEnabled(webhookId, false)
    await consume(env, tools, [id])
    await setEnabled(webhookId, true)
    await consume(env, tools, [id])
    expect(requests).toEqual([])
  })

  it.each(['webhooks', 'events'])('is forgotten when its row in %s is deleted', async (table) => {
    const { id, webhookId, eventId } = await addDelivery()
    await bindings.DB.prepare(`DELETE FROM ${table} WHERE id = ?`)
      .bind(table === 'webhooks' ? webhookId : eventId)
      .run()
    const { tools, requests } = receiver(() => new Response('ok'))
    const result = await consume(quietEnv().env, tools, [id])
    expect(result.explicitAcks).toEqual(['0'])
    expect(requests).toEqual([])
    expect(await findDelivery(id)).toBeNull()
  })
})

describe('a batch', () => {
  it('delivers to healthy endpoints while others hang', async () => {
    const environmentId = await addEnvironment()
    const ids: string[] = []
    for (let i = 0; i < 12; i++) {
      const url = `https://receiver.example/${i % 4 === 0 ? 'hangs' : 'healthy'}`
      const webhookId = await addWebhook(environmentId, { url })
      const { id } = await addDeliveryTo(webhookId, environmentId)
      ids.push(id)
    }
    // The hanging ones answer only when all healthy ones are served: in a row this would never end.
    let healthy = 0
    let release: () => void = () => undefined
    const allHealthy = new Promise<void>((resolve) => (release = resolve))
    const { tools } = receiver(async ({ url }) => {
      if (url.endsWith('hangs')) await allHealthy
      else if (++healthy === 9) release()
      return new Response('ok')
    })
    const result = await consume(quietEnv().env, tools, ids)
    expect(result.explicitAcks).toHaveLength(12)
    for (const id of ids) expect(await findDelivery(id)).toMatchObject({ state: 'delivered' })
  })

  it('is acknowledged as soon as it is claimed, whatever its receivers do', async () => {
    const hanging = await addDelivery()
    const dead = receiver(() => new Promise<Response>(() => undefined))
    const message = { id: 'm1', body: { deliveryId: hanging.id }, ack: vi.fn() }
    const batch = { messages: [message] } as unknown as MessageBatch<DeliveryMessage>
    const around = { ...nobody, tools: dead.tools }
    await consumeDeliveries(batch, quietEnv().env, around)
    expect(message.ack).toHaveBeenCalledOnce()
    expect(await listAttempts(hanging.id)).toMatchObject([{ outcome: 'started' }])
  })

  it('with an unreadable message still handles the others', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { id } = await addDelivery()
    const { tools, requests } = receiver(() => new Response('ok'))
    const result = await consume(quietEnv().env, tools, [undefined, 7, id, 'dlv_unknown'])
    expect(result.explicitAcks).toHaveLength(4)
    expect(requests).toHaveLength(1)
  })
})

/** D1 that refuses the batches from the `from`th on, as it does when the database is unreachable. */
function failingDatabase(from: number): Env['DB'] {
  let batches = 0
  return {
    prepare: (query: string) => bindings.DB.prepare(query),
    batch: (statements: D1PreparedStatement[]) =>
      ++batches >= from
        ? Promise.reject(new Error('D1_ERROR: storage is gone'))
        : bindings.DB.batch(statements),
  } as Env['DB']
}

describe('when our own side fails', () => {
  it('a claim that D1 refuses sends nothing and the message comes back', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { id } = await addDelivery()
    const { env } = quietEnv({ DB: failingDatabase(1) })
    const { tools, requests } = receiver(() => new Response('ok'))
    const result = await consume(env, tools, [id])
    expect(requests).toEqual([])
    expect(result.explicitAcks).toEqual([])
    expect(result.retryMessages).toMatchObject([{ msgId: '0' }])
    expect(log.mock.calls.join()).toContain('storage is gone')
  })

  it('a delivery that cannot be claimed keeps back no other of its batch', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const [bad, good] = [await addDelivery(), await addDelivery()]
    // Its first attempt is there although it was never counted.
    await bindings.DB.prepare(
      "INSERT INTO attempts (delivery_id, number, started_at, outcome) VALUES (?, 1, 1, 'started')",
    )
      .bind(bad.id)
      .run()
    const { tools } = receiver(() => new Response('ok'))
    const result = await consume(quietEnv().env, tools, [bad.id, good.id])
    expect(await findDelivery(good.id)).toMatchObject({ state: 'delivered' })
    expect(result.explicitAcks).toEqual(['1'])
    expect(result.retryMessages).toMatchObject([{ msgId: '0' }])
  })

  it('what has no bytes to send is given up, and its line goes on', async () => {
    const first = await addDelivery()
    const { id } = await addDeliveryTo(first.webhookId, first.environmentId)
    await bindings.DB.prepare('DELETE FROM event_bodies WHERE event_id = ?')
      .bind(first.eventId)
      .run()
    await bindings.DB.prepare(
      `INSERT INTO webhook_health (webhook_id, breaker_state, breaker_until, consecutive_failures)
       VALUES (?, 'open', ?, 4)`,
    )
      .bind(first.webhookId, t0)
      .run()
    const { env } = quietEnv()
    const { tools } = receiver(() => new Response('ok'))
    await consume(env, tools, [first.id])
    expect(await findDelivery(first.id)).toMatchObject({
      state: 'dead',
      reason: 'no body in its format',
      attempts: 0,
    })
    await consume(env, tools, [id])
    expect(await findDelivery(id)).toMatchObject({ state: 'delivered' })
  })

  it('the message comes back only after the lease of an attempt that may have begun', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { id } = await addDelivery()
    const retry = vi.fn()
    const message = { id: 'm1', body: { deliveryId: id }, retry }
    const batch = { messages: [message] } as unknown as MessageBatch<DeliveryMessage>
    const { tools } = receiver(() => new Response('ok'))
    const around = { ...nobody, tools }
    await consumeDeliveries(batch, quietEnv({ DB: failingDatabase(1) }).env, around)
    expect(retry).toHaveBeenCalledExactlyOnceWith({ delaySeconds: 35 })
  })

  it('an outcome that cannot be recorded is attempted again under the next number', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { id } = await addDelivery()
    const { tools, clock } = receiver(() => new Response('ok'))
    const { env, rung } = quietEnv({ DB: failingDatabase(2) })
    const result = await consume(env, tools, [id])
    expect(result.explicitAcks).toEqual(['0'])
    // Only after the lease, so that the repeat can take it.
    expect(rung).toEqual([{ deliveryId: id, delaySeconds: 35 }])
    clock.now += 35_000
    await consume(quietEnv().env, tools, [id])
    expect(await listAttempts(id)).toMatchObject([
      { number: 1, outcome: 'started' },
      { number: 2, outcome: 'delivered' },
    ])
  })

  it('a retry that cannot be rung is left to the sweep', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { id } = await addDelivery()
    const send = () => Promise.reject(new Error('queue down'))
    const { env } = quietEnv({ DELIVERIES: { send } as never })
    const { tools } = receiver(() => new Response('', { status: 500 }))
    const result = await consume(env, tools, [id])
    expect(result.explicitAcks).toEqual(['0'])
    expect(await findDelivery(id)).toMatchObject({ state: 'waiting', nextAttemptAt: t0 + 5_000 })
  })

  it('the log holds ids, never secrets, bodies or URLs', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'info').mockImplementation((line) => void lines.push(line))
    vi.spyOn(console, 'error').mockImplementation((line) => void lines.push(line))
    const canaries = ['canary-secret', 'canary-body', 'canary-path', 'canary-answer']
    const draft = {
      url: 'https://receiver.example/canary-path?token=canary-path',
      secret: 'canary-secret',
      body: '{"data": "canary-body"}',
    }
    const { tools, clock } = receiver(() => new Response('canary-answer', { status: 500 }))
    for (const db of [bindings.DB, failingDatabase(1), failingDatabase(2)]) {
      const { id } = await addDelivery(draft)
      await consume(quietEnv({ DB: db }).env, tools, [id])
    }
    const throws = receiver(() => {
      throw new Error(`cannot reach ${draft.url} with ${draft.body}`)
    })
    await consume(quietEnv().env, { ...throws.tools, now: () => clock.now }, [
      (await addDelivery(draft)).id,
    ])
    expect(lines.length).toBeGreaterThan(3)
    for (const canary of canaries) expect(lines.join('\n')).not.toContain(canary)
  })
})

describe('a dead letter', () => {
  it('is rung again after a while', async () => {
    const log = vi.spyOn(console, 'info').mockImplementation(() => undefined)
    const { id } = await addDelivery()
    const letters = [{ deliveryId: id }, 'nonsense' as never].map((body, index) => ({
      id: `m${index}`,
      timestamp: new Date(t0),
      attempts: 11,
      body,
    }))
    const batch = createMessageBatch<DeliveryMessage>('burgee-dead-letters', letters)
    const { env, rung } = quietEnv()
    await consumeDeadLetters(batch, env)
    const result = await getQueueResult(batch, createExecutionContext())
    expect(result.explicitAcks).toEqual(['m0', 'm1'])
    expect(rung).toEqual([{ deliveryId: id, delaySeconds: 60 }])
    expect(log.mock.calls.join()).toContain(id)
  })

  it('that cannot be rung is left to the sweep', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { id } = await addDelivery()
    const body = { deliveryId: id }
    const letter = { id: 'm1', timestamp: new Date(t0), attempts: 11, body }
    const batch = createMessageBatch<DeliveryMessage>('burgee-dead-letters', [letter])
    const send = () => Promise.reject(new Error('queue down'))
    await consumeDeadLetters(batch, quietEnv({ DELIVERIES: { send } as never }).env)
    const result = await getQueueResult(batch, createExecutionContext())
    expect(result.explicitAcks).toEqual(['m1'])
  })
})
