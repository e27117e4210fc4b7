/**
 * The legacy endpoints that carry an identifier or a feature in their path (contract sdk-api §2.3).
 * They keep the original's shapes, and unlike the original every rule of the newer ones: what is
 * hidden there is hidden here, and who may not set traits there may not here.
 */
import { matchingSegments } from '../engine/index.ts'
import { asciiJson, escapeAscii } from '../http/ascii-json.ts'
import { refuse } from '../http/refuse.ts'
import { invalid, notFound } from '../outcome.ts'
import type { Access } from './access.ts'
import { readBody } from './body.ts'
import { endpoint, type Handler, queryValue, respond, type SdkContext } from './endpoint.ts'
import { isLonger, readText, recordOf } from './fields.ts'
import { legacyFlagView, servedFeatures } from './flag-view.ts'
import { type Identified, storedIdentity } from './identify.ts'
import { maxIdentifier } from './identify-request.ts'
import { servedFlags } from './identity-flags.ts'
import { writeIdentity } from './identity-store.ts'
import { createSdkRouter } from './router.ts'
import { maxKey, tooManyTraits } from './sent-traits.ts'
import { readPresentValue } from './trait-request.ts'
import { traitText, traitTexts } from './trait-view.ts'
import { refuseClient, refuseStorage } from './traits.ts'

/** What the original's paths let through; anything else is no path of its. */
const pathIdentifier = /^[\p{L}\p{N}_@%.-]+$/u
const pathKey = /^[\p{L}\p{N}_.-]+$/u

const identifierOf = (c: SdkContext): string | undefined => {
  const identifier = c.req.param('identifier') ?? ''
  return pathIdentifier.test(identifier) && !isLonger(identifier, maxIdentifier)
    ? identifier
    : undefined
}

/** The identity in the path, made if need be; undefined where the path has none. */
async function findIdentity(c: SdkContext, access: Access): Promise<Identified | undefined> {
  const identifier = identifierOf(c)
  if (identifier === undefined) return undefined
  const ask = { identifier, transient: false, sent: [] }
  return (await storedIdentity(c.env, access, ask)) ?? undefined
}

/** The flags with the value no option changes, and no variant. */
const legacyFlags = (access: Access, { subject }: Identified) =>
  servedFlags(access, subject).map(([feature, flag]) =>
    legacyFlagView(feature, flag, {
      document: access.slot.document,
      identityId: subject.id,
    }),
  )

/**
 * `GET /identities/{identifier}/…` → 200 `{"flags": […], "traits": […], "segments": [{"id", "name",
 * "description"}]}`: all segments the identity is in. Makes the identity. With hide_sensitive_data
 * flags are as everywhere, traits and segments empty. 404 for an identifier of other characters.
 */
const getIdentity: Handler = async (c, access) => {
  const identified = await findIdentity(c, access)
  if (identified === undefined) return refuse(c, notFound())
  const hidden = access.slot.document.environment.hideSensitiveData
  const segments = matchingSegments(access.slot.compiled, identified.subject).map(
    ({ id, name, description }) => ({ id, name, description }),
  )
  const flags = asciiJson(legacyFlags(access, identified))
  const traits = traitTexts(identified.traits, hidden)
  return respond(
    `{"flags":${flags},"traits":${traits},"segments":${asciiJson(hidden ? [] : segments)}}`,
  )
}

/**
 * `GET /flags/{identifier}[?feature=…]` → 200, the flags as an array, or one as an object; the name
 * compares without regard to case, as on `/flags/`. Makes the identity. 404 for what is not there.
 */
const getFlags: Handler = async (c, access) => {
  const identified = await findIdentity(c, access)
  if (identified === undefined) return refuse(c, notFound())
  const flags = legacyFlags(access, identified)
  const name = queryValue(c, 'feature')?.toLowerCase()
  if (name === undefined) return respond(asciiJson(flags))
  const found = flags.find((flag) => name === '' || flag.feature.name.toLowerCase() === name)
  return found === undefined
    ? refuse(c, notFound('Given feature not found'))
    : respond(asciiJson(found))
}

/**
 * `POST /identities/{identifier}/traits/{trait_key}` with `{"trait_value"}` → 200 `{"id",
 * "trait_key", "trait_value", "transient"}`. Makes the identity. 400 `{"detail": "Trait value not
 * provided"}` without a value, 400 for a bad one; 400 and 403 for who may not, which the original
 * does not check.
 */
const postTrait: Handler = async (c, access) => {
  const stopped = refuseStorage(c, access) ?? refuseClient(c, access)
  if (stopped !== undefined) return stopped
  const identifier = identifierOf(c)
  const key = c.req.param('key') ?? ''
  if (identifier === undefined || !pathKey.test(key)) return refuse(c, notFound())
  const data = await readBody(c)
  if (data instanceof Response) return data
  const value = recordOf(data)?.trait_value
  if (value === undefined) return c.json({ detail: 'Trait value not provided' }, 400)
  const name = readText(key, maxKey)
  const sent = readPresentValue(value)
  if (name.errors !== undefined) return refuse(c, invalid({ trait_key: name.errors }))
  if (sent.errors !== undefined) return refuse(c, invalid({ trait_value: sent.errors }))
  const place = { environmentId: access.slot.document.environment.id, identifier }
  const set = [{ key, value: sent.value.json }]
  const written = await writeIdentity(c.env, place, { set, remove: [] })
  if (written === null) return c.json(tooManyTraits, 400)
  const id = written.traitIds.get(key) ?? null
  return respond(escapeAscii(traitText({ id, key, transient: false, ...sent.value })))
}

/**
 * `GET /flags/{feature_id}/multivariate-options/` → 200 `{"control_value", "options": [{"value"}]}`.
 * 404 for a feature that is not there or not to be seen by this key.
 */
const getOptions: Handler = (c, access) => {
  const { slot, side } = access
  const feature = servedFeatures(slot.document, side).find(
    (one) => String(one.id) === c.req.param('identifier'),
  )
  if (feature === undefined) return refuse(c, notFound('No Feature matches the given query.'))
  const options = feature.state.variants
    .toSorted((a, b) => a.optionId - b.optionId)
    .map((variant) => ({ value: variant.value }))
  return respond(asciiJson({ control_value: feature.state.value, options }))
}

export const legacyRoutes = createSdkRouter()

legacyRoutes.all(
  '/identities/:identifier/traits/:key',
  endpoint({ GET: getIdentity, POST: postTrait }),
)
legacyRoutes.all('/identities/:identifier', endpoint({ GET: getIdentity }))
legacyRoutes.all('/identities/:identifier/*', endpoint({ GET: getIdentity }))
legacyRoutes.all('/flags/:identifier', endpoint({ GET: getFlags }))
legacyRoutes.all('/flags/:identifier/multivariate-options', endpoint({ GET: getOptions }))
