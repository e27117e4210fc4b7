/** Segments of a project. The rule tree lies as it was sent; what it means is the engine's business. */
import { asc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

/** JSON that no reader of a row may assume anything of. */
export type RuleTree = unknown[]

export const segments = sqliteTable('segments', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  projectId: integer('project_id').notNull(),
  /** Set: the segment serves this feature only. */
  featureId: integer('feature_id'),
  name: text().notNull(),
  description: text(),
  rules: text({ mode: 'json' }).$type<RuleTree>().notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export type Segment = typeof segments.$inferSelect

export const findSegment = async (db: Database, id: number): Promise<Segment | undefined> =>
  (await db.select().from(segments).where(eq(segments.id, id)).limit(1))[0]

export const listSegmentsOfProject = (db: Database, projectId: number): Promise<Segment[]> =>
  db.select().from(segments).where(eq(segments.projectId, projectId)).orderBy(asc(segments.id))
