/** The world of a delivery test: rows in D1, a queue that only remembers, a clock that obeys. */
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env as bindings } from 'cloudflare:workers'
import type { Tools } from '../../src/delivery/attempt.ts'
import { consumeDeliveries } from '../../src/delivery/consumer.ts'
import type { DeliveryMessage, Env } from '../../src/env.ts'
import { logOf, signPromised } from '../../src/ledger/proofs.ts'
import { openDatabase } from '../../src/storage/database.ts'
import type { Attempt, Delivery } from '../../src/storage/deliveries.ts'
import { seal } from '../../src/storage/seal.ts'
import { findHealth } from '../../src/storage/webhook-health.ts'

export const second = 1_000
/** When every event of these tests happened. */
export const t0 = Date.UTC(2026, 10, 20, 12, 0, 0)

let lastId = 0
const nextId = () => ++lastId

const run = (sql: string, ...values: unknown[]) =>
  bindings.DB.prepare(sql)
    .bind(...values)
    .run()

export async function addEnvironment(): Promise<number> {
  const id = nextId()
  await run(
    'INSERT INTO organisations (id, uuid, name, created_at) VALUES (?, ?, ?, ?)',
    ...[id, `o${id}`, 'Acme', t0],
  )
  await run(
    'INSERT INTO projects (id, uuid, organisation_id, name, created_at) VALUES (?, ?, ?, ?, ?)',
    ...[id, `p${id}`, id, 'Shop', t0],
  )
  await run(
    `INSERT INTO environments (id, uuid, project_id, name, api_key, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ...[id, `e${id}`, id, 'Production', `key${id}`, t0, t0],
  )
  return id
}

export type WebhookDraft = {
  url?: string
  secret?: string
  enabled?: boolean
  createdAt?: number
  ordered?: boolean
  patterns?: string[]
}

export async function addWebhook(environmentId: number, draft: WebhookDraft = {}): Promise<number> {
  const id = nextId()
  const { url = 'https://receiver.example/hook', secret, enabled = true, createdAt = t0 } = draft
  const { ordered = true, patterns = ['*:*'] } = draft
  const sealed = secret === undefined ? null : await seal(bindings.BURGEE_SECRET, secret)
  await run(
    `INSERT INTO webhooks
       (id, organisation_id, environment_id, url, enabled, sealed_secret, created_at, updated_at,
        ordered, patterns)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    // An environment has the id of its organisation here.
    ...[id, environmentId, environmentId, url, enabled ? 1 : 0, sealed, createdAt, createdAt],
    ...[ordered ? 1 : 0, JSON.stringify(patterns)],
  )
  return id
}

export async function addEvent(environmentId: number, body = '{"data": {}}'): Promise<string> {
  const id = `evt_${nextId()}`
  await run(
    `INSERT INTO events
       (id, type, organisation_id, environment_id, action, change_id, created_at)
     VALUES (?, 'FLAG_UPDATED', ?, ?, 'feature-state.updated', 'change', ?)`,
    ...[id, environmentId, environmentId, t0],
  )
  await run("INSERT INTO event_bodies VALUES (?, 'flagsmith', ?)", id, body)
  return id
}

/** The next delivery of an endpoint, waiting and due, without the fan-out's help. */
export async function addDeliveryTo(
  webhookId: number,
  environmentId: number,
  body?: string,
): Promise<{ id: string; eventId: string }> {
  const eventId = await addEvent(environmentId, body)
  const id = `dlv_${nextId()}`
  await run(
    `INSERT INTO deliveries
       (id, event_id, webhook_id, environment_id, sequence, state, next_attempt_at, created_at)
     VALUES (?, ?, ?, ?, (SELECT count(*) + 1 FROM deliveries WHERE webhook_id = ?), 'waiting', ?, ?)`,
    ...[id, eventId, webhookId, environmentId, webhookId, t0, t0],
  )
  return { id, eventId }
}

/** One delivery with everything it needs. */
export async function addDelivery(draft: WebhookDraft & { body?: string } = {}) {
  const environmentId = await addEnvironment()
  const webhookId = await addWebhook(environmentId, draft)
  const { id, eventId } = await addDeliveryTo(webhookId, environmentId, draft.body)
  return { id, eventId, webhookId, environmentId }
}

export const setEnabled = (webhookId: number, enabled: boolean) =>
  run('UPDATE webhooks SET enabled = ? WHERE id = ?', enabled ? 1 : 0, webhookId)

export const setDelivery = (id: string, row: { attempts: number; nextAttemptAt: number }) =>
  run(
    'UPDATE deliveries SET attempts = ?, next_attempt_at = ? WHERE id = ?',
    ...[row.attempts, row.nextAttemptAt, id],
  )

export async function findDelivery(id: string): Promise<Delivery | null> {
  return bindings.DB.prepare(
    `SELECT id, event_id AS eventId, webhook_id AS webhookId, environment_id AS environmentId,
       sequence, state, reason, attempts, earlier_attempts AS earlierAttempts,
       replayed, next_attempt_at AS nextAttemptAt, leased_until AS leasedUntil,
       created_at AS createdAt, format
     FROM deliveries WHERE id = ?`,
  )
    .bind(id)
    .first<Delivery>()
}

export async function listDeliveries(eventId: string): Promise<Delivery[]> {
  const { results } = await bindings.DB.prepare(
    'SELECT id FROM deliveries WHERE event_id = ? ORDER BY webhook_id',
  )
    .bind(eventId)
    .all<{ id: string }>()
  const found = await Promise.all(results.map(({ id }) => findDelivery(id)))
  return found.filter((row) => row !== null)
}

export async function listAttempts(deliveryId: string): Promise<Omit<Attempt, 'deliveryId'>[]> {
  const { results } = await bindings.DB.prepare(
    `SELECT number, started_at AS startedAt, ended_at AS endedAt, duration_ms AS durationMs,
       outcome, request_headers AS requestHeaders, response_status AS responseStatus,
       response_body AS responseBody, error
     FROM attempts WHERE delivery_id = ? ORDER BY number`,
  )
    .bind(deliveryId)
    .all<Omit<Attempt, 'deliveryId'>>()
  return results
}

export type Ring = { deliveryId: string; delaySeconds: number }

/** The Worker's bindings with a queue that remembers what was rung instead of delivering it. */
export function quietEnv(changes: Partial<Env> = {}) {
  const rung: Ring[] = []
  const calls: number[] = []
  const note = (message: DeliveryMessage, delaySeconds = 0) =>
    rung.push({ deliveryId: message.deliveryId, delaySeconds })
  const queue = {
    send: async (body: DeliveryMessage, options?: QueueSendOptions) => {
      note(body, options?.delaySeconds)
    },
    sendBatch: async (messages: Iterable<MessageSendRequest<DeliveryMessage>>) => {
      const list = [...messages]
      calls.push(list.length)
      for (const { body, delaySeconds } of list) note(body, delaySeconds)
    },
  }
  const env: Env = {
    ...bindings,
    DELIVERIES: queue as unknown as Env['DELIVERIES'],
    ALLOW_PRIVATE_WEBHOOKS: 'true',
    ...changes,
  }
  return { env, rung, calls }
}

export type Sent = { url: string; headers: Headers; body: string; redirect: string | undefined }

/** A receiver that remembers every request, and a clock that stands still until it is set. */
export function receiver(answer: (sent: Sent) => Response | Promise<Response>) {
  const requests: Sent[] = []
  const clock = { now: t0 }
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const sent: Sent = {
      url: String(input),
      headers: new Headers(init?.headers),
      body: String(init?.body),
      redirect: init?.redirect,
    }
    requests.push(sent)
    return answer(sent)
  }
  const tools: Omit<Tools, 'sign'> = {
    fetch: fetch as typeof globalThis.fetch,
    now: () => clock.now,
    random: () => 0.5,
  }
  return { requests, clock, tools }
}

/** Hands messages to the consumer as the queue would and answers what became of each. */
export async function consume(env: Env, tools: Omit<Tools, 'sign'>, deliveryIds: unknown[]) {
  const messages = deliveryIds.map((deliveryId, index) => ({
    id: String(index),
    timestamp: new Date(t0),
    attempts: 1,
    body: { deliveryId } as DeliveryMessage,
  }))
  const batch = createMessageBatch<DeliveryMessage>('burgee-deliveries', messages)
  const under: Promise<unknown>[] = []
  const farewells: number[] = []
  await consumeDeliveries(batch, env, {
    tools,
    waitUntil: (work) => under.push(work),
    gone: async () => {
      farewells.push(tools.now())
    },
    sign: (promised) => signPromised(env, logOf(promised), promised),
  })
  await Promise.all(under)
  return { ...(await getQueueResult(batch, createExecutionContext())), farewells }
}

/** What is known of an endpoint; null where nothing is. */
export const healthOf = (webhookId: number) =>
  findHealth(openDatabase(bindings.DB), webhookId).then((row) => row ?? null)
