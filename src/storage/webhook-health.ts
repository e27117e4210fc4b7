/**
 * How each endpoint fares, and its breaker. A row is changed only by whoever read its present revision;
 * one that is missing is an endpoint of which nothing is known. Decides nothing.
 */
import { and, eq, isNotNull, or, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'
import { type DisabledReason, type WebhookHome, webhooks } from './webhooks.ts'

export const webhookHealth = sqliteTable('webhook_health', {
  webhookId: integer('webhook_id').primaryKey(),
  /** Of the last answer; null while there was none. */
  lastStatus: integer('last_status'),
  lastSuccessAt: integer('last_success_at'),
  lastFailureAt: integer('last_failure_at'),
  /** The first failure since the last success. */
  failingSince: integer('failing_since'),
  breakerState: text('breaker_state')
    .$type<'closed' | 'open' | 'half-open'>()
    .notNull()
    .default('closed'),
  breakerUntil: integer('breaker_until'),
  consecutiveFailures: integer('consecutive_failures').notNull().default(0),
  /** When the receiver said that it wants nothing any more: it is to be switched off. */
  goneAt: integer('gone_at'),
  revision: integer().notNull().default(1),
})

export type HealthRow = typeof webhookHealth.$inferSelect
export type HealthValues = Omit<HealthRow, 'webhookId' | 'goneAt' | 'revision'>

export const findHealth = async (db: Database, webhookId: number): Promise<HealthRow | undefined> =>
  (await db.select().from(webhookHealth).where(eq(webhookHealth.webhookId, webhookId)))[0]

/** `revision` is the one that was read, 0 where no row was. Answers nothing where it is another now. */
export const changeHealth = (
  db: Database,
  { webhookId, revision }: { webhookId: number; revision: number },
  values: HealthValues,
) =>
  db
    .insert(webhookHealth)
    .select(
      // By way of the endpoint: one that was deleted meanwhile gets no row, and the batch goes on. Nor
      // does one whose row was forgotten since it was read.
      sql`SELECT ${webhooks.id}, ${values.lastStatus}, ${values.lastSuccessAt},
        ${values.lastFailureAt}, ${values.failingSince}, ${values.breakerState},
        ${values.breakerUntil}, ${values.consecutiveFailures}, NULL, ${revision + 1}
      FROM ${webhooks} WHERE ${webhooks.id} = ${webhookId} AND (${revision} = 0 OR EXISTS (
        SELECT 1 FROM webhook_health AS known WHERE known.webhook_id = ${webhookId}))`,
    )
    .onConflictDoUpdate({
      target: webhookHealth.webhookId,
      set: { ...values, revision: revision + 1 },
      setWhere: eq(webhookHealth.revision, revision),
    })
    .returning({ revision: webhookHealth.revision })

/** Stands in the same batch as the attempt that was told so: the switching off cannot be lost. */
export const markGone = (db: Database, webhookId: number, at: number) =>
  db
    .insert(webhookHealth)
    .select(
      sql`SELECT ${webhooks.id}, 410, NULL, ${at}, ${at}, 'closed', NULL, 0, ${at}, 1
      FROM ${webhooks} WHERE ${webhooks.id} = ${webhookId}`,
    )
    .onConflictDoUpdate({ target: webhookHealth.webhookId, set: { goneAt: at } })

/** Whoever switches an endpoint on again has dealt with what was wrong: it begins anew. */
export const forgetHealth = (db: Database, webhookId: number) =>
  db.delete(webhookHealth).where(eq(webhookHealth.webhookId, webhookId))

export type Hopeless = { webhookId: number; home: WebhookHome; reason: DisabledReason }

/** Enabled endpoints that are gone, or failing since `since` with so many attempts after it. */
export async function listHopeless(
  db: Database,
  at: { since: number; attempts: number; limit: number },
): Promise<Hopeless[]> {
  const tried = sql`(SELECT count(*) FROM (
    SELECT 1 FROM deliveries JOIN attempts ON attempts.delivery_id = deliveries.id
    WHERE deliveries.webhook_id = ${webhookHealth.webhookId}
      AND attempts.ended_at >= ${webhookHealth.failingSince}
    LIMIT ${at.attempts}))`
  const isFailing = sql`${webhookHealth.failingSince} <= ${at.since} AND ${tried} >= ${at.attempts}`
  const rows = await db
    .select({
      webhookId: webhooks.id,
      organisationId: webhooks.organisationId,
      environmentId: webhooks.environmentId,
      goneAt: webhookHealth.goneAt,
    })
    .from(webhookHealth)
    .innerJoin(webhooks, eq(webhooks.id, webhookHealth.webhookId))
    .where(and(eq(webhooks.enabled, true), or(isNotNull(webhookHealth.goneAt), isFailing)))
    .limit(at.limit)
  return rows.map(({ webhookId, goneAt, ...home }) => ({
    webhookId,
    home,
    reason: goneAt === null ? 'failing' : 'gone',
  }))
}
