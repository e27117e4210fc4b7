/**
 * `…/audit/entries/`: the audit log as it was recorded, with every filter,
 * by cursor (contract audit-and-webhooks §8.9); and the history of one flag.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireProject } from '../auth/require.ts'
import { fliptEvent } from '../delivery/flipt-event.ts'
import { pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { ledgerOf } from '../ledger/client.ts'
import { notFound } from '../outcome.ts'
import { type EntryPage, findEntry, readEntries } from '../storage/audit.ts'
import { type EntryFilter, type Log, openSearch } from '../storage/audit-filters.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { findFeature } from '../storage/features.ts'
import { wholeRecord } from '../storage/records.ts'
import { requireLog } from './audit-logs.ts'
import {
  cursorQuery,
  filterQuery,
  isOfEvent,
  type Place,
  placeOf,
  toCursor,
  toFilter,
} from './audit-query.ts'
import { fliptSchema, recordSchema, recordView } from './audit-record.ts'
import { notInLog } from './audit-retention.ts'
import { createAdminRouter } from './router.ts'

const cursors = { next: z.string().nullable(), previous: z.string().nullable() }

export const logOf = (organisationId: number): Log => ({
  ledger: ledgerOf(organisationId),
  organisationId,
})

type Found = { rows: EntryPage['rows']; next: string | null; previous: string | null }

/**
 * A page and its neighbours. Cursors name what lies before them and not what they lie before, so the
 * one that turns round counts its own entry in.
 */
async function readPage(
  db: Database,
  { log, filter }: { log: Log; filter: EntryFilter },
  { order, limit, cursor, isBack }: Place,
): Promise<Found> {
  const search = await openSearch(db, log, { filter })
  const opposite = order === 'asc' ? 'desc' : 'asc'
  const at = { order: isBack ? opposite : order, after: cursor, limit } as const
  const { rows, next } = await readEntries(db, search, at)
  const on = next === null ? null : toCursor(log.ledger, next)
  const turn = (from: number) =>
    toCursor(log.ledger, Math.max(0, at.order === 'asc' ? from + 1 : from - 1))
  const back = cursor === undefined ? null : turn(cursor)
  return isBack
    ? { rows: rows.reverse(), next: back, previous: on }
    : { rows, next: on, previous: back }
}

export const auditEntryRoutes = createAdminRouter()
export const flagHistoryRoutes = createAdminRouter()

/**
 * Newest first, 100 a page and 1,000 at most. A page may be shorter than its limit, even empty, where
 * a filter leaves much out or entries are large: `next` is null at the end only. With `format=flipt`
 * entries are Flipt's audit events.
 */
auditEntryRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/entries',
    middleware: [requireLog] as const,
    request: {
      query: filterQuery
        .extend(cursorQuery.shape)
        .extend({ format: z.enum(['native', 'flipt']).optional() }),
    },
    responses: answers({
      200: z.object({ results: z.array(z.union([recordSchema, fliptSchema])), ...cursors }),
    }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const { log } = c.var
    const place = placeOf(log.ledger, query)
    if (place.kind !== 'ok') return refuse(c, place)
    const asked = { log, filter: toFilter(query) }
    const { rows, ...beside } = await readPage(openDatabase(c.env.DB), asked, place.value)
    const kept = rows.filter((row) => isOfEvent(query.event, () => wholeRecord(row)))
    const results =
      query.format === 'flipt'
        ? kept.map((row) => fliptEvent(wholeRecord(row)))
        : kept.map(recordView)
    return c.json({ results, ...beside }, 200)
  },
)

auditEntryRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/entries/{sequence}',
    middleware: [requireLog] as const,
    responses: answers({ 200: recordSchema }),
  }),
  async (c) => {
    const { ledger } = c.var.log
    const sequence = pathId(c.req.param('sequence'))
    const db = openDatabase(c.env.DB)
    const entry = await findEntry(db, ledger, sequence)
    return entry === undefined
      ? refuse(c, await notInLog(db, ledger, sequence))
      : c.json(recordView(entry), 200)
  },
)

/** Where requests come from is for those who administer the organisation. */
const historySchema = recordSchema.omit({ source: true }).openapi('FlagHistoryRecord')

/** Entries of the feature, its options, states and overrides; of a deleted one as well. */
flagHistoryRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects/{project}/features/{feature}/history',
    middleware: [requireProject('VIEW_AUDIT_LOG')] as const,
    request: { query: cursorQuery },
    responses: answers({ 200: z.object({ results: z.array(historySchema), ...cursors }) }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const { id: projectId, organisationId } = c.var.project
    const log = logOf(organisationId)
    const place = placeOf(log.ledger, c.req.valid('query'))
    if (place.kind !== 'ok') return refuse(c, place)
    const featureId = pathId(c.req.param('feature'))
    const asked = { log, filter: { projectId, featureId } }
    const feature = await findFeature(db, featureId)
    if (feature?.projectId !== projectId) {
      const start: Place = { order: 'desc', limit: 1, cursor: undefined, isBack: false }
      const { rows } = await readPage(db, asked, start)
      if (rows.length === 0) return refuse(c, notFound())
    }
    const { rows, ...beside } = await readPage(db, asked, place.value)
    const results = rows.map(recordView).map(({ source: _, ...told }) => told)
    return c.json({ results, ...beside }, 200)
  },
)
