/** Deliveries as tests put them straight into the database, and where they arrive. */
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import type { DeliveryState } from '../../src/storage/deliveries.ts'
import { createShop, createWebhook } from './webhooks.ts'

let made = 0

export type DeliveryDraft = {
  state?: DeliveryState
  reason?: string | null
  type?: 'FLAG_UPDATED' | 'FLAG_DELETED'
  attempts?: number
  createdAt?: number
  nextAttemptAt?: number | null
  leasedUntil?: number
  body?: string
}

/** One delivery with its event, as if nobody had been told to look after it. */
export async function addDelivery(
  at: { organisationId: number; environmentId: number; webhookId: number },
  draft: DeliveryDraft = {},
): Promise<string> {
  const number = ++made
  const id = `dlv_${String(number).padStart(8, '0')}`
  const { state = 'dead', reason = null, type = 'FLAG_UPDATED', attempts = 0 } = draft
  const { createdAt = number, nextAttemptAt = null, leasedUntil = 0, body = '{}' } = draft
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO events
         (id, type, organisation_id, environment_id, action, change_id, created_at)
       VALUES (?, ?, ?, ?, 'feature-state.updated', 'c', ?)`,
    ).bind(`evt_${number}`, type, at.organisationId, at.environmentId, createdAt),
    env.DB.prepare("INSERT INTO event_bodies VALUES (?, 'flagsmith', ?)").bind(
      `evt_${number}`,
      body,
    ),
    env.DB.prepare(
      `INSERT INTO deliveries (id, event_id, webhook_id, environment_id, sequence, state, reason,
         attempts, next_attempt_at, leased_until, created_at)
       VALUES (?, ?, ?, ?,
         CASE WHEN ? <> 'filtered' THEN
           (SELECT coalesce(max(sequence), 0) + 1 FROM deliveries WHERE webhook_id = ?) END,
         ?, ?, ?, ?, ?, ?)`,
    ).bind(
      ...[id, `evt_${number}`, at.webhookId, at.environmentId, state, at.webhookId, state, reason],
      ...[attempts, nextAttemptAt, leasedUntil, createdAt],
    ),
  ])
  return id
}

export async function standingOf(id: string) {
  const row = await env.DB.prepare(
    'SELECT state, reason, attempts, next_attempt_at AS due FROM deliveries WHERE id = ?',
  )
    .bind(id)
    .first<{ state: string; reason: string | null; attempts: number; due: number | null }>()
  if (row === null) throw new Error(`no delivery ${id}`)
  return row
}

export type Received = { id: string | null; body: string }[]

/** Every receiver thanks from now on; until `vi.unstubAllGlobals`. */
export function receive(): Received {
  const received: Received = []
  vi.stubGlobal('fetch', async (_input: unknown, init?: RequestInit) => {
    const id = new Headers(init?.headers).get('webhook-id')
    received.push({ id, body: String(init?.body) })
    return new Response('thanks')
  })
  return received
}

/** Two places alike: whose the endpoint is makes no difference to what is seen of it. */
export async function createEndpoint(level: 'environment' | 'organisation' = 'environment') {
  const { world, environment, path: inEnvironment } = await createShop()
  const path =
    level === 'environment' ? inEnvironment : `organisations/${world.organisation.id}/webhooks/`
  const { id: webhookId } = await createWebhook(world, path)
  const at = {
    organisationId: world.organisation.id,
    environmentId: environment.id,
    webhookId,
  }
  return {
    world,
    environment,
    webhookId,
    hook: `${path}${webhookId}/`,
    path: `${path}${webhookId}/deliveries/`,
    add: (draft?: DeliveryDraft) => addDelivery(at, draft),
  }
}
