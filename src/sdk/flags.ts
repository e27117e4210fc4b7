/**
 * `GET /flags/`: the environment's defaults, rendered to bytes once per document version and key
 * kind. Contract sdk-api §2.1.
 */
import type { Slot } from '../document/memo.ts'
import { asciiJson } from '../http/ascii-json.ts'
import { refuse } from '../http/refuse.ts'
import { notFound } from '../outcome.ts'
import { contractVersion } from '../version.ts'
import type { Access, Side } from './access.ts'
import { hasTag, validatorsOf } from './conditional.ts'
import { corsHeaders } from './cors.ts'
import { endpoint, type Handler, queryValue, respond } from './endpoint.ts'
import { flagView, servedFeatures } from './flag-view.ts'
import { createSdkRouter } from './router.ts'

type Rendered = { body: Uint8Array; headers: Headers }

const rendered = new WeakMap<Slot, Partial<Record<Side, Rendered>>>()

/** Unix seconds with a fraction, as SDKs parse it: whole seconds still carry `.0` (sdk-api §1.4). */
export const updatedAtHeader = (milliseconds: number): string => {
  const seconds = String(milliseconds / 1_000)
  return seconds.includes('.') ? seconds : `${seconds}.0`
}

function render({ document }: Slot, side: Side): Rendered {
  const flags = servedFeatures(document, side).map((feature) => flagView(feature, document))
  const headers = new Headers({
    ...corsHeaders,
    'Content-Type': 'application/json',
    'Cache-Control': 'max-age=0, no-cache, no-store, must-revalidate, private',
    'Flagsmith-Version': contractVersion,
    'X-Flagsmith-Document-Updated-At': updatedAtHeader(document.updatedAt),
    ETag: validatorsOf(document, `flags-${side}`).etag,
    Vary: 'X-Environment-Key, Accept',
  })
  return { body: new TextEncoder().encode(asciiJson(flags)), headers }
}

function renderedFor(slot: Slot, side: Side): Rendered {
  let sides = rendered.get(slot)
  if (sides === undefined) {
    sides = {}
    rendered.set(slot, sides)
  }
  sides[side] ??= render(slot, side)
  return sides[side]
}

/** The answer if it is rendered already; the route renders, and answers for what may go wrong. */
export function readyFlags({ slot, side }: Access): Response | undefined {
  const ready = rendered.get(slot)?.[side]
  return ready === undefined ? undefined : new Response(ready.body, { headers: ready.headers })
}

const notAcceptable = 'Could not satisfy the request Accept header.'

/** The only endpoint that is choosy: it speaks JSON and nothing else (sdk-api §1.2). */
export const takesJson = (accept: string | null | undefined): boolean =>
  accept == null || accept === '' || /\*\/\*|application\/(\*|json)/i.test(accept)

/**
 * `GET /flags/` → 200, the environment's defaults as an array, with an ETag of their own beside the
 * contract; `If-None-Match` with it → 304. `?feature=NAME` → 200, one object, or 404; the name
 * compares without regard to case, and an empty one means the first.
 */
const getFlags: Handler = (c, { slot, side }) => {
  if (!takesJson(c.req.header('Accept'))) return c.json({ detail: notAcceptable }, 406)
  const name = queryValue(c, 'feature')
  if (name !== undefined) {
    const wanted = name.toLowerCase()
    const found = servedFeatures(slot.document, side).find(
      (feature) => wanted === '' || feature.name.toLowerCase() === wanted,
    )
    return found === undefined
      ? refuse(c, notFound('Given feature not found'))
      : respond(asciiJson(flagView(found, slot.document)))
  }
  const { body, headers } = renderedFor(slot, side)
  const ETag = headers.get('ETag') ?? ''
  return hasTag(c.req.header('If-None-Match') ?? '', ETag)
    ? new Response(null, { status: 304, headers: { ETag } })
    : new Response(body, { headers })
}

export const flagRoutes = createSdkRouter()

flagRoutes.all('/flags', endpoint({ GET: getFlags }))
