/** `/identities/`: the flags and traits of one identity. Contract sdk-api §2.2. */

import type { Slot } from '../document/memo.ts'
import { escapeAscii } from '../http/ascii-json.ts'
import { refuse } from '../http/refuse.ts'
import { invalid, notFound } from '../outcome.ts'
import type { Access } from './access.ts'
import { readBody } from './body.ts'
import { endpoint, frameHeaders, type Handler, queryValue, type SdkContext } from './endpoint.ts'
import { faultsOf } from './fields.ts'
import { updatedAtHeader } from './flags.ts'
import { type Identified, identify, passingIdentity, storedIdentity } from './identify.ts'
import { maxIdentifier, readIdentifyRequest } from './identify-request.ts'
import { flagPieceByName, flagPieces } from './identity-flags.ts'
import { joinList } from './json-pieces.ts'
import { createSdkRouter } from './router.ts'
import { tooManyTraits } from './sent-traits.ts'
import { traitTexts } from './trait-view.ts'

/** The headers of every answer of one document version: a finished `Headers` is the cheapest. */
const headers = new WeakMap<Slot, Headers>()

function headersOf({ slot }: Access): Headers {
  let own = headers.get(slot)
  if (own === undefined) {
    own = new Headers({
      ...frameHeaders,
      'Content-Type': 'application/json',
      'X-Flagsmith-Document-Updated-At': updatedAtHeader(slot.document.updatedAt),
    })
    headers.set(slot, own)
  }
  return own
}

/** `{"identifier": string, "traits": […], "flags": […]}`, in this order. */
function identityResponse(access: Access, { identifier, traits, subject }: Identified): Response {
  const { hideSensitiveData } = access.slot.document.environment
  const name = escapeAscii(JSON.stringify(identifier))
  const head = `{"identifier":${name},"traits":${traitTexts(traits, hideSensitiveData)},"flags":`
  const body = joinList(head, flagPieces(access, subject), '}')
  return new Response(body, { headers: headersOf(access) })
}

/** One flag object; the header stands on the 404 as well (sdk-api §1.4). */
function flagResponse(c: SdkContext, access: Access, at: { identified: Identified; name: string }) {
  const piece = flagPieceByName(access, at.identified.subject, at.name)
  if (piece !== undefined) return new Response(piece, { headers: headersOf(access) })
  const response = refuse(c, notFound('Given feature not found'))
  for (const [name, value] of headersOf(access)) response.headers.set(name, value)
  return response
}

const tooMany = (c: SdkContext) => c.json({ traits: tooManyTraits }, 400)

/**
 * `GET /identities/?identifier=…[&transient=…][&feature=…]` → 200 `{"identifier", "traits": [{"id",
 * "trait_key", "trait_value", "transient"}], "flags": [flags with "variant"]}`, or one flag.
 *
 * The identity is created unless `transient` has any value at all; with one, nothing that is stored
 * counts (gotchas 5 and 6). 200 `{"detail":"Missing identifier"}` without an identifier (gotcha 4),
 * 400 for one that cannot be stored, 404 for a feature that is not there or not to be seen.
 */
const getIdentity: Handler = async (c, access) => {
  const identifier = queryValue(c, 'identifier') ?? ''
  if (identifier === '') return c.json({ detail: 'Missing identifier' })
  const errors = faultsOf(identifier, maxIdentifier)
  if (errors !== undefined) return refuse(c, invalid({ identifier: errors }))
  const transient = (queryValue(c, 'transient') ?? '') !== ''
  const identified = transient
    ? passingIdentity(access, identifier, [])
    : await storedIdentity(c.env, access, { identifier, transient, sent: [] })
  if (identified === null) return tooMany(c)
  const name = queryValue(c, 'feature')
  return name === undefined
    ? identityResponse(access, identified)
    : flagResponse(c, access, { identified, name })
}

/**
 * `POST /identities/` with `{"identifier"?, "transient"?, "traits"?: [{"trait_key", "trait_value",
 * "transient"?}]}` → 200, the same, with all its traits.
 *
 * 400 with the faults field by field, or when the identity would have more than a thousand traits.
 * A client-side key that may not bring traits gets 200, its traits unread (gotcha 10).
 */
const postIdentity: Handler = async (c, access) => {
  const data = await readBody(c)
  if (data instanceof Response) return data
  const request = readIdentifyRequest(data)
  if (request.faults !== undefined) return c.json(request.faults, 400)
  const identified = await identify(c.env, access, request.value)
  return identified === null ? tooMany(c) : identityResponse(access, identified)
}

export const identityRoutes = createSdkRouter()

identityRoutes.all('/identities', endpoint({ GET: getIdentity, POST: postIdentity }))
