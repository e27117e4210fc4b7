import { env as bindings } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ringOverdue } from '../../src/delivery/ring.ts'
import {
  addDelivery,
  addDeliveryTo,
  addEnvironment,
  addEvent,
  addWebhook,
  consume,
  findDelivery,
  healthOf,
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
    const dead = await addDelivery()
    await setDelivery(recent.id, { attempts: 0, nextAttemptAt: t0 + 20_000 })
    await set(`leased_until = ${t0 + 60_000}`, sending.id)
    await set("state = 'delivered', next_attempt_at = NULL", delivered.id)
    await set("state = 'dead', next_attempt_at = NULL", dead.id)
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

  it('rings for every endpoint, page after page, a hundred a call', async () => {
    const environmentId = await addEnvironment()
    const eventId = await addEvent(environmentId)
    await bindings.DB.prepare(
      `INSERT INTO webhooks (id, organisation_id, environment_id, url, created_at, updated_at)
       SELECT 10000 + value, ?, ?, 'https://receiver.example/', 0, 0 FROM json_each(?)`,
    )
      .bind(environmentId, environmentId, JSON.stringify(Array.from({ length: 701 }, (_, i) => i)))
      .run()
    await bindings.DB.prepare(
      `INSERT INTO deliveries
         (id, event_id, webhook_id, environment_id, sequence, state, next_attempt_at, created_at)
       SELECT 'dlv_' || id, ?, id, ?, 1, 'waiting', ?, ? FROM webhooks WHERE id >= 10000`,
    )
      .bind(eventId, environmentId, t0, t0)
      .run()
    const { env, rung, calls } = quietEnv()
    expect(await ringOverdue(env, t0 + 60_000)).toBe(701)
    expect(new Set(rung.map((ring) => ring.deliveryId)).size).toBe(701)
    expect(Math.max(...calls)).toBe(100)
  })

  it('lets a long backlog of one endpoint take no place of another', async () => {
    const environmentId = await addEnvironment()
    const busy = await addWebhook(environmentId, { ordered: false })
    const backlog: string[] = []
    for (let i = 0; i < 9; i++) backlog.push((await addDeliveryTo(busy, environmentId)).id)
    const other = await addDelivery()
    const { env, rung } = quietEnv()
    expect(await ringOverdue(env, t0 + 60_000)).toBe(5)
    // Its oldest, as many as go at once; whoever sends those goes on with the rest.
    expect(rung.map((ring) => ring.deliveryId).sort()).toEqual(
      [...backlog.slice(0, 4), other.id].sort(),
    )
  })

  it('rings for the first of each line only, and for what was sent once more', async () => {
    const environmentId = await addEnvironment()
    const webhookId = await addWebhook(environmentId)
    const ids: string[] = []
    for (let i = 0; i < 9; i++) ids.push((await addDeliveryTo(webhookId, environmentId)).id)
    const [settled, replayed, first, _, foreign, placeless, __, alsoPlaceless] = ids
    await set("state = 'delivered'", settled ?? '')
    await set('replayed = 1, attempts = 1', replayed ?? '')
    await set('environment_id = 9999', foreign ?? '')
    await set('environment_id = NULL', placeless ?? '')
    await set('environment_id = NULL', alsoPlaceless ?? '')
    const { env, rung } = quietEnv()
    await ringOverdue(env, t0 + 60_000)
    expect(rung.map((ring) => ring.deliveryId).sort()).toEqual(
      [first, foreign, placeless, replayed].sort(),
    )
    // The first of its line waits longer: so do those behind it.
    await setDelivery(first ?? '', { attempts: 1, nextAttemptAt: t0 + 90_000 })
    rung.length = 0
    await ringOverdue(env, t0 + 60_000)
    expect(rung.map((ring) => ring.deliveryId)).not.toContain(ids[3])
    expect(rung).toHaveLength(3)
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

describe('a long replay', () => {
  it('is overtaken by what stands in line', async () => {
    const { id: first, webhookId, environmentId } = await addDelivery()
    const ids = [first]
    while (ids.length < 6) ids.push((await addDeliveryTo(webhookId, environmentId)).id)
    const [one, two, three, four, ...inLine] = ids
    for (const id of [one, two, three, four]) await set('replayed = 1, attempts = 1', id ?? '')
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(quietEnv().env, tools, [one])
    const sent = requests.map(({ headers }) => Number(headers.get('x-sequence')))
    expect(inLine).toHaveLength(2)
    expect(sent).toEqual([1, 5, 6, 2, 3, 4])
  })
})

describe('what waits for a breaker', () => {
  it('is rung for by whoever took it for open when it was not', async () => {
    const { id: first, webhookId, environmentId } = await addDelivery()
    const { id: second } = await addDeliveryTo(webhookId, environmentId)
    await bindings.DB.prepare(
      'INSERT INTO webhook_health (webhook_id, consecutive_failures) VALUES (?, 1)',
    )
      .bind(webhookId)
      .run()
    const { env, rung } = quietEnv()
    const { tools, requests } = receiver(
      () => new Response('', { status: requests.length > 1 ? 503 : 200 }),
    )
    await consume(env, tools, [first, second])
    expect(await findDelivery(second)).toMatchObject({ state: 'waiting', attempts: 1 })
    // The second was taken with the first's record, before its success was counted.
    expect(await healthOf(webhookId)).toMatchObject({ breakerState: 'closed' })
    expect(rung).toEqual([{ deliveryId: second, delaySeconds: 30 }])
  })
})
