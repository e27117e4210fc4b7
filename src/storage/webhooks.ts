/** Webhook endpoints, of an environment or of an organisation itself. */
import { and, asc, eq, isNull, lte } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

export type WebhookFormat = 'flagsmith' | 'flipt' | 'standard'

export type DisabledReason =
  /** The receiver answered 410: it never wants anything again. */
  | 'gone'
  /** Nothing arrived for five days. */
  | 'failing'

export const webhooks = sqliteTable('webhooks', {
  id: integer().primaryKey(),
  organisationId: integer('organisation_id').notNull(),
  /** Null: the organisation's, and told of all its environments. */
  environmentId: integer('environment_id'),
  url: text().notNull(),
  enabled: integer({ mode: 'boolean' }).notNull().default(true),
  description: text().notNull().default(''),
  format: text().$type<WebhookFormat>().notNull().default('flagsmith'),
  /** Which events it is told of: `noun:verb`, `*` for any part of either. */
  patterns: text({ mode: 'json' }).$type<string[]>().notNull().default(['*:*']),
  /** Null: deliveries carry no signature. */
  sealedSecret: text('sealed_secret'),
  /** The secret that follows while a rotation runs. */
  sealedNextSecret: text('sealed_next_secret'),
  /** When it follows by itself; null: no rotation runs. */
  promoteAt: integer('promote_at'),
  /** Whether an event waits until the one before it, of the same environment, is settled. */
  ordered: integer({ mode: 'boolean' }).notNull().default(true),
  /** Seed of the Ed25519 key that signs for this endpoint besides; null: none does. */
  sealedPrivateKey: text('sealed_private_key'),
  /** Its public part as Standard Webhooks writes it, `whpk_…`. */
  publicKey: text('public_key'),
  /** A JSON object of names and values, sealed whole because values may be credentials. */
  sealedHeaders: text('sealed_headers'),
  /** Why the system switched it off; null: it did not. */
  disabledReason: text('disabled_reason').$type<DisabledReason>(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export type Webhook = typeof webhooks.$inferSelect

/** Whose an endpoint is. */
export type WebhookHome = { organisationId: number; environmentId: number | null }

const isAt = ({ organisationId, environmentId }: WebhookHome) =>
  environmentId === null
    ? and(eq(webhooks.organisationId, organisationId), isNull(webhooks.environmentId))
    : eq(webhooks.environmentId, environmentId)

export const listWebhooks = (db: Database, home: WebhookHome): Promise<Webhook[]> =>
  db.select().from(webhooks).where(isAt(home)).orderBy(asc(webhooks.id))

export const pageWebhooks = (
  db: Database,
  home: WebhookHome,
  page: Slice,
): Promise<Page<Webhook>> =>
  pageRows(db, { table: webhooks, where: isAt(home), orderBy: [asc(webhooks.id)] }, page)

export const findWebhook = async (
  db: Database,
  home: WebhookHome,
  id: number,
): Promise<Webhook | undefined> =>
  (
    await db
      .select()
      .from(webhooks)
      .where(and(isAt(home), eq(webhooks.id, id)))
      .limit(1)
  )[0]

/** All of an organisation, those of its environments included. */
export const countWebhooks = (db: Database, organisationId: number): Promise<number> =>
  db.$count(webhooks, eq(webhooks.organisationId, organisationId))

/** Endpoints whose next secret is to follow by now. */
export const listDuePromotions = (
  db: Database,
  now: number,
  limit: number,
): Promise<(WebhookHome & { id: number })[]> =>
  db
    .select({
      id: webhooks.id,
      organisationId: webhooks.organisationId,
      environmentId: webhooks.environmentId,
    })
    .from(webhooks)
    .where(lte(webhooks.promoteAt, now))
    .orderBy(asc(webhooks.promoteAt))
    .limit(limit)
