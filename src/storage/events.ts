/** Webhook events, and the exact bytes that tell of them: both come with the change that made them. */
import { sql } from 'drizzle-orm'
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, insertRows, isOneOf, type Statement } from './database.ts'
import { type WebhookFormat, webhooks } from './webhooks.ts'

export type EventType =
  | 'FLAG_UPDATED'
  | 'FLAG_DELETED'
  /** An entry of the audit log, whatever it tells of. */
  | 'AUDIT_LOG_CREATED'

export const events = sqliteTable('events', {
  /** `evt_` and random hex: stable over retries and formats, without a dot (Standard Webhooks). */
  id: text().primaryKey(),
  type: text().$type<EventType>().notNull(),
  organisationId: integer('organisation_id').notNull(),
  /** Null: of the organisation or one of its projects, and of no environment. */
  environmentId: integer('environment_id'),
  /** What was done, as the entry says it: endpoints choose by it. */
  action: text().notNull(),
  changeId: text('change_id').notNull(),
  createdAt: integer('created_at').notNull(),
  /** Null: of the organisation itself. */
  projectId: integer('project_id'),
  /** Of the entry that it tells of; of several, the first. Null: older than this column. */
  sequence: integer(),
})

export type EventRow = typeof events.$inferSelect

export const eventBodies = sqliteTable(
  'event_bodies',
  {
    eventId: text('event_id').notNull(),
    format: text().$type<WebhookFormat>().notNull(),
    /** The exact request body of every attempt. */
    body: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.format] })],
)

export type EventBody = typeof eventBodies.$inferInsert

/** Formats that some endpoint speaks, apart for those of the organisation and of its environments. */
export type Listener = { format: WebhookFormat; isOfOrganisation: boolean }

/** Whoever listens in an organisation, switched off or not: what an endpoint misses is kept for it. */
export const listListeners = (db: Database, organisationId: number): Promise<Listener[]> =>
  db
    .selectDistinct({
      format: webhooks.format,
      isOfOrganisation: sql<boolean>`${webhooks.environmentId} IS NULL`.mapWith(Boolean),
    })
    .from(webhooks)
    .where(sql`${webhooks.organisationId} = ${organisationId}`)

/**
 * Statements that store events with their bytes. Those of entries name the entry's id, which exists only
 * in the batch that writes the entry: there it takes the place of `idMark`.
 */
export function insertEvents(
  db: Database,
  { events: rows, bodies }: { events: (typeof events.$inferInsert)[]; bodies: EventBody[] },
  { ledger, idMark }: { ledger: string; idMark: string },
): Statement[] {
  const marked = bodies.filter(({ body }) => body.includes(idMark)).map(({ eventId }) => eventId)
  const inserts = [...insertRows(db, events, rows), ...insertRows(db, eventBodies, bodies)]
  if (marked.length === 0) return inserts
  const entryId = sql`(SELECT entries.id FROM events JOIN entries
    ON entries.ledger = ${ledger} AND entries.sequence = events.sequence
    WHERE events.id = ${eventBodies.eventId})`
  const name = db
    .update(eventBodies)
    .set({ body: sql`replace(${eventBodies.body}, ${idMark}, ${entryId})` })
    .where(isOneOf(eventBodies.eventId, marked))
  return [...inserts, name]
}
