/**
 * `GET /flags/`: the environment's defaults, rendered to bytes once per document version and key
 * kind. Contract sdk-api §2.1.
 */
import type { Slot } from '../document/memo.ts'
import { asciiJson } from '../http/ascii-json.ts'
import { refuse } from '../http/refuse.ts'
import { notFound } from '../outcome.ts'
import { contractVersion } from '../version.ts'
import { openDocument, type Side } from './access.ts'
import { corsHeaders } from './cors.ts'
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

export const flagRoutes = createSdkRouter()

flagRoutes.get('/flags', async (c) => {
  const access = await openDocument(c)
  if (access.kind !== 'ok') return refuse(c, access)
  const { slot, side } = access.value
  const name = c.req.query('feature')
  if (name === undefined) {
    const { body, headers } = renderedFor(slot, side)
    return new Response(body, { headers })
  }
  // The name compares without regard to case here, and an empty one means the first (sdk-api §2.1).
  const wanted = name.toLowerCase()
  const found = servedFeatures(slot.document, side).find(
    (feature) => wanted === '' || feature.name.toLowerCase() === wanted,
  )
  return found === undefined
    ? refuse(c, notFound('Given feature not found'))
    : c.json(flagView(found, slot.document))
})
