/** What fanning events out has to know, read at once. Decides nothing. */
import { asc, inArray } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { type EventRow, events } from './events.ts'
import { type Webhook, webhooks } from './webhooks.ts'

export type FanOut = {
  /** Those that exist, without their bodies, in the order of the ids asked for. */
  events: Omit<EventRow, 'body' | 'changeId' | 'type'>[]
  /** Of the events' organisations, in the order of their ids. */
  webhooks: Webhook[]
}

export async function readFanOut(db: Database, eventIds: string[]): Promise<FanOut> {
  const { id, organisationId, environmentId, action, createdAt } = events
  const own = isOneOf(events.id, eventIds)
  const organisationIds = db.select({ id: organisationId }).from(events).where(own)
  const [eventRows, webhookRows] = await db.batch([
    db.select({ id, organisationId, environmentId, action, createdAt }).from(events).where(own),
    db
      .select()
      .from(webhooks)
      .where(inArray(webhooks.organisationId, organisationIds))
      .orderBy(asc(webhooks.id)),
  ])
  const place = new Map(eventIds.map((eventId, index) => [eventId, index]))
  const byPlace = (a: { id: string }, b: { id: string }) =>
    (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0)
  return { events: eventRows.sort(byPlace), webhooks: webhookRows }
}
