/**
 * Turns committed events into one delivery for each endpoint that should have them, and rings for
 * them; what an endpoint does not want is written down as such. May run any number of times, also at
 * once: a pair of event and endpoint exists only once.
 */
import type { Env } from '../env.ts'
import { type Database, openDatabase, runBatch } from '../storage/database.ts'
import { insertDeliveries, type NewDelivery, noBody } from '../storage/deliveries.ts'
import { selectDueOfEvents } from '../storage/delivery-lines.ts'
import { type Endpoint, type FanOut, readFanOut } from '../storage/fan-out.ts'
import type { WebhookFormat } from '../storage/webhooks.ts'
import { lanes } from './claim.ts'
import { type Recipient, recipients } from './recipients.ts'
import { ring } from './ring.ts'

type Standing = Pick<NewDelivery, 'state' | 'reason' | 'nextAttemptAt'>

function standingOf(
  { webhook, isWanted }: Recipient<Endpoint>,
  { formats, now }: { formats: WebhookFormat[]; now: number },
): Standing {
  if (!isWanted) return { state: 'filtered', reason: 'no pattern matches', nextAttemptAt: null }
  // It speaks another format since, or was added with the change itself.
  if (!formats.includes(webhook.format)) {
    return { state: 'filtered', reason: noBody, nextAttemptAt: null }
  }
  return webhook.enabled
    ? { state: 'waiting', reason: null, nextAttemptAt: now }
    : { state: 'disabled', reason: 'endpoint disabled', nextAttemptAt: null }
}

/** More rows than this and their JSON do not fit into an object's memory beside each other. */
const rowsAtOnce = 10_000

/** Throws when D1 or the queue fails; the caller still owes the events then and comes again. */
export async function fanOut(env: Env, eventIds: string[], now: number): Promise<void> {
  const db = openDatabase(env.DB)
  const { events, webhooks } = await readFanOut(db, eventIds)
  const atOnce = Math.max(1, Math.floor(rowsAtOnce / Math.max(1, webhooks.length)))
  const due: Due[] = []
  for (let start = 0; start < events.length; start += atOnce) {
    const part = { events: events.slice(start, start + atOnce), webhooks }
    due.push(...firstOfEach(await deliver(db, part, now)))
  }
  await ring(
    env,
    firstOfEach(due).map(({ id }) => id),
  )
}

async function deliver(db: Database, { events, webhooks }: FanOut, now: number): Promise<Due[]> {
  const rows = events.flatMap((event) =>
    recipients(event, webhooks).map(
      (recipient): NewDelivery => ({
        id: `dlv_${crypto.randomUUID().replaceAll('-', '')}`,
        eventId: event.id,
        webhookId: recipient.webhook.id,
        environmentId: event.environmentId,
        createdAt: now,
        format: recipient.webhook.format,
        ...standingOf(recipient, { formats: event.formats, now }),
      }),
    ),
  )
  if (rows.length === 0) return []
  const inserts = insertDeliveries(db, rows)
  const eventIds = events.map(({ id }) => id)
  const results = await runBatch(db, [...inserts, selectDueOfEvents(db, eventIds, now)])
  return results.at(-1) as Due[]
}

type Due = { id: string; webhookId: number }

/** As many as go at once to each endpoint: whoever sends those goes on with what waits behind them. */
const firstOfEach = (due: Due[]): Due[] =>
  [...Map.groupBy(due, ({ webhookId }) => webhookId).values()].flatMap((own) => own.slice(0, lanes))
