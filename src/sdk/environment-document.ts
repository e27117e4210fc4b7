/**
 * `GET /environment-document/`: all an SDK needs to evaluate by itself, in one document however
 * many identity overrides there are (contract sdk-api §2.4). It never pages: most SDKs read one
 * page only.
 */
import { stateBuilder } from '../document/build.ts'
import type { Document } from '../engine/document.ts'
import { refuse } from '../http/refuse.ts'
import { logError, reasonOf } from '../log.ts'
import { forbidden } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { identityOverridePages, type OverridePage } from '../storage/identity-overrides.ts'
import { notModified, type Validators, validatorHeaders, validatorsOf } from './conditional.ts'
import { documentParts, type IdentityOverride } from './document-view.ts'
import { endpoint, framed, type Handler, type SdkContext } from './endpoint.ts'
import { updatedAtHeader } from './flags.ts'
import { overrideChunks } from './override-pages.ts'
import { createSdkRouter } from './router.ts'

type Rendered = { before: Uint8Array; after: Uint8Array; validators: Validators }

const rendered = new WeakMap<Document, Rendered>()
const encoder = new TextEncoder()

function renderedOf(document: Document): Rendered {
  let known = rendered.get(document)
  if (known === undefined) {
    const { before, after } = documentParts(document)
    const validators = validatorsOf(document, 'document')
    known = { before: encoder.encode(before), after: encoder.encode(after), validators }
    rendered.set(document, known)
  }
  return known
}

/** Built as every other state is, so that a split has the same seed here as on the server. */
function overridesOf(page: OverridePage): IdentityOverride[] {
  const build = stateBuilder(page)
  return page.states.map((row) => ({
    identityId: row.identityId,
    identifier: row.identifier,
    // No SDK reads it, each only parses it: where the identity is far away, the override's will do.
    createdAt: row.identityCreatedAt ?? row.createdAt,
    featureId: row.featureId,
    state: build(row),
  }))
}

type Overrides = AsyncIterable<IdentityOverride[]> | Iterable<IdentityOverride[]>

/** The first page is awaited, so that a database that is down still gives an honest status. */
async function openOverrides(db: Database, { environment }: Document): Promise<Overrides> {
  if (!environment.useIdentityOverridesInLocalEval) return []
  const pages = identityOverridePages(db, environment.id)
  const first = await pages.next()
  return (async function* () {
    if (first.done) return
    yield overridesOf(first.value)
    for await (const page of pages) yield overridesOf(page)
  })()
}

async function* contentOf(document: Document, overrides: Overrides) {
  const { before, after } = renderedOf(document)
  yield before
  for await (const chunk of overrideChunks(document, overrides)) yield encoder.encode(chunk)
  yield after
}

/**
 * Nothing is read before the client asks for more. A failure breaks the response: a client must not
 * take half of the overrides for all of them. The runtime may still end the transfer as if it were
 * whole; then the document itself tells, which without its last part is no JSON.
 */
const streamOf = (content: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream(
    {
      async pull(controller) {
        try {
          const next = await content.next()
          if (next.done) controller.close()
          else controller.enqueue(next.value)
        } catch (error) {
          logError('environment-document.broken', { error: reasonOf(error) })
          controller.error(error)
        }
      },
      cancel: async () => {
        await content.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )

/**
 * Cloudflare, and the local server too, ask every Worker for compressed bodies and keep apart what
 * the client asked for. Whom we send none, they may still compress.
 */
function acceptsGzip({ req }: SdkContext): boolean {
  const { clientAcceptEncoding } = (req.raw.cf ?? {}) as { clientAcceptEncoding?: string }
  const encodings = clientAcceptEncoding ?? req.header('Accept-Encoding') ?? ''
  return encodings.split(',').some((item) => {
    const [name = '', quality = '1'] = item.split(/;\s*q=/i)
    return name.trim().toLowerCase() === 'gzip' && Number(quality) > 0
  })
}

const serve: Handler = async (c, { slot: { document } }) => {
  const { validators } = renderedOf(document)
  const headers = new Headers(validatorHeaders(validators))
  if (notModified(c.req.raw.headers, validators)) {
    return new Response(null, { status: 304, headers })
  }
  headers.set('Content-Type', 'application/json')
  headers.set('X-Flagsmith-Document-Updated-At', updatedAtHeader(document.updatedAt))
  // The runtime compresses what names this encoding.
  if (acceptsGzip(c)) headers.set('Content-Encoding', 'gzip')
  const overrides = await openOverrides(openDatabase(c.env.DB), document)
  return new Response(streamOf(contentOf(document, overrides)), { headers })
}

const answer = endpoint({ GET: serve })
const noServerKey = forbidden('Invalid or missing Environment key')

export const environmentDocumentRoutes = createSdkRouter()

/**
 * 200 with the document, 304 without a body, 403 for any key but a good server-side one.
 *
 * The tag is that of the version in memory. The overrides are read after it, so they are of that
 * version or newer, never older: D1's primary has every change before the version that tells of it.
 * What came too new under an old tag is replaced with the next version, which has another tag.
 */
environmentDocumentRoutes.all('/environment-document', async (c) => {
  const hasServerKey = c.req.header('X-Environment-Key')?.startsWith('ser.') === true
  const response = hasServerKey ? await answer(c) : framed(refuse(c, noServerKey))
  response.headers.append('Vary', 'Accept-Encoding')
  return response
})
