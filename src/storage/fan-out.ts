/** What fanning events out has to know, read at once. Decides nothing. */
import { asc, getTableColumns, inArray, sql } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { type EventRow, eventBodies, events } from './events.ts'
import { type Webhook, type WebhookFormat, webhooks } from './webhooks.ts'

/** `projectId` is that of its environment; null for an organisation's own. */
export type Endpoint = Webhook & { projectId: number | null }

export type ToldEvent = Omit<EventRow, 'changeId' | 'sequence'> & {
  /** In which it has bytes. */
  formats: WebhookFormat[]
}

export type FanOut = {
  /** Those that exist, in the order of the ids asked for. */
  events: ToldEvent[]
  /** Of the events' organisations, in the order of their ids. */
  webhooks: Endpoint[]
}

const projectId = sql<number | null>`(SELECT project_id FROM environments
  WHERE environments.id = ${webhooks.environmentId})`.as('project_id')

export async function readFanOut(db: Database, eventIds: string[]): Promise<FanOut> {
  const { changeId: _, sequence: __, ...columns } = getTableColumns(events)
  const { eventId, format } = eventBodies
  const own = isOneOf(events.id, eventIds)
  const organisationIds = db.select({ id: events.organisationId }).from(events).where(own)
  const [eventRows, bodies, webhookRows] = await db.batch([
    db.select(columns).from(events).where(own),
    db.select({ eventId, format }).from(eventBodies).where(isOneOf(eventId, eventIds)),
    db
      .select({ ...getTableColumns(webhooks), projectId })
      .from(webhooks)
      .where(inArray(webhooks.organisationId, organisationIds))
      .orderBy(asc(webhooks.id)),
  ])
  const told = Map.groupBy(bodies, (body) => body.eventId)
  const place = new Map(eventIds.map((id, index) => [id, index]))
  const byPlace = (a: { id: string }, b: { id: string }) =>
    (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0)
  const rows = eventRows.sort(byPlace).map((row) => ({
    ...row,
    formats: (told.get(row.id) ?? []).map((body) => body.format),
  }))
  return { events: rows, webhooks: webhookRows }
}
