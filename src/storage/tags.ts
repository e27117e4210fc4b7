/** Tags: labels that a project's features may carry. */
import { and, asc, eq } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

export const tags = sqliteTable('tags', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  projectId: integer('project_id').notNull(),
  label: text().notNull(),
  /** `#` and hex digits, or one plain word. */
  color: text().notNull(),
  description: text(),
  isPermanent: integer('is_permanent', { mode: 'boolean' }).notNull().default(false),
  createdAt: integer('created_at').notNull(),
})

export type Tag = typeof tags.$inferSelect

export const findTag = async (db: Database, id: number): Promise<Tag | undefined> =>
  (await db.select().from(tags).where(eq(tags.id, id)).limit(1))[0]

export const findTagByUuid = async (db: Database, uuid: string): Promise<Tag | undefined> =>
  (await db.select().from(tags).where(eq(tags.uuid, uuid)).limit(1))[0]

/** Those of the ids that are tags of this project. */
export const listTagIds = async (
  db: Database,
  projectId: number,
  ids: number[],
): Promise<number[]> =>
  (
    await db
      .select({ id: tags.id })
      .from(tags)
      .where(and(eq(tags.projectId, projectId), isOneOf(tags.id, ids)))
  ).map((row) => row.id)

/** One page of a project's tags and how many there are. */
export function pageTags(db: Database, projectId: number, page: Slice): Promise<Page<Tag>> {
  const own = eq(tags.projectId, projectId)
  return pageRows(db, { table: tags, where: own, orderBy: [asc(tags.id)] }, page)
}
