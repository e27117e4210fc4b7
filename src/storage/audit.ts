/**
 * Pages of one ledger's audit log in the order of its sequence. An entry has its place for ever, so
 * pages neither lose nor repeat one while others are written.
 */
import { and, asc, desc, eq, type SQL, sql } from 'drizzle-orm'
import type { Search } from './audit-filters.ts'
import type { Database } from './database.ts'
import { type EntryRow, entries } from './entries.ts'

export type Order = 'asc' | 'desc'

export type EntryPage = {
  rows: EntryRow[]
  /** The last sequence that was looked at: go on beyond it. Null: there is nothing beyond. */
  next: number | null
}

/** Entries of one page, as UTF-8: a page of large ones is short. One that is larger goes alone. */
const usualBytes = 2_000_000

const utf8 = new TextEncoder()

const bytesOf = ({ record, personal }: EntryRow) =>
  utf8.encode(record).length + utf8.encode(personal ?? '').length

/** Sequences from `low` to `high`, both included. */
type Range = { order: Order; low: SQL; high: SQL }

const rowsIn = ({ ledger, term }: Search, { order, low, high }: Range, check = sql`true`): SQL =>
  sql`FROM entries INDEXED BY ${term.index} WHERE ledger = ${ledger} AND ${term.where}
    AND sequence BETWEEN ${low} AND ${high} AND ${check}
    ORDER BY sequence ${order === 'asc' ? sql`ASC` : sql`DESC`}`

/** The last sequence that is looked at, of so many rows; null where there are no more than that. */
function lastLooked(search: Search, range: Range, rows: number): SQL {
  if (!search.term.isWhole) {
    return sql`(SELECT sequence ${rowsIn(search, range)} LIMIT 1 OFFSET ${rows - 1})`
  }
  const first = sql`(SELECT sequence ${rowsIn(search, range)} LIMIT 1)`
  const beyond =
    range.order === 'asc'
      ? { ...range, low: sql`${first} + ${rows - 1}` }
      : { ...range, high: sql`${first} - ${rows - 1}` }
  return sql`(SELECT sequence ${rowsIn(search, beyond)} LIMIT 1)`
}

/** What lies beyond a place in the order's direction. */
function rangeOf({ above, below }: Search, order: Order, after: number | undefined): Range {
  const low = order === 'asc' ? Math.max(above, after ?? 0) : above
  const high = order === 'asc' ? below : Math.min(below, after ?? Number.MAX_SAFE_INTEGER)
  return { order, low: sql`${low + 1}`, high: sql`${high - 1}` }
}

/**
 * At most `limit` entries beyond `after`. Each value of the term is a range of its own, of which no
 * more is looked at than its share of the budget. So a page may be shorter than the limit, or empty,
 * although there is more: `next` tells.
 */
export async function readEntries(
  db: Database,
  search: Search,
  at: { order: Order; after?: number | undefined; limit: number; maxBytes?: number },
): Promise<EntryPage> {
  const { term, rest, budget } = search
  const { order, limit, maxBytes = usualBytes } = at
  const range = rangeOf(search, order, at.after)
  const direction = order === 'asc' ? sql`ASC` : sql`DESC`
  const values = sql`json_each(${JSON.stringify(term.values)})`
  const share = Math.max(1, Math.floor(budget / Math.max(1, term.values.length)))
  const last = lastLooked(search, range, share)
  const looked =
    order === 'asc'
      ? { ...range, high: sql`coalesce(${last}, ${range.high})` }
      : { ...range, low: sql`coalesce(${last}, ${range.low})` }
  const own = rest
    ? sql`SELECT id ${rowsIn(search, looked, rest)} LIMIT ${limit + 1}`
    : sql`SELECT id ${rowsIn(search, range)} LIMIT ${limit + 1}`
  const places = sql`SELECT place.id, place.sequence, octet_length(place.record) +
      coalesce(octet_length(place.personal), 0) AS bytes
    FROM ${values} CROSS JOIN entries AS place WHERE place.id IN (${own})
    ORDER BY place.sequence ${direction} LIMIT ${limit + 1}`
  const fitting = sql`SELECT id FROM (
      SELECT id, bytes, sum(bytes) OVER (ORDER BY sequence ${direction}) AS total FROM (${places})
    ) WHERE total - bytes < ${maxBytes}`
  const nearest = order === 'asc' ? sql`min` : sql`max`
  const [found, stops] = await db.batch([
    db
      .select()
      .from(entries)
      .where(sql`${entries.id} IN (${fitting})`)
      .orderBy(order === 'asc' ? asc(entries.sequence) : desc(entries.sequence)),
    db
      .select({ stop: sql<number | null>`stop` })
      .from(
        rest
          ? sql`(SELECT ${nearest}(looked) AS stop FROM (SELECT ${last} AS looked FROM ${values}))`
          : sql`(SELECT NULL AS stop)`,
      ),
  ])
  return cut(found, { order, limit, maxBytes, stop: stops[0]?.stop ?? null })
}

/** What lies beyond the place where some range was left is not known to be complete. */
function cut(
  found: EntryRow[],
  at: { order: Order; limit: number; maxBytes: number; stop: number | null },
): EntryPage {
  const { order, limit, maxBytes, stop } = at
  const isBefore = ({ sequence }: EntryRow) =>
    stop === null || (order === 'asc' ? sequence <= stop : sequence >= stop)
  const known = found.filter(isBefore)
  const rows = known.slice(0, limit)
  const last = rows.at(-1)?.sequence ?? null
  if (known.length > limit) return { rows, next: last }
  const bytes = rows.reduce((sum, row) => sum + bytesOf(row), 0)
  return { rows, next: bytes >= maxBytes ? last : stop }
}

export const findEntry = async (
  db: Database,
  ledger: string,
  sequence: number,
): Promise<EntryRow | undefined> =>
  (
    await db
      .select()
      .from(entries)
      .where(and(eq(entries.ledger, ledger), eq(entries.sequence, sequence)))
      .limit(1)
  )[0]
