/** What a committed change still owes the world. A row is a wake-up, not a payload. */
import { and, eq, lt, lte, max, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

export type OutboxKind =
  /** Publish the document of environment `target`. */
  | 'publish'
  /** Turn event `target` into deliveries and queue them. */
  | 'deliver'

export const outbox = sqliteTable('outbox', {
  id: integer().primaryKey({ autoIncrement: true }),
  ledger: text().notNull(),
  kind: text().$type<OutboxKind>().notNull(),
  target: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

/** Equal wake-ups as one: whatever is done for the last of them covers all up to `lastId`. */
export type Debt = { kind: OutboxKind; target: string; lastId: number }

export const listDebts = async (db: Database, ledger: string, limit: number): Promise<Debt[]> =>
  (
    await db
      .select({ kind: outbox.kind, target: outbox.target, lastId: max(outbox.id) })
      .from(outbox)
      .where(eq(outbox.ledger, ledger))
      .groupBy(outbox.kind, outbox.target)
      .orderBy(sql`min(${outbox.id})`)
      .limit(limit)
  ).map((row) => ({ ...row, lastId: row.lastId ?? 0 }))

/** Rows that came after `lastId` stay: they speak of a change the effect may not have seen. */
export const settleDebt = (db: Database, ledger: string, debt: Debt): Promise<unknown> =>
  db
    .delete(outbox)
    .where(
      and(
        eq(outbox.ledger, ledger),
        eq(outbox.kind, debt.kind),
        eq(outbox.target, debt.target),
        lte(outbox.id, debt.lastId),
      ),
    )

/** Ledgers with work older than `before`: their own alarm was late or lost. */
export const listOverdueLedgers = async (db: Database, before: number): Promise<string[]> =>
  (
    await db
      .selectDistinct({ ledger: outbox.ledger })
      .from(outbox)
      .where(lt(outbox.createdAt, before))
      .limit(500)
  ).map((row) => row.ledger)
