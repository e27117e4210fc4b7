/**
 * Turns a committed event into one delivery for each endpoint that should have it, and rings for
 * them. May run any number of times, also at once: a pair of event and endpoint exists only once.
 */
import type { Env } from '../env.ts'
import { openDatabase, runBatch } from '../storage/database.ts'
import { insertDeliveries, listDueOfEvent } from '../storage/deliveries.ts'
import { findEvent } from '../storage/events.ts'
import { listWebhooks } from '../storage/webhooks.ts'
import { recipients } from './recipients.ts'
import { ring } from './ring.ts'

/** Throws when D1 or the queue fails; the caller still owes the event then and comes again. */
export async function fanOut(env: Env, eventId: string, now: number): Promise<void> {
  const db = openDatabase(env.DB)
  const event = await findEvent(db, eventId)
  if (event === undefined) return
  const webhooks = await listWebhooks(db, event.environmentId)
  const rows = recipients(event, webhooks).map((webhook) => ({
    id: `dlv_${crypto.randomUUID().replaceAll('-', '')}`,
    eventId,
    webhookId: webhook.id,
    state: 'waiting' as const,
    nextAttemptAt: now,
    createdAt: now,
  }))
  await runBatch(db, insertDeliveries(db, rows))
  await ring(env, await listDueOfEvent(db, eventId, now))
}
