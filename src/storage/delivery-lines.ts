/**
 * What endpoints are to get next. At an ordered endpoint each environment's deliveries stand in a line,
 * and only the first of a line may go; what was sent once more stands in none. Settles nothing.
 */
import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { deliveries, isDue } from './deliveries.ts'
import { type Webhook, webhooks } from './webhooks.ts'

/** Deliveries of no environment have a line of their own. As the index over the lines says it. */
const lineOf = (table: string): SQL => sql.raw(`coalesce(${table}.environment_id, 0)`)

const standsInLine = (table: string): SQL =>
  sql.raw(`${table}.state = 'waiting' AND NOT ${table}.replayed`)

/** The sequence of the first that stands before the delivery `table`; null: it is the first itself. */
export const firstBefore = (table: string): SQL<number | null> => sql`(
  SELECT min(ahead.sequence) FROM deliveries AS ahead
  WHERE ahead.webhook_id = ${sql.raw(table)}.webhook_id AND ${lineOf('ahead')} = ${lineOf(table)}
    AND ${standsInLine('ahead')} AND ahead.sequence < ${sql.raw(table)}.sequence)`

/** Whether another has to be settled first. */
export const isBehind = (table: string): SQL => sql`(
  NOT ${sql.raw(table)}.replayed
  AND (SELECT ordered FROM webhooks WHERE webhooks.id = ${sql.raw(table)}.webhook_id)
  AND ${firstBefore(table)} IS NOT NULL)`

/** The first of each of an endpoint's lines: goes from line to line by the index, however long they are. */
const firstOfLines = (webhookId: SQL): SQL => {
  const next = (beyond: SQL) => sql`(
    SELECT min(${lineOf('own')}) FROM deliveries AS own
    WHERE own.webhook_id = ${webhookId} AND ${standsInLine('own')} ${beyond})`
  return sql`(
    WITH RECURSIVE lines (line) AS (
      SELECT ${next(sql``)}
      UNION ALL
      SELECT ${next(sql`AND ${lineOf('own')} > lines.line`)} FROM lines WHERE lines.line IS NOT NULL)
    SELECT (
      SELECT own.id FROM deliveries AS own
      WHERE own.webhook_id = ${webhookId} AND ${standsInLine('own')} AND ${lineOf('own')} = lines.line
      ORDER BY own.sequence LIMIT 1)
    FROM lines WHERE lines.line IS NOT NULL)`
}

export type Endpoint = Pick<Webhook, 'id' | 'ordered'>

export const findEndpoint = async (db: Database, id: number): Promise<Endpoint | undefined> =>
  (
    await db
      .select({ id: webhooks.id, ordered: webhooks.ordered })
      .from(webhooks)
      .where(eq(webhooks.id, id))
  )[0]

/** Due by then, and not being sent at the moment. */
export type Due = { dueBy: number; now: number }

const isOverdue = (table: string, { dueBy, now }: Due): SQL =>
  sql`${sql.raw(table)}.next_attempt_at <= ${dueBy} AND ${sql.raw(table)}.leased_until < ${now}`

/** Of an endpoint, by when they are due; cut at once, because there may be many of them. */
const overdueOf = (
  webhookId: SQL,
  { limit, ...due }: Due & { limit: number },
  which = sql``,
): SQL => sql`(
  SELECT own.id FROM deliveries AS own
  WHERE own.webhook_id = ${webhookId} AND own.state = 'waiting' AND ${isOverdue('own', due)} ${which}
  ORDER BY own.next_attempt_at, own.sequence LIMIT ${limit})`

const replayedOf = (webhookId: SQL, at: Due & { limit: number }): SQL =>
  overdueOf(webhookId, at, sql`AND own.replayed`)

/** What an endpoint is to get next: a line does not wait for the many that somebody has sent once more. */
export const nextIds = ({ id, ordered }: Endpoint, at: Due & { limit: number }): SQL => {
  const webhookId = sql`${id}`
  if (!ordered) return overdueOf(webhookId, at)
  return sql`(
    SELECT own.id FROM deliveries AS own
    WHERE (own.id IN ${firstOfLines(webhookId)} OR own.id IN ${replayedOf(webhookId, at)})
      AND ${isOverdue('own', at)}
    ORDER BY own.replayed, own.next_attempt_at, own.sequence LIMIT ${at.limit})`
}

/** What an endpoint is to get next, in order. A statement, for the batch that ends an attempt. */
export const selectNext = (db: Database, endpoint: Endpoint, at: Due & { limit: number }) =>
  db
    .select({ id: deliveries.id, nextAttemptAt: deliveries.nextAttemptAt })
    .from(deliveries)
    .where(sql`${deliveries.id} IN ${nextIds(endpoint, at)}`)
    .orderBy(asc(deliveries.nextAttemptAt), asc(deliveries.sequence))

/**
 * What there is to ring for of some events: what stands behind another goes when that is settled. A statement,
 * because it also rides in the batch that makes the deliveries.
 */
export const selectDueOfEvents = (db: Database, eventIds: string[], now: number) =>
  db
    .select({ id: deliveries.id, webhookId: deliveries.webhookId })
    .from(deliveries)
    .where(
      and(
        isOneOf(deliveries.eventId, eventIds),
        isDue(now, now),
        sql`NOT ${isBehind('deliveries')}`,
      ),
    )
    .orderBy(asc(deliveries.sequence), asc(deliveries.webhookId))

/** Due or not, being sent or not. */
export async function findFirstWaiting(db: Database, endpoint: Endpoint) {
  const ever = Number.MAX_SAFE_INTEGER
  const [row] = await selectNext(db, endpoint, { dueBy: ever, now: ever, limit: 1 })
  return row === undefined ? null : { id: row.id, nextAttemptAt: row.nextAttemptAt ?? 0 }
}

export type Page = Due & {
  /** Endpoints after this one, so many, and of each no more than this. */
  after: number
  endpoints: number
  each: number
}

/** What is overdue of a page of endpoints, fairly: a long backlog of one takes no place of another. */
export async function listOverdue(
  db: Database,
  page: Page,
): Promise<{ ids: string[]; last: number | null }> {
  const mine = db
    .select({ id: webhooks.id })
    .from(webhooks)
    .where(sql`${webhooks.id} > ${page.after}`)
    .orderBy(asc(webhooks.id))
    .limit(page.endpoints)
  const inFront = sql`(SELECT own.id FROM deliveries AS own
    WHERE own.id IN ${firstOfLines(sql`${webhooks.id}`)} AND ${isOverdue('own', page)}
    ORDER BY own.next_attempt_at, own.sequence LIMIT ${page.each})`
  const of = (isOrdered: boolean, ids: SQL) =>
    db
      .select({ id: deliveries.id })
      .from(webhooks)
      .innerJoin(deliveries, sql`${deliveries.id} IN ${ids}`)
      .where(and(eq(webhooks.ordered, isOrdered), inArray(webhooks.id, mine)))
      .orderBy(asc(deliveries.nextAttemptAt), asc(deliveries.sequence))
  const [endpoints, ...due] = await db.batch([
    mine,
    of(false, overdueOf(sql`${webhooks.id}`, { ...page, limit: page.each })),
    of(true, inFront),
    of(true, replayedOf(sql`${webhooks.id}`, { ...page, limit: page.each })),
  ])
  return { ids: due.flat().map(({ id }) => id), last: endpoints.at(-1)?.id ?? null }
}
