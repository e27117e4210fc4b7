import { env as bindings } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { fanOut } from '../../src/delivery/fan-out.ts'
import {
  addEnvironment,
  addEvent,
  addWebhook,
  listAttempts,
  listDeliveries,
  quietEnv,
  t0,
} from './world.ts'

describe('fanning an event out', () => {
  it('makes one waiting delivery for each endpoint that should have it and rings for it', async () => {
    const environmentId = await addEnvironment()
    const first = await addWebhook(environmentId)
    const second = await addWebhook(environmentId)
    await addWebhook(environmentId, { createdAt: t0 + 1 })
    await addWebhook(await addEnvironment())
    const eventId = await addEvent(environmentId)
    const { env, rung } = quietEnv()

    await fanOut(env, [eventId], t0 + 5)

    const rows = await listDeliveries(eventId)
    expect(rows.map((row) => row.webhookId)).toEqual([first, second])
    for (const row of rows) {
      expect(row).toMatchObject({
        state: 'waiting',
        attempts: 0,
        nextAttemptAt: t0 + 5,
        leasedUntil: 0,
        createdAt: t0 + 5,
      })
      expect(row.id).toMatch(/^dlv_[0-9a-f]{32}$/)
    }
    expect(rung.map((ring) => ring.deliveryId).sort()).toEqual(rows.map((row) => row.id).sort())
  })

  it('repeated, even all at once, makes no second delivery', async () => {
    const environmentId = await addEnvironment()
    await addWebhook(environmentId)
    await addWebhook(environmentId)
    const eventId = await addEvent(environmentId)
    const { env, rung } = quietEnv()

    await Promise.all(Array.from({ length: 8 }, () => fanOut(env, [eventId], t0)))
    await fanOut(env, [eventId], t0 + 60_000)

    const rows = await listDeliveries(eventId)
    expect(rows).toHaveLength(2)
    expect(new Set(rung.map((ring) => ring.deliveryId))).toEqual(new Set(rows.map((row) => row.id)))
  })

  it('does not ring again for what is delivered, given up, being sent or not yet due', async () => {
    const environmentId = await addEnvironment()
    const eventId = await addEvent(environmentId)
    for (let i = 0; i < 5; i++) await addWebhook(environmentId)
    await fanOut(quietEnv().env, [eventId], t0)
    const [delivered, dead, leased, later, due] = await listDeliveries(eventId)
    const set = (assignment: string, id: string | undefined) =>
      bindings.DB.prepare(`UPDATE deliveries SET ${assignment} WHERE id = ?`).bind(id).run()
    await set("state = 'delivered', next_attempt_at = NULL", delivered?.id)
    await set("state = 'dead', next_attempt_at = NULL", dead?.id)
    await set(`leased_until = ${t0 + 30_000}`, leased?.id)
    await set(`next_attempt_at = ${t0 + 30_000}`, later?.id)

    const { env, rung } = quietEnv()
    await fanOut(env, [eventId], t0 + 1)
    expect(rung).toEqual([{ deliveryId: due?.id, delaySeconds: 0 }])
  })

  it('keeps for an endpoint that is switched off what it misses', async () => {
    const environmentId = await addEnvironment()
    await addWebhook(environmentId, { enabled: false })
    const eventId = await addEvent(environmentId)
    const { env, rung } = quietEnv()
    await fanOut(env, [eventId], t0)
    expect(await listDeliveries(eventId)).toMatchObject([
      { state: 'disabled', reason: 'endpoint disabled', sequence: 1, nextAttemptAt: null },
    ])
    expect(rung).toEqual([])
  })

  it('writes down what the patterns of an endpoint leave out, without a number', async () => {
    const environmentId = await addEnvironment()
    await addWebhook(environmentId, { patterns: ['segment:*'] })
    const wanted = await addEvent(environmentId)
    await bindings.DB.prepare("UPDATE events SET action = 'segment.updated' WHERE id = ?")
      .bind(wanted)
      .run()
    const unwanted = [await addEvent(environmentId), await addEvent(environmentId)]
    const { env, rung } = quietEnv()
    await fanOut(env, [unwanted[0] ?? '', wanted, unwanted[1] ?? ''], t0)
    for (const eventId of unwanted) {
      expect(await listDeliveries(eventId)).toMatchObject([
        { state: 'filtered', reason: 'no pattern matches', sequence: null, nextAttemptAt: null },
      ])
    }
    expect(await listDeliveries(wanted)).toMatchObject([{ state: 'waiting', sequence: 1 }])
    expect(rung).toHaveLength(1)
  })

  it('writes for thousands of endpoints in parts that fit into memory', async () => {
    const environmentId = await addEnvironment()
    const webhookId = await addWebhook(environmentId)
    const others = JSON.stringify(Array.from({ length: 999 }, (_, index) => 1e6 + index))
    await bindings.DB.prepare(
      `INSERT INTO webhooks (id, organisation_id, environment_id, url, created_at, updated_at)
       SELECT value, organisation_id, environment_id, url, created_at, updated_at
       FROM webhooks, json_each(?) WHERE webhooks.id = ?`,
    )
      .bind(others, webhookId)
      .run()
    const ids: string[] = []
    while (ids.length < 12) ids.push(await addEvent(environmentId))
    const count = async () => {
      const sql = 'SELECT count(*) AS made FROM deliveries JOIN json_each(?) ON event_id = value'
      const row = await bindings.DB.prepare(sql).bind(JSON.stringify(ids)).first<{ made: number }>()
      return row?.made
    }
    const made: unknown[] = []
    const batch: D1Database['batch'] = async (statements) => {
      const results = await bindings.DB.batch(statements)
      made.push(await count())
      return results as never
    }
    const prepare = (sql: string) => bindings.DB.prepare(sql)
    const { env, rung } = quietEnv({ DB: { prepare, batch } as D1Database })
    await fanOut(env, ids, t0)
    expect(made).toEqual([0, 10_000, 12_000])
    expect(rung).toHaveLength(1_000)
  })

  it('sends nothing in a format that nobody spoke when it happened', async () => {
    const environmentId = await addEnvironment()
    const webhookId = await addWebhook(environmentId)
    const eventId = await addEvent(environmentId)
    const run = (sql: string, value: unknown) => bindings.DB.prepare(sql).bind(value).run()
    await run("UPDATE webhooks SET format = 'standard' WHERE id = ?", webhookId)
    await run("UPDATE events SET type = 'AUDIT_LOG_CREATED' WHERE id = ?", eventId)
    const { env, rung } = quietEnv()
    await fanOut(env, [eventId], t0)
    expect(await listDeliveries(eventId)).toMatchObject([
      { state: 'filtered', reason: 'no body in its format', format: 'standard', sequence: null },
    ])
    expect(rung).toEqual([])
  })

  it("tells an organisation's endpoint of all its environments", async () => {
    const environmentId = await addEnvironment()
    const webhookId = await addWebhook(environmentId)
    await bindings.DB.prepare('UPDATE webhooks SET environment_id = NULL WHERE id = ?')
      .bind(webhookId)
      .run()
    const own = await addEvent(environmentId)
    const foreign = await addEvent(await addEnvironment())
    const { env } = quietEnv()
    await fanOut(env, [own, foreign], t0)
    expect(await listDeliveries(own)).toMatchObject([{ webhookId, environmentId }])
    expect(await listDeliveries(foreign)).toEqual([])
  })

  it('numbers what an endpoint gets without a gap, each environment for itself', async () => {
    const [one, other] = [await addEnvironment(), await addEnvironment()]
    const webhookId = await addWebhook(one)
    await bindings.DB.prepare('UPDATE webhooks SET environment_id = NULL WHERE id = ?')
      .bind(webhookId)
      .run()
    const make = async (environmentId: number | null) => {
      const id = await addEvent(one)
      await bindings.DB.prepare('UPDATE events SET environment_id = ? WHERE id = ?')
        .bind(environmentId, id)
        .run()
      return id
    }
    const ids: string[] = []
    for (const place of [one, other, one, null, other, null, one]) ids.push(await make(place))
    const { env } = quietEnv()
    await fanOut(env, ids.slice(0, 3), t0)
    // Again with those that are there, in two calls at once.
    await Promise.all([fanOut(env, ids, t0), fanOut(env, ids.toReversed(), t0)])
    const { results } = await bindings.DB.prepare(
      'SELECT environment_id AS place, sequence FROM deliveries WHERE webhook_id = ? ORDER BY 1, 2',
    )
      .bind(webhookId)
      .all()
    expect(results.map((row) => Object.values(row))).toEqual([
      [null, 1],
      [null, 2],
      [one, 1],
      [one, 2],
      [one, 3],
      [other, 1],
      [other, 2],
    ])
    const first = (await Promise.all(ids.slice(0, 3).map(listDeliveries))).flat()
    const mine = first.filter((row) => row.webhookId === webhookId)
    expect(mine.map((row) => row.sequence)).toEqual([1, 1, 2])
  })

  it('does nothing for an event that is gone', async () => {
    const { env, rung, calls } = quietEnv()
    await fanOut(env, ['evt_unknown'], t0)
    expect({ rung, calls }).toEqual({ rung: [], calls: [] })
  })

  it('does nothing for an environment without endpoints', async () => {
    const { env, calls } = quietEnv()
    await fanOut(env, [await addEvent(await addEnvironment())], t0)
    expect(calls).toEqual([])
  })

  it('cuts more than a hundred endpoints to what D1 and Queues take', async () => {
    const environmentId = await addEnvironment()
    for (let i = 0; i < 130; i++) await addWebhook(environmentId)
    const eventId = await addEvent(environmentId)
    const { env, rung, calls } = quietEnv()
    await fanOut(env, [eventId], t0)
    expect(calls).toEqual([100, 30])
    expect(new Set(rung.map((ring) => ring.deliveryId)).size).toBe(130)
  })

  it('does not ring for what an open breaker would keep back, nor for what stands behind another', async () => {
    const environmentId = await addEnvironment()
    const down = await addWebhook(environmentId)
    const up = await addWebhook(environmentId)
    await bindings.DB.prepare(
      `INSERT INTO webhook_health (webhook_id, breaker_state, breaker_until, consecutive_failures)
       VALUES (?, 'open', ?, 2)`,
    )
      .bind(down, t0 + 30_000)
      .run()
    const [first, second] = [await addEvent(environmentId), await addEvent(environmentId)]
    const { env, rung } = quietEnv()
    await fanOut(env, [first, second], t0)
    const [held, waiting] = await listDeliveries(first)
    expect(rung).toEqual([{ deliveryId: waiting?.id, delaySeconds: 0 }])
    expect(waiting).toMatchObject({ webhookId: up, reason: null, nextAttemptAt: t0 })
    expect(held).toMatchObject({
      state: 'waiting',
      reason: 'breaker',
      sequence: 1,
      nextAttemptAt: t0 + 30_000,
    })
    // Its time has come: somebody has to try.
    const third = await addEvent(environmentId)
    await fanOut(env, [third], t0 + 30_000)
    expect((await listDeliveries(third)).map((row) => row.reason)).toEqual([null, null])
  })

  it('rings for no more events of an endpoint than go at once', async () => {
    const environmentId = await addEnvironment()
    await addWebhook(environmentId, { ordered: false })
    const ids: string[] = []
    for (let i = 0; i < 6; i++) ids.push(await addEvent(environmentId))
    const { env, rung } = quietEnv()
    await fanOut(env, ids, t0)
    const rows = (await Promise.all(ids.map(listDeliveries))).flat()
    expect(rows).toHaveLength(6)
    expect(rung.map((ring) => ring.deliveryId)).toEqual(rows.slice(0, 4).map((row) => row.id))
  })

  it('fails when the queue does, so that whoever owes the event comes again', async () => {
    const environmentId = await addEnvironment()
    await addWebhook(environmentId)
    const eventId = await addEvent(environmentId)
    const sendBatch = () => Promise.reject(new Error('queue down'))
    const { env } = quietEnv({ DELIVERIES: { sendBatch } as never })
    await expect(fanOut(env, [eventId], t0)).rejects.toThrow('queue down')

    const again = quietEnv()
    await fanOut(again.env, [eventId], t0 + 1)
    expect(again.rung).toHaveLength(1)
    expect(await listDeliveries(eventId)).toHaveLength(1)
  })

  it('reaches the consumer through the real queue', async () => {
    const environmentId = await addEnvironment()
    const webhookId = await addWebhook(environmentId, { url: 'http://127.0.0.1:9/hook' })
    const eventId = await addEvent(environmentId)
    await fanOut(bindings, [eventId], Date.now())

    const [row] = await listDeliveries(eventId)
    await vi.waitFor(
      async () => {
        const [attempt] = await listAttempts(row?.id ?? '')
        expect(attempt).toMatchObject({ number: 1, outcome: 'failed', error: 'connection' })
      },
      { timeout: 5_000, interval: 50 },
    )
    await bindings.DB.prepare('DELETE FROM webhooks WHERE id = ?').bind(webhookId).run()
    expect(await listDeliveries(eventId)).toEqual([])
  })
})
