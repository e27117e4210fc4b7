import { env as bindings } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ringOverdue } from '../../src/delivery/ring.ts'
import {
  addDelivery,
  addEnvironment,
  addEvent,
  addWebhook,
  consume,
  findDelivery,
  quietEnv,
  receiver,
  setDelivery,
  t0,
} from './world.ts'

beforeEach(async () => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
  await bindings.DB.exec('DELETE FROM deliveries')
})

const set = (assignment: string, id: string) =>
  bindings.DB.prepare(`UPDATE deliveries SET ${assignment} WHERE id = ?`).bind(id).run()

describe('the sweep', () => {
  it('rings for what is more than half a minute overdue, and for nothing else', async () => {
    const overdue = await addDelivery()
    const recent = await addDelivery()
    const sending = await addDelivery()
    const delivered = await addDelivery()
    const parked = await addDelivery()
    await setDelivery(recent.id, { attempts: 0, nextAttemptAt: t0 + 20_000 })
    await set(`leased_until = ${t0 + 60_000}`, sending.id)
    await set("state = 'delivered', next_attempt_at = NULL", delivered.id)
    await set("state = 'parked', next_attempt_at = NULL", parked.id)
    const { env, rung } = quietEnv()
    expect(await ringOverdue(env, t0 + 31_000)).toBe(1)
    expect(rung).toEqual([{ deliveryId: overdue.id, delaySeconds: 0 }])
  })

  it('rings for an attempt whose sender died once its lease is over', async () => {
    const { id } = await addDelivery()
    const { env, rung } = quietEnv()
    const { tools } = receiver(() => new Promise<Response>(() => undefined))
    void consume(env, tools, [id])
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await findDelivery(id)).toMatchObject({ leasedUntil: t0 + 30_000 })
    expect(await ringOverdue(env, t0 + 30_000)).toBe(0)
    expect(await ringOverdue(env, t0 + 61_000)).toBe(1)
    expect(rung.map((ring) => ring.deliveryId)).toEqual([id])
  })

  it('takes the oldest first, a hundred a call and a thousand a sweep', async () => {
    const environmentId = await addEnvironment()
    const webhookId = await addWebhook(environmentId)
    const eventId = await addEvent(environmentId)
    const statements = Array.from({ length: 1_001 }, (_, i) =>
      bindings.DB.prepare(
        `INSERT INTO webhooks (id, organisation_id, environment_id, url, created_at, updated_at)
         VALUES (?, ?, ?, 'https://receiver.example/', 0, 0)`,
      ).bind(webhookId + 10_000 + i, environmentId, environmentId),
    )
    await bindings.DB.batch(statements)
    await bindings.DB.prepare(
      `INSERT INTO deliveries (id, event_id, webhook_id, state, next_attempt_at, created_at)
       SELECT 'dlv_' || id, ?, id, 'waiting', ? - id, ? FROM webhooks WHERE id >= ?`,
    )
      .bind(eventId, t0, t0, webhookId + 10_000)
      .run()

    const { env, rung, calls } = quietEnv()
    expect(await ringOverdue(env, t0 + 60_000)).toBe(1_000)
    expect(calls).toEqual(Array(10).fill(100))
    expect(rung[0]?.deliveryId).toBe(`dlv_${webhookId + 11_000}`)
    expect(rung.map((ring) => ring.deliveryId)).not.toContain(`dlv_${webhookId + 10_000}`)
  })

  it('does nothing when nothing is overdue', async () => {
    const { env, calls } = quietEnv()
    expect(await ringOverdue(env, t0 + 31_000)).toBe(0)
    expect(calls).toEqual([])
  })

  it('brings a delivery home whose message was lost', async () => {
    const { id } = await addDelivery()
    const { env, rung } = quietEnv()
    const { tools, clock } = receiver(() => new Response('ok'))
    clock.now = t0 + 40_000
    await ringOverdue(env, clock.now)
    await consume(
      env,
      tools,
      rung.map((ring) => ring.deliveryId),
    )
    expect(await findDelivery(id)).toMatchObject({ state: 'delivered', attempts: 1 })
  })
})
