import { env as bindings } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { expireEvents, keptMs } from '../../src/delivery/expiry.ts'
import { fanOut } from '../../src/delivery/fan-out.ts'
import {
  addDeliveryTo,
  addEnvironment,
  addEvent,
  addWebhook,
  listDeliveries,
  quietEnv,
  t0,
} from './world.ts'

const day = 24 * 60 * 60 * 1_000

const settle = (id: string, state: string) =>
  bindings.DB.prepare('UPDATE deliveries SET state = ? WHERE id = ?').bind(state, id).run()

const left = async (environmentId: number) => {
  const { results } = await bindings.DB.prepare(
    `SELECT events.id, (SELECT count(*) FROM event_bodies WHERE event_id = events.id) AS bodies
     FROM events WHERE environment_id = ?`,
  )
    .bind(environmentId)
    .all<{ id: string; bodies: number }>()
  return results
}

describe('an event', () => {
  it('goes after thirty days with its bytes, unless it waits or is the last of its endpoint', async () => {
    const environmentId = await addEnvironment()
    const webhookId = await addWebhook(environmentId)
    const [first, waiting, dead, last] = await Promise.all(
      ['1', '2', '3', '4'].map(() => addDeliveryTo(webhookId, environmentId)),
    )
    for (const one of [first, dead, last]) await settle(one?.id ?? '', 'dead')
    const owed = await addEvent(environmentId)
    await bindings.DB.prepare(
      "INSERT INTO outbox (ledger, kind, target, created_at) VALUES ('x', 'deliver', ?, 1)",
    )
      .bind(owed)
      .run()
    const { env } = quietEnv()
    await expireEvents(env, t0 + keptMs - day)
    expect(await left(environmentId)).toHaveLength(5)
    await expireEvents(env, t0 + keptMs + day)
    const rows = await bindings.DB.prepare(
      'SELECT event_id FROM deliveries WHERE webhook_id = ? ORDER BY sequence DESC LIMIT 1',
    )
      .bind(webhookId)
      .first<{ event_id: string }>()
    const kept = [waiting?.eventId, rows?.event_id, owed].sort()
    expect((await left(environmentId)).map(({ id }) => id).sort()).toEqual(kept)
    const bodies = bindings.DB.prepare('SELECT count(*) AS n FROM event_bodies WHERE event_id = ?')
    expect(await bodies.bind(first?.eventId ?? '').first()).toEqual({ n: 0 })
  })

  it('leaves the numbers of its endpoint rising', async () => {
    const environmentId = await addEnvironment()
    const webhookId = await addWebhook(environmentId)
    const { env } = quietEnv()
    for (let round = 0; round < 3; round++) await fanOut(env, [await addEvent(environmentId)], t0)
    await bindings.DB.exec("UPDATE deliveries SET state = 'delivered'")
    await expireEvents(env, t0 + keptMs + day)
    const next = await addEvent(environmentId)
    await fanOut(env, [next], t0)
    expect(await listDeliveries(next)).toMatchObject([{ webhookId, sequence: 4 }])
  })
})
