/**
 * Turns committed events into one delivery for each endpoint that should have them, and rings for
 * them. May run any number of times, also at once: a pair of event and endpoint exists only once.
 */
import type { Env } from '../env.ts'
import { openDatabase, runBatch } from '../storage/database.ts'
import { insertDeliveries, selectDueOfEvents } from '../storage/deliveries.ts'
import { readFanOut } from '../storage/fan-out.ts'
import { recipients } from './recipients.ts'
import { ring } from './ring.ts'

/** Throws when D1 or the queue fails; the caller still owes the events then and comes again. */
export async function fanOut(env: Env, eventIds: string[], now: number): Promise<void> {
  const db = openDatabase(env.DB)
  const { events, webhooks, due } = await readFanOut(db, eventIds, now)
  const rows = events.flatMap((event) =>
    recipients(event, webhooks).map((webhook) => ({
      id: `dlv_${crypto.randomUUID().replaceAll('-', '')}`,
      eventId: event.id,
      webhookId: webhook.id,
      state: 'waiting' as const,
      nextAttemptAt: now,
      createdAt: now,
    })),
  )
  if (rows.length === 0) return ring(env, due)
  const inserts = insertDeliveries(db, rows)
  const results = await runBatch(db, [...inserts, selectDueOfEvents(db, eventIds, now)])
  const dueNow = results.at(-1) as { id: string }[]
  await ring(
    env,
    dueNow.map((row) => row.id),
  )
}
