/** Webhook endpoints of an environment. */
import { and, asc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

export const webhooks = sqliteTable('webhooks', {
  id: integer().primaryKey(),
  environmentId: integer('environment_id').notNull(),
  url: text().notNull(),
  enabled: integer({ mode: 'boolean' }).notNull().default(true),
  /** Null: deliveries carry no signature. */
  sealedSecret: text('sealed_secret'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export type Webhook = typeof webhooks.$inferSelect

export const listWebhooks = (db: Database, environmentId: number): Promise<Webhook[]> =>
  db
    .select()
    .from(webhooks)
    .where(eq(webhooks.environmentId, environmentId))
    .orderBy(asc(webhooks.id))

export const findWebhook = async (
  db: Database,
  environmentId: number,
  id: number,
): Promise<Webhook | undefined> =>
  (
    await db
      .select()
      .from(webhooks)
      .where(and(eq(webhooks.environmentId, environmentId), eq(webhooks.id, id)))
      .limit(1)
  )[0]
