/**
 * `…/audit/stream/`: a sink that follows the log. It asks for what comes after
 * the last sequence that it has stored; sequences are dense, so it can tell that nothing is missing, and
 * what it did not store it is given again.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { int } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { invalid } from '../outcome.ts'
import { readEntries } from '../storage/audit.ts'
import { openSearch } from '../storage/audit-filters.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { findHead } from '../storage/entries.ts'
import { requireLog } from './audit-logs.ts'
import { recordSchema, recordView } from './audit-record.ts'
import { createAdminRouter } from './router.ts'

const maxWaitSeconds = 25
/** One look at the last row of the log, as often as this. */
const lookMs = 1_000

const headOf = async (db: Database, ledger: string): Promise<number> =>
  (await findHead(db, ledger))?.sequence ?? 0

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Until there is something after a sequence, or the time is over. */
async function waitBeyond(db: Database, ledger: string, at: { after: number; waitMs: number }) {
  for (let left = at.waitMs; left > 0; left -= lookMs) {
    await pause(Math.min(left, lookMs))
    if ((await headOf(db, ledger)) > at.after) return
  }
}

export const auditStreamRoutes = createAdminRouter()

/** Answers at once if there is something, else waits up to `wait` seconds (25 unless told otherwise). */
auditStreamRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/stream',
    middleware: [requireLog] as const,
    request: {
      query: z.object({
        after: int(0, Number.MAX_SAFE_INTEGER).optional(),
        wait: int(0, maxWaitSeconds).optional(),
        limit: int(1, 1000).optional(),
        format: z.enum(['json', 'ndjson']).optional(),
      }),
    },
    responses: answers({ 200: z.object({ results: z.array(recordSchema), next: z.int() }) }),
  }),
  async (c) => {
    const { after = 0, wait = maxWaitSeconds, limit = 100, format } = c.req.valid('query')
    const db = openDatabase(c.env.DB)
    const { ledger } = c.var.log
    const head = await headOf(db, ledger)
    // A sink that is ahead of the log has followed another one: it must not wait in peace.
    if (after > head) return refuse(c, invalid({ after: [`The log ends at ${head}.`] }))
    if (after === head) await waitBeyond(db, ledger, { after, waitMs: wait * 1_000 })
    const search = await openSearch(db, c.var.log, { filter: {} })
    const { rows } = await readEntries(db, search, { order: 'asc', after, limit })
    const results = rows.map(recordView)
    if (format === 'ndjson') {
      const lines = results.map((record) => `${JSON.stringify(record)}\n`).join('')
      return c.body(lines, 200, { 'Content-Type': 'application/x-ndjson' })
    }
    return c.json({ results, next: rows.at(-1)?.sequence ?? after }, 200)
  },
)
