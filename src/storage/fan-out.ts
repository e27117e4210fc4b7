/** What fanning events out has to know, read at once. Decides nothing. */
import { inArray } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { selectDueOfEvents } from './deliveries.ts'
import { type EventRow, events } from './events.ts'
import { type Webhook, webhooks } from './webhooks.ts'

export type FanOut = {
  /** Those that exist, without their bodies. */
  events: Pick<EventRow, 'id' | 'environmentId' | 'createdAt'>[]
  /** Of the events' environments. */
  webhooks: Webhook[]
  /** Deliveries of these events that are there already and due. */
  due: string[]
}

export async function readFanOut(db: Database, eventIds: string[], now: number): Promise<FanOut> {
  const { id, environmentId, createdAt } = events
  const own = isOneOf(events.id, eventIds)
  const environmentIds = db.select({ id: environmentId }).from(events).where(own)
  const [eventRows, webhookRows, due] = await db.batch([
    db.select({ id, environmentId, createdAt }).from(events).where(own),
    db.select().from(webhooks).where(inArray(webhooks.environmentId, environmentIds)),
    selectDueOfEvents(db, eventIds, now),
  ])
  return { events: eventRows, webhooks: webhookRows, due: due.map((row) => row.id) }
}
