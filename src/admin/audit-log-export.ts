/**
 * `…/audit/export/log/`: the whole log of an organisation for checking it
 * offline, with a checkpoint at its end. It is streamed, and it is answered also when the log is not what
 * was signed before: then somebody needs it most.
 */
import { createRoute } from '@hono/zod-openapi'
import type { Env } from '../env.ts'
import { textAnswers } from '../http/routes.ts'
import { type Log, lastCheckpoint, logKey, takeCheckpoint } from '../ledger/proofs.ts'
import { logError, reasonOf } from '../log.ts'
import { findPrunedThrough } from '../storage/audit-retention.ts'
import { openDatabase } from '../storage/database.ts'
import { keptPages, type LogLine, prunedPages } from '../storage/log-pages.ts'
import { requireLog } from './audit-logs.ts'
import { createAdminRouter } from './router.ts'

const encoder = new TextEncoder()

const lineOf = (value: object) => `${JSON.stringify(value)}\n`

/** The record is text inside the line: its very bytes were hashed. */
const entryLine = ({ sequence, hash, record, personal }: LogLine) =>
  lineOf({ sequence, hash, record, ...(personal !== null && { personal }) })

/** A page of lines at a time, in the order of the log. */
async function* readLog(env: Env, { ledger }: Log, upTo: number): AsyncGenerator<string[]> {
  const db = openDatabase(env.DB)
  const after = await findPrunedThrough(db, ledger)
  for await (const page of prunedPages(db, ledger, after)) {
    yield page.map((pruned) => lineOf({ pruned }))
  }
  for await (const page of keptPages(db, ledger, { after, upTo })) yield page.map(entryLine)
}

/** The first page is awaited, so that a database that is down still gives an honest status. */
async function openLog(env: Env, log: Log, size: number) {
  const pages = readLog(env, log, size)
  const first = await pages.next()
  return (async function* () {
    if (first.done) return
    yield first.value
    yield* pages
  })()
}

/** The last line is there when all others are: an export that broke off has none. */
async function* contentOf(pages: AsyncIterable<string[]>, last: object) {
  for await (const lines of pages) yield encoder.encode(lines.join(''))
  yield encoder.encode(lineOf(last))
}

/** A page is read when the client has taken the one before. */
const streamOf = (content: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream(
    {
      async pull(controller) {
        try {
          const next = await content.next()
          if (next.done) controller.close()
          else controller.enqueue(next.value)
        } catch (error) {
          logError('audit.export-broken', { error: reasonOf(error) })
          controller.error(error)
        }
      },
      cancel: async () => {
        await content.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )

export const auditLogExportRoutes = createAdminRouter()

/**
 * NDJSON, oldest first: `{pruned: {from, to, hashes}}` for each 256 entries that are pruned, then
 * `{sequence, hash, record, personal?}` for each entry, then `{checkpoint, key}`. Of a log that is as it
 * was signed, exactly the entries that the checkpoint covers.
 */
auditLogExportRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/export/log',
    middleware: [requireLog] as const,
    responses: textAnswers(
      'application/x-ndjson',
      'What is pruned, every entry, then the checkpoint and its verifier key; one JSON a line.',
    ),
  }),
  async (c) => {
    const { log } = c.var
    const taken = await takeCheckpoint(c.env, log)
    const signed = taken.kind === 'ok' ? taken.value : await lastCheckpoint(c.env, log)
    const size = taken.kind === 'ok' ? taken.value.size : Number.MAX_SAFE_INTEGER
    const last = { checkpoint: signed?.note ?? null, key: await logKey(c.env, log) }
    const body = streamOf(contentOf(await openLog(c.env, log, size), last))
    return c.body(body, 200, {
      'Content-Type': 'application/x-ndjson',
      'Content-Disposition': 'attachment; filename="audit-log.ndjson"',
    })
  },
)
