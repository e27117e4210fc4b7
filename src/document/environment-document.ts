/**
 * The environment document as a stream of bytes: what lies around the identity overrides is rendered
 * once a version, the overrides page after page as the client takes them. SDKs and administrators get
 * the same bytes; who may have them is not decided here.
 */
import type { Document } from '../engine/document.ts'
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { readDocumentRows } from '../storage/document-rows.ts'
import { identityOverridePages, type OverridePage } from '../storage/identity-overrides.ts'
import { buildDocument, stateBuilder } from './build.ts'
import { documentParts, type IdentityOverride } from './document-view.ts'
import { overrideChunks } from './override-pages.ts'

type Rendered = { before: Uint8Array; after: Uint8Array }

const rendered = new WeakMap<Document, Rendered>()
const encoder = new TextEncoder()

function renderedOf(document: Document): Rendered {
  let known = rendered.get(document)
  if (known === undefined) {
    const { before, after } = documentParts(document)
    known = { before: encoder.encode(before), after: encoder.encode(after) }
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

export async function streamDocument(
  env: Env,
  document: Document,
): Promise<ReadableStream<Uint8Array>> {
  const overrides = await openOverrides(openDatabase(env.DB), document)
  return streamOf(contentOf(document, overrides))
}

/** As the rows say at this moment, published or not; undefined when the environment is gone. */
export async function streamPresentDocument(
  env: Env,
  environmentId: number,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const rows = await readDocumentRows(openDatabase(env.DB), environmentId)
  return rows && streamDocument(env, buildDocument(rows))
}
