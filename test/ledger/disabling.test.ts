/** Endpoints that the system switches off, and what happens when somebody switches them on again. */
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import { disableHopeless } from '../../src/ledger/disabling.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { deliveries } from '../../src/storage/deliveries.ts'
import { entries } from '../../src/storage/entries.ts'
import { webhookHealth } from '../../src/storage/webhook-health.ts'
import { webhooks } from '../../src/storage/webhooks.ts'
import { settle } from '../support/invariants.ts'
import { createFlagWorld, write } from '../support/world.ts'

const day = 24 * 60 * 60 * 1_000
const now = Date.UTC(2026, 10, 20, 12, 0, 0)

const db = () => openDatabase(env.DB)

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

type Health = Partial<typeof webhookHealth.$inferInsert>

/** An endpoint of which so many attempts failed, and what is known of it. */
async function createEndpoint(health: Health, { attempts = 5, ofOrganisation = false } = {}) {
  const world = await createFlagWorld()
  const { organisationId } = world
  const home = { organisationId, environmentId: ofOrganisation ? null : world.environment.id }
  const settings = { url: 'http://127.0.0.1:9/hook' }
  const { id } = await write(organisationId, 'webhook.create', { home, settings })
  await db()
    .insert(webhookHealth)
    .values({ webhookId: id, ...health })
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO events
         (id, type, organisation_id, environment_id, action, change_id, created_at)
       VALUES (?, 'FLAG_UPDATED', ?, ?, 'feature-state.updated', 'c', 1)`,
    ).bind(`evt_${id}`, organisationId, world.environment.id),
    env.DB.prepare(
      `INSERT INTO deliveries
         (id, event_id, webhook_id, environment_id, sequence, state, attempts, next_attempt_at,
          created_at)
       VALUES (?, ?, ?, ?, 1, 'waiting', ?, 1, 1)`,
    ).bind(`dlv_${id}`, `evt_${id}`, id, world.environment.id, attempts),
    env.DB.prepare(
      `INSERT INTO attempts (delivery_id, number, started_at, ended_at, outcome)
       SELECT ?, value, ?, ?, 'failed' FROM json_each(?)`,
    ).bind(
      `dlv_${id}`,
      ...[now - day, now - day, JSON.stringify(Array.from({ length: attempts }, (_, i) => i + 1))],
    ),
  ])
  return { id, home, world }
}

const rowOf = async (id: number) =>
  (await db().select().from(webhooks).where(eq(webhooks.id, id)))[0]

const lastRecord = async (organisationId: number) => {
  const ledger = ledgerOf(organisationId)
  const rows = await db().select().from(entries).where(eq(entries.ledger, ledger))
  return JSON.parse(rows.sort((a, b) => a.sequence - b.sequence).at(-1)?.record ?? '{}')
}

describe('switching off', () => {
  const long = { failingSince: now - 5 * day, lastFailureAt: now - day }

  it.each<[string, Health, object, boolean]>([
    ['five days without a success', long, {}, true],
    ['less than five days', { ...long, failingSince: now - 5 * day + 1 }, {}, false],
    ['five days with hardly an attempt', long, { attempts: 4 }, false],
    ['no failure since the last success', { lastSuccessAt: now - 9 * day }, {}, false],
    ['a receiver that is gone', { goneAt: now }, { attempts: 1 }, true],
    ['an endpoint of an organisation', long, { ofOrganisation: true }, true],
  ])('%s', async (_, health, how, off) => {
    const { id, world } = await createEndpoint(health, how)
    await disableHopeless(env, now)
    const reason = health.goneAt === undefined ? 'failing' : 'gone'
    expect(await rowOf(id)).toMatchObject({
      enabled: !off,
      disabledReason: off ? reason : null,
    })
    const record = await lastRecord(world.organisationId)
    expect(record.action).toBe(off ? 'webhook.disabled' : 'webhook.created')
    if (!off) return
    expect(record).toMatchObject({
      actor: { kind: 'system' },
      resource: { type: 'WEBHOOK', id: String(id) },
      after: { enabled: false, disabled_reason: reason },
    })
    // Once is enough.
    await disableHopeless(env, now)
    expect(await lastRecord(world.organisationId)).toEqual(record)
  })
})

describe('switching on again', () => {
  it('forgets what was wrong and sends what waits', async () => {
    const { id, home, world } = await createEndpoint({
      goneAt: now,
      breakerState: 'open',
      breakerUntil: Date.now() + day,
    })
    await disableHopeless(env, now)
    const settings = { enabled: true }
    await write(world.organisationId, 'webhook.update', { home, id, settings })
    await settle(ledgerOf(world.organisationId))
    expect(await rowOf(id)).toMatchObject({ enabled: true, disabledReason: null })
    // Rung for through the real queue: nobody listens there, so the attempt fails and is recorded.
    await vi.waitFor(
      async () => {
        const [row] = await db().select().from(deliveries).where(eq(deliveries.webhookId, id))
        expect(row).toMatchObject({ state: 'waiting', attempts: 6 })
      },
      { timeout: 8_000, interval: 50 },
    )
  })
})
