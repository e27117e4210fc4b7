/**
 * The audit log as the original pages it: by time, newest first, with a count. What is counted is read
 * in an index of one project or organisation; free text as well, but in all of the organisation's.
 */
import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import { contains, type Database, isOneOf } from './database.ts'
import { type EntryRow, entries } from './entries.ts'
import { type Environment, environments } from './environments.ts'
import { type Project, projects } from './projects.ts'
import { type User, users } from './users.ts'

/** One project of a ledger, or all projects of some ledgers. */
export type Scope = { ledgers: string[]; projectId?: number | undefined }

export type PageFilter = {
  projectId?: number | undefined
  environmentIds?: number[] | undefined
  isSystemEvent?: boolean | undefined
  search?: string | undefined
}

const within = ({ ledgers, projectId }: Scope): SQL => {
  const [ledger] = ledgers
  const own = ledgers.length === 1 ? sql`ledger = ${ledger}` : isOneOf(sql`ledger`, ledgers)
  return projectId === undefined
    ? sql`${own} AND project_id IS NOT NULL`
    : sql`${own} AND project_id = ${projectId}`
}

/** The index that a list is read by; entries of a project all lie in its organisation's ledger. */
function indexOf(scope: Scope, { search }: PageFilter): SQL {
  if (search !== undefined) return sql`entries_by_text`
  return scope.projectId === undefined ? sql`entries_by_time` : sql`entries_by_project`
}

function matching(scope: Scope, filter: PageFilter): SQL {
  const { projectId, environmentIds, isSystemEvent, search } = filter
  const isByProject = search === undefined && scope.projectId !== undefined
  const checks = [
    isByProject ? sql`project_id = ${scope.projectId}` : within(scope),
    ...(projectId === undefined ? [] : [sql`project_id = ${projectId}`]),
    ...(environmentIds === undefined ? [] : [isOneOf(sql`environment_id`, environmentIds)]),
    ...(isSystemEvent === undefined
      ? []
      : [isSystemEvent ? sql`actor_kind = 'system'` : sql`actor_kind <> 'system'`]),
    ...(search === undefined ? [] : [contains(sql`log`, search)]),
  ]
  return sql.join(checks, sql` AND `)
}

export type Page = { limit: number; offset: number }
type Found = { count: number; rows: EntryRow[] }

/** The original tells of what was done, not of what was tried; that is little and has its own index. */
const triedIn = ({ ledgers }: Scope): SQL =>
  sql`entries INDEXED BY entries_by_outcome WHERE ${isOneOf(sql`ledger`, ledgers)} AND outcome <> 'ok'`

const newestFirst = ({ limit, offset }: Page): SQL =>
  sql`ORDER BY created_at DESC, id DESC LIMIT ${limit} OFFSET ${offset}`

const readRows = (db: Database, ids: SQL) =>
  db
    .select()
    .from(entries)
    .where(sql`${entries.id} IN (${ids})`)
    .orderBy(desc(entries.createdAt), desc(entries.id))

/** Text is in no order: all of it is looked at for a page as for the count, so it is done once. */
async function pageSearched(
  db: Database,
  scope: Scope,
  { found, page }: { found: SQL; page: Page },
): Promise<Found> {
  const [searched] = await db
    .select({ count: sql<number>`count`, ids: sql<string>`ids` })
    .from(sql`(
      WITH found AS MATERIALIZED (
        SELECT id, created_at FROM ${found} AND id NOT IN (SELECT id FROM ${triedIn(scope)}))
      SELECT (SELECT count(*) FROM found) AS count,
        (SELECT json_group_array(id) FROM (SELECT id FROM found ${newestFirst(page)})) AS ids)`)
  const { count, ids } = searched ?? { count: 0, ids: '[]' }
  return { count, rows: await readRows(db, sql`SELECT value FROM json_each(${ids})`) }
}

/** One page and how many entries there are in all. */
export async function pageEntries(
  db: Database,
  { scope, filter }: { scope: Scope; filter: PageFilter },
  page: Page,
): Promise<Found> {
  const where = matching(scope, filter)
  const found = sql`entries INDEXED BY ${indexOf(scope, filter)} WHERE ${where}`
  if (filter.search !== undefined) return pageSearched(db, scope, { found, page })
  const tried = triedIn(scope)
  const [counted, rows] = await db.batch([
    db.select({ count: sql<number>`done` }).from(sql`(
      SELECT (SELECT count(*) FROM ${found}) - (SELECT count(*) FROM ${tried} AND ${where}) AS done)`),
    readRows(
      db,
      sql`SELECT id FROM ${found} AND id NOT IN (SELECT id FROM ${tried}) ${newestFirst(page)}`,
    ),
  ])
  return { count: counted[0]?.count ?? 0, rows }
}

/** By its id; of another scope, or of no project, it is unknown. */
export const findEntryWithin = async (
  db: Database,
  scope: Scope,
  id: number,
): Promise<EntryRow | undefined> =>
  (
    await db
      .select()
      .from(entries)
      .where(and(eq(entries.id, id), within(scope), sql`outcome = 'ok'`))
      .limit(1)
  )[0]

/** What the entries name and what is still there. */
export type Around = { projects: Project[]; environments: Environment[]; users: User[] }

/** One round trip, however many entries there are. */
export async function readAround(db: Database, rows: EntryRow[]): Promise<Around> {
  const idsOf = (pick: (row: EntryRow) => number | null) => [
    ...new Set(rows.flatMap((row) => pick(row) ?? [])),
  ]
  const author = (row: EntryRow) => (row.actorKind === 'user' ? Number(row.actorId) : null)
  const [foundProjects, foundEnvironments, foundUsers] = await db.batch([
    db
      .select()
      .from(projects)
      .where(
        isOneOf(
          projects.id,
          idsOf((row) => row.projectId),
        ),
      ),
    db
      .select()
      .from(environments)
      .where(
        isOneOf(
          environments.id,
          idsOf((row) => row.environmentId),
        ),
      ),
    db
      .select()
      .from(users)
      .where(isOneOf(users.id, idsOf(author))),
  ])
  return { projects: foundProjects, environments: foundEnvironments, users: foundUsers }
}
