/**
 * Admin changes of identities that live in databases of their own. One batch cannot span two
 * databases: it keeps the statements here, with the audit entry, and the ledger takes them over to
 * their database afterwards, again and again until it has them.
 */
import { eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Env } from '../env.ts'
import { type Database, openDatabase, type Statement } from './database.ts'
import type { HomeStatement } from './identity-homes.ts'

type Kept = { sql: string; params: unknown[] }

export const identityChanges = sqliteTable('identity_changes', {
  id: text().primaryKey(),
  /** The number in `IDENTITIES_n`. */
  shard: integer().notNull(),
  statements: text({ mode: 'json' }).$type<Kept[]>().notNull(),
  createdAt: integer('created_at').notNull(),
})

export const keepChange = (
  db: Database,
  change: { id: string; shard: number; statements: HomeStatement[]; now: number },
): Statement =>
  db.insert(identityChanges).values({
    id: change.id,
    shard: change.shard,
    statements: change.statements.map((statement) => statement.toSQL()),
    createdAt: change.now,
  })

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${messageOf(error.cause)}` : ''

/**
 * Takes one change to its database, and forgets it there. It may be repeated: every statement says
 * what it found when it was planned, so whatever an SDK has written since stays. A row that cannot be
 * made because there is one by now was made by an SDK a moment earlier.
 */
export async function applyIdentityChange(env: Env, id: string): Promise<void> {
  const main = openDatabase(env.DB)
  const own = eq(identityChanges.id, id)
  const [change] = await main.select().from(identityChanges).where(own).limit(1)
  if (change === undefined) return
  const home = env[`IDENTITIES_${change.shard}`]
  if (home === undefined) throw new Error(`IDENTITIES_${change.shard} is not bound`)
  try {
    await home.batch(change.statements.map(({ sql, params }) => home.prepare(sql).bind(...params)))
  } catch (error) {
    if (!/UNIQUE constraint/.test(messageOf(error))) throw error
  }
  await main.delete(identityChanges).where(own)
}
