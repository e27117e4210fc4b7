/**
 * Rotations of client-side keys. While one runs, the environment's `apiKey` is the new key and the
 * old one opens it too; without a row there is no rotation.
 */
import { and, asc, eq, exists, lte, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

export const keyRotations = sqliteTable('key_rotations', {
  environmentId: integer('environment_id').primaryKey(),
  oldKey: text('old_key').notNull(),
  startedAt: integer('started_at').notNull(),
  /** The old key is good before this moment. The row may outlive it by a little: the cron ends it. */
  endsAt: integer('ends_at').notNull(),
  /** When SDKs asked with the new key; null: nobody has. */
  firstUsedAt: integer('first_used_at'),
  lastUsedAt: integer('last_used_at'),
})

export type KeyRotation = typeof keyRotations.$inferSelect

export const findKeyRotation = async (
  db: Database,
  environmentId: number,
): Promise<KeyRotation | undefined> =>
  (
    await db
      .select()
      .from(keyRotations)
      .where(eq(keyRotations.environmentId, environmentId))
      .limit(1)
  )[0]

/** Whether a key is the old one of any rotation, be its leeway over or not. */
export const isOldKey = async (db: Database, key: string): Promise<boolean> =>
  (await db.$count(keyRotations, eq(keyRotations.oldKey, key))) > 0

/** An environment's own key, whatever the rotation was that made it: no other's use is counted. */
const newKeyIs = (key: string) =>
  exists(
    sql`(SELECT 1 FROM environments
      WHERE environments.id = ${keyRotations.environmentId} AND environments.api_key = ${key})`,
  )

/** Says that the new key was used; says nothing where it is no longer the new key. */
export const recordNewKeyUse = (
  db: Database,
  at: { environmentId: number; key: string },
  now: number,
): Promise<unknown> =>
  db
    .update(keyRotations)
    .set({
      firstUsedAt: sql`coalesce(${keyRotations.firstUsedAt}, ${now})`,
      lastUsedAt: sql`max(coalesce(${keyRotations.lastUsedAt}, 0), ${now})`,
    })
    .where(and(eq(keyRotations.environmentId, at.environmentId), newKeyIs(at.key)))

/** Rotations whose leeway is over, with the organisation in whose ledger they end. */
export const listEndedRotations = (
  db: Database,
  now: number,
  limit: number,
): Promise<{ environmentId: number; organisationId: number }[]> =>
  db
    .select({
      environmentId: keyRotations.environmentId,
      organisationId: sql<number>`(
        SELECT projects.organisation_id FROM environments
        JOIN projects ON projects.id = environments.project_id
        WHERE environments.id = ${keyRotations.environmentId})`,
    })
    .from(keyRotations)
    .where(lte(keyRotations.endsAt, now))
    .orderBy(asc(keyRotations.endsAt))
    .limit(limit)
