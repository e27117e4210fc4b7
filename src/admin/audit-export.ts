/**
 * `…/audit/export/`: everything that the filter finds, page by page, so that
 * no more than a page is held. It ends at the entry that was the last when it began.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { fliptEvent } from '../delivery/flipt-event.ts'
import { answers } from '../http/routes.ts'
import { logError, reasonOf } from '../log.ts'
import { type Order, readEntries } from '../storage/audit.ts'
import { openSearch, type Search } from '../storage/audit-filters.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { type EntryRow, findHead } from '../storage/entries.ts'
import { wholeRecord } from '../storage/records.ts'
import { csvHead, csvRow } from './audit-csv.ts'
import { requireLog } from './audit-logs.ts'
import { filterQuery, isOfEvent, toFilter } from './audit-query.ts'
import { recordView } from './audit-record.ts'
import { createAdminRouter } from './router.ts'

type Format = {
  type: string
  file: string
  head: string
  row: (entry: EntryRow) => string
  /** Between two rows. */
  join: string
  tail: string
}

const native = (entry: EntryRow) => JSON.stringify(recordView(entry))

const lines = { type: 'application/x-ndjson', file: 'audit.ndjson', head: '', join: '', tail: '' }

const formats: Record<'ndjson' | 'csv' | 'json' | 'flipt', Format> = {
  ndjson: { ...lines, row: (entry) => `${native(entry)}\n` },
  flipt: { ...lines, row: (entry) => `${JSON.stringify(fliptEvent(wholeRecord(entry)))}\n` },
  csv: {
    type: 'text/csv; charset=utf-8',
    file: 'audit.csv',
    head: csvHead,
    row: csvRow,
    join: '',
    tail: '',
  },
  json: {
    type: 'application/json',
    file: 'audit.json',
    head: '[\n',
    row: native,
    join: ',\n',
    tail: '\n]\n',
  },
}

/**
 * A request may ask its database 1,000 times (50 times on the free plan), so pages are as large as the
 * memory bears: a million entries are some 250 of them. Who has more narrows by date.
 */
const pageOf = { limit: 5_000, maxBytes: 5_000_000 }

type Export = { search: Search; order: Order; format: Format; isKept: (row: EntryRow) => boolean }

/** In pieces that are not empty, of a page's rows at most. */
async function* textOf(
  db: Database,
  { search, order, format, isKept }: Export,
): AsyncGenerator<string> {
  if (format.head !== '') yield format.head
  let after: number | undefined
  let join = ''
  do {
    const page = await readEntries(db, search, { order, after, ...pageOf })
    const rows = page.rows.filter(isKept).map(format.row)
    if (rows.length > 0) {
      yield join + rows.join(format.join)
      join = format.join
    }
    after = page.next ?? undefined
  } while (after !== undefined)
  if (format.tail !== '') yield format.tail
}

/** Nothing is read before the client asks for more; a failure breaks the response. */
function streamOf(content: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const next = await content.next()
          if (next.done) controller.close()
          else controller.enqueue(encoder.encode(next.value))
        } catch (error) {
          logError('audit-export.broken', { error: reasonOf(error) })
          controller.error(error)
        }
      },
      cancel: async () => {
        await content.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

export const auditExportRoutes = createAdminRouter()

/** Oldest first unless told otherwise. `X-Audit-End` is the last sequence that it covers. */
auditExportRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/export',
    middleware: [requireLog] as const,
    request: {
      query: filterQuery.extend({
        format: z.enum(['ndjson', 'csv', 'json', 'flipt']).optional(),
        order: z.enum(['asc', 'desc']).optional(),
      }),
    },
    responses: {
      ...answers({}),
      200: {
        description: 'The entries, as a stream.',
        content: {
          'application/x-ndjson': { schema: z.string() },
          'text/csv': { schema: z.string() },
          'application/json': { schema: z.array(z.unknown()) },
        },
      },
    },
  }),
  async (c) => {
    const query = c.req.valid('query')
    const db = openDatabase(c.env.DB)
    const { log } = c.var
    const end = (await findHead(db, log.ledger))?.sequence ?? 0
    const search = await openSearch(db, log, { filter: toFilter(query), end })
    const format = formats[query.format ?? 'ndjson']
    const isKept = (row: EntryRow) => isOfEvent(query.event, () => wholeRecord(row))
    const content = textOf(db, { search, order: query.order ?? 'asc', format, isKept })
    return new Response(streamOf(content), {
      headers: {
        'Content-Type': format.type,
        'Content-Disposition': `attachment; filename="${format.file}"`,
        'X-Audit-End': String(end),
      },
    })
  },
)
