/** What a committed change still owes the world. A row is a wake-up, not a payload. */
import { eq, gt, inArray, lt, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

export type OutboxKind =
  /** Publish the document of environment `target`. */
  | 'publish'
  /** Turn event `target` into deliveries and queue them. */
  | 'deliver'
  /** Ring for what waits for endpoint `target`. */
  | 'ring'
  /** Take change `target` of `identity_changes` to the database it is for. */
  | 'change-identity'
  /** Delete the identities of environment `target`, which is gone. */
  | 'forget-identities'
  /** Write the entries of the range `target` (`<from>-<to>`) to the log sink. */
  | 'tell'
  /** Tell by mail that an endpoint was switched off; `mailTarget` says which, and whom. */
  | 'mail'

/** Of endpoint `webhookId`: to the organisation's own address, or to one of its administrators. */
export const mailTarget = (webhookId: number, userId: number | null): string =>
  userId === null ? `${webhookId}` : `${webhookId}:${userId}`

export function readMailTarget(target: string): { webhookId: number; userId: number | null } {
  const [webhookId = 0, userId = null] = target.split(':').map(Number)
  return { webhookId, userId }
}

export const outbox = sqliteTable('outbox', {
  id: integer().primaryKey({ autoIncrement: true }),
  ledger: text().notNull(),
  kind: text().$type<OutboxKind>().notNull(),
  target: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

/** For work that goes on after a pause: the cron's sweep finds it. */
export const oweAgain = (
  db: Database,
  debt: { ledger: string; kind: OutboxKind; target: string; createdAt: number },
): Promise<unknown> => db.insert(outbox).values(debt)

/** Equal wake-ups as one: whatever is done for the last of them covers all up to `lastId`. */
export type Debt = {
  kind: OutboxKind
  target: string
  firstId: number
  lastId: number
  /** When the last of them was owed. */
  lastAt: number
}

const firstId = sql<number>`min(${outbox.id})`
const lastId = sql<number>`max(${outbox.id})`
const lastAt = sql<number>`max(${outbox.createdAt})`

/** In the order in which they were first owed, of those first owed after row `after`. */
export const listDebts = (
  db: Database,
  ledger: string,
  page: { after: number; limit: number },
): Promise<Debt[]> =>
  db
    .select({ kind: outbox.kind, target: outbox.target, firstId, lastId, lastAt })
    .from(outbox)
    .where(eq(outbox.ledger, ledger))
    .groupBy(outbox.kind, outbox.target)
    .having(gt(firstId, page.after))
    .orderBy(firstId)
    .limit(page.limit)

/** Rows that came after `lastId` stay: they speak of a change the effect may not have seen. */
export const settleDebts = (db: Database, ledger: string, debts: Debt[]): Promise<unknown> =>
  db.delete(outbox).where(
    inArray(
      outbox.id,
      sql`(
        SELECT owed.id FROM json_each(${JSON.stringify(debts)}) AS paid
        JOIN outbox AS owed ON owed.ledger = ${ledger}
          AND owed.id BETWEEN paid.value ->> 'firstId' AND paid.value ->> 'lastId'
          AND owed.kind = paid.value ->> 'kind' AND owed.target = paid.value ->> 'target')`,
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
