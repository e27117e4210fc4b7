/** Server-side keys of an environment (`ser.…`): found by SHA-256, kept sealed for the admin list. */
import { and, asc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

export const environmentKeys = sqliteTable('environment_keys', {
  id: integer().primaryKey(),
  environmentId: integer('environment_id').notNull(),
  hash: text().notNull(),
  /** The key itself, sealed: the contract's list shows it again (admin-api §B.4). */
  sealed: text().notNull(),
  name: text().notNull(),
  active: integer({ mode: 'boolean' }).notNull().default(true),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at'),
})

export type EnvironmentKey = typeof environmentKeys.$inferSelect

export const listEnvironmentKeys = (
  db: Database,
  environmentId: number,
): Promise<EnvironmentKey[]> =>
  db
    .select()
    .from(environmentKeys)
    .where(eq(environmentKeys.environmentId, environmentId))
    .orderBy(asc(environmentKeys.id))

export const findEnvironmentKey = async (
  db: Database,
  environmentId: number,
  id: number,
): Promise<EnvironmentKey | undefined> =>
  (
    await db
      .select()
      .from(environmentKeys)
      .where(and(eq(environmentKeys.environmentId, environmentId), eq(environmentKeys.id, id)))
      .limit(1)
  )[0]

/** The environment a server-side key belongs to, whether or not the key is still good. */
export const findEnvironmentIdByKeyHash = async (
  db: Database,
  hash: string,
): Promise<number | undefined> =>
  (
    await db
      .select({ environmentId: environmentKeys.environmentId })
      .from(environmentKeys)
      .where(eq(environmentKeys.hash, hash))
      .limit(1)
  )[0]?.environmentId
