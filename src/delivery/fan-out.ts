/**
 * Turns committed events into one delivery for each endpoint that should have them, and rings for
 * them. May run any number of times, also at once: a pair of event and endpoint exists only once.
 */
import type { Env } from '../env.ts'
import { openDatabase, runBatch } from '../storage/database.ts'
import { insertDeliveries, type NewDelivery, selectDueOfEvents } from '../storage/deliveries.ts'
import { type Endpoint, readFanOut } from '../storage/fan-out.ts'
import { lanes } from './claim.ts'
import { recipients } from './recipients.ts'
import { ring } from './ring.ts'

const standingOf = ({ enabled }: Endpoint, now: number) =>
  enabled
    ? { state: 'waiting' as const, reason: null, nextAttemptAt: now }
    : { state: 'disabled' as const, reason: 'endpoint disabled', nextAttemptAt: null }

/** Throws when D1 or the queue fails; the caller still owes the events then and comes again. */
export async function fanOut(env: Env, eventIds: string[], now: number): Promise<void> {
  const db = openDatabase(env.DB)
  const { events, webhooks } = await readFanOut(db, eventIds)
  const rows = events.flatMap((event) =>
    recipients(event, webhooks).map(
      (webhook): NewDelivery => ({
        id: `dlv_${crypto.randomUUID().replaceAll('-', '')}`,
        eventId: event.id,
        webhookId: webhook.id,
        environmentId: event.environmentId,
        createdAt: now,
        format: webhook.format,
        ...standingOf(webhook, now),
      }),
    ),
  )
  if (rows.length === 0) return
  const inserts = insertDeliveries(db, rows)
  const results = await runBatch(db, [...inserts, selectDueOfEvents(db, eventIds, now)])
  await ring(env, firstOfEach(results.at(-1) as Due[]))
}

type Due = { id: string; webhookId: number }

/** As many as go at once to each endpoint: whoever sends those goes on with what waits behind them. */
const firstOfEach = (due: Due[]): string[] =>
  [...Map.groupBy(due, ({ webhookId }) => webhookId).values()].flatMap((own) =>
    own.slice(0, lanes).map(({ id }) => id),
  )
