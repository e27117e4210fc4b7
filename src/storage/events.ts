/** Webhook events: their bytes are frozen by the change that made them. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export type EventType = 'FLAG_UPDATED' | 'FLAG_DELETED'

export const events = sqliteTable('events', {
  /** `evt_` and random hex: stable over retries, without a dot (Standard Webhooks). */
  id: text().primaryKey(),
  type: text().$type<EventType>().notNull(),
  organisationId: integer('organisation_id').notNull(),
  /** Null: of the organisation or one of its projects, and of no environment. */
  environmentId: integer('environment_id'),
  /** What was done, as the entry says it: endpoints choose by it. */
  action: text().notNull(),
  changeId: text('change_id').notNull(),
  /** The exact request body of every attempt. */
  body: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

export type EventRow = typeof events.$inferSelect
