/** Webhook events: their bytes are frozen by the change that made them. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export type EventType = 'FLAG_UPDATED' | 'FLAG_DELETED'

export const events = sqliteTable('events', {
  /** `evt_` and random hex: stable over retries, without a dot (Standard Webhooks). */
  id: text().primaryKey(),
  type: text().$type<EventType>().notNull(),
  environmentId: integer('environment_id').notNull(),
  changeId: text('change_id').notNull(),
  /** The exact request body of every attempt. */
  body: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

export type EventRow = typeof events.$inferSelect
