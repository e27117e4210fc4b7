/**
 * Filters of the audit log as SQL: which index a filter is read through, and what is left to check on
 * its rows. Every index is in the order of its log, so a page is a range of it. Decides nothing else.
 */
import { type SQL, sql } from 'drizzle-orm'
import { contains, type Database, isOneOf } from './database.ts'

/** What was done to what kind of thing. */
export type Kind = { resourceType: string; action: string }

export type EntryFilter = {
  /** Epoch milliseconds; `to` is not part of the range. */
  from?: number | undefined
  to?: number | undefined
  actorId?: string | undefined
  actorKind?: string | undefined
  /** Picks among the kinds that the log has. */
  kinds?: ((kind: Kind) => boolean) | undefined
  resourceId?: string | undefined
  /** A feature's name, or its id. */
  flag?: string | undefined
  featureId?: number | undefined
  environmentId?: number | undefined
  projectId?: number | undefined
  outcome?: string | undefined
  requestId?: string | undefined
  changeId?: string | undefined
  /** Text in the log's words, or in the names of actor, resource and environment. */
  text?: string | undefined
}

/** One of several values of the index that is read; the value stands in `json_each.value`. */
type Term = {
  index: SQL
  where: SQL
  values: unknown[]
  /** Every sequence of the log is in it: how far so many rows reach is counted, not read. */
  isWhole?: boolean
}

/** Whose log: a ledger, and the organisation that it is of; null: the instance's. */
export type Log = { ledger: string; organisationId: number | null }

/** A filter that knows its log: what it names is looked up, and a date is a place in the order. */
export type Search = {
  ledger: string
  term: Term
  /** To be checked on every row of the index, what is cheap first; undefined: all of them match. */
  rest: SQL | undefined
  /** Rows that one page may look at. */
  budget: number
  /** Sequences between these, without them. */
  above: number
  below: number
}

/**
 * Clocks of machines that a ledger moves between may differ, so times need not rise with the
 * sequence; never by as much as this.
 */
const clockSkewMs = 5 * 60 * 1000

/** The index alone tells whether text is in a row; of others the record is read, which takes longer. */
const budgets = { text: 100_000, rows: 10_000 }

/** `check` asks the same of a row that was found by another index. */
type Filtered = Term & { check: SQL }

/** Each by its index, the one that leaves the fewest rows first. */
function termsOf(filter: EntryFilter, found: { kinds: Kind[]; featureIds: number[] }): Filtered[] {
  const is = (index: SQL, column: SQL, value: unknown): Filtered[] => {
    if (value === undefined) return []
    const where = sql`${column} = json_each.value`
    return [{ index, where, values: [value], check: sql`${column} = ${value}` }]
  }
  const features: Filtered = {
    index: sql`entries_by_feature`,
    where: sql`feature_id = json_each.value`,
    values: found.featureIds,
    check: isOneOf(sql`feature_id`, found.featureIds),
  }
  const pairs = found.kinds.map(({ resourceType, action }) => [resourceType, action])
  const kinds: Filtered = {
    index: sql`entries_by_action`,
    where: sql`resource_type = json_each.value ->> 0 AND action = json_each.value ->> 1`,
    values: pairs,
    check: sql`(resource_type, action) IN
      (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(pairs)}))`,
  }
  // Only what was not made has its index; the other entries are nearly all.
  const failed = is(sql`entries_by_outcome`, sql`outcome`, filter.outcome).map((term) => ({
    ...term,
    where: sql`outcome <> 'ok' AND ${term.where}`,
  }))
  return [
    ...is(sql`entries_by_request`, sql`request_id`, filter.requestId),
    ...is(sql`entries_by_change`, sql`change_id`, filter.changeId),
    ...is(sql`entries_by_resource`, sql`resource_id`, filter.resourceId),
    ...(filter.outcome === 'ok' ? [] : failed),
    ...(filter.flag === undefined ? [] : [features]),
    ...is(sql`entries_by_feature`, sql`feature_id`, filter.featureId),
    ...is(sql`entries_by_actor`, sql`actor_id`, filter.actorId),
    ...is(sql`entries_by_environment`, sql`environment_id`, filter.environmentId),
    ...(filter.kinds === undefined ? [] : [kinds]),
    ...is(sql`entries_of_project`, sql`project_id`, filter.projectId),
    ...is(sql`entries_by_actor_kind`, sql`actor_kind`, filter.actorKind),
  ]
}

/** What no index is for. The outcome comes last: it alone is never read in an index. */
const checksOf = ({ from, to, text, outcome }: EntryFilter): SQL[] => [
  ...(from === undefined ? [] : [sql`created_at >= ${from}`]),
  ...(to === undefined ? [] : [sql`created_at < ${to}`]),
  ...(text === undefined
    ? []
    : [sql`(${contains(sql`log`, text)} OR ${contains(sql`names`, text)})`]),
  ...(outcome === 'ok' ? [sql`outcome = 'ok'`] : []),
]

/** Every pair of resource type and action that a log has, each by one step in the index. */
const kindsOf = (db: Database, ledger: string) => {
  const step = (where: SQL, order: SQL) =>
    sql`(SELECT id FROM entries INDEXED BY entries_by_action
      WHERE ledger = ${ledger} ${where} ORDER BY ${order} LIMIT 1)`
  return db.select({ resourceType: sql<string>`type`, action: sql<string>`action` }).from(sql`(
    WITH RECURSIVE kinds (type, action) AS (
      SELECT resource_type, action FROM entries
        WHERE id = ${step(sql``, sql`resource_type, action`)}
      UNION ALL
      SELECT entries.resource_type, entries.action FROM kinds JOIN entries ON entries.id = coalesce(
        ${step(sql`AND resource_type = kinds.type AND action > kinds.action`, sql`action`)},
        ${step(sql`AND resource_type > kinds.type`, sql`resource_type, action`)}
      )
    ) SELECT type, action FROM kinds)`)
}

/** Features by name or id: those that are there, and those that the log saw made. */
const featuresOf = (db: Database, { ledger, organisationId }: Log, flag: string) =>
  db.select({ id: sql<number | null>`id` }).from(sql`(
    SELECT feature_id AS id FROM entries INDEXED BY entries_by_feature_name
      WHERE ledger = ${ledger} AND action = 'feature.created'
        AND resource_name = ${flag} COLLATE NOCASE
    UNION
    SELECT features.id FROM projects JOIN features ON features.project_id = projects.id
      WHERE projects.organisation_id = ${organisationId}
        AND features.name = ${flag} COLLATE NOCASE
    UNION
    SELECT ${/^\d{1,10}$/.test(flag) ? Number(flag) : null})`)

/** The last sequence that is surely before a time, and the first that is surely after one. */
const aboveOf = (db: Database, ledger: string, from: number) =>
  db.select({ sequence: sql<number>`sequence` }).from(sql`(
    SELECT sequence FROM entries INDEXED BY entries_by_time
      WHERE ledger = ${ledger} AND created_at < ${from - clockSkewMs}
      ORDER BY created_at DESC, sequence DESC LIMIT 1)`)

const belowOf = (db: Database, ledger: string, to: number) =>
  db.select({ sequence: sql<number>`sequence` }).from(sql`(
    SELECT sequence FROM entries INDEXED BY entries_by_time
      WHERE ledger = ${ledger} AND created_at >= ${to + clockSkewMs}
      ORDER BY created_at, sequence LIMIT 1)`)

/** Looks up what the filter names, at once; `end` is the last sequence that counts. */
export async function openSearch(
  db: Database,
  log: Log,
  { filter, end = Number.MAX_SAFE_INTEGER - 1 }: { filter: EntryFilter; end?: number | undefined },
): Promise<Search> {
  const { ledger } = log
  const { from, to, flag, kinds, text } = filter
  const [allKinds, features, [first], [last]] = await Promise.all([
    kinds === undefined ? [] : kindsOf(db, ledger),
    flag === undefined ? [] : featuresOf(db, log, flag),
    from === undefined ? [] : aboveOf(db, ledger, from),
    to === undefined ? [] : belowOf(db, ledger, to),
  ])
  const [term, ...others] = termsOf(filter, {
    kinds: kinds === undefined ? [] : allKinds.filter(kinds),
    featureIds: features.flatMap(({ id }) => id ?? []),
  })
  const checks = [...others.map(({ check }) => check), ...checksOf(filter)]
  const isOfText = term === undefined && text !== undefined
  const whole: Term = {
    index: isOfText ? sql`entries_by_text` : sql`sqlite_autoindex_entries_1`,
    where: sql`true`,
    values: [null],
    isWhole: true,
  }
  return {
    ledger,
    term: term ?? whole,
    rest: checks.length === 0 ? undefined : sql.join(checks, sql` AND `),
    budget: isOfText ? budgets.text : budgets.rows,
    above: first?.sequence ?? 0,
    below: Math.min(last?.sequence ?? end + 1, end + 1),
  }
}
