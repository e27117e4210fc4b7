/**
 * The legacy `/traits/` endpoints (contract sdk-api §2.3): writes of single traits. Whoever may not
 * store traits is told so here, where `/identities/` keeps silent.
 */
import { escapeAscii } from '../http/ascii-json.ts'
import { refuse } from '../http/refuse.ts'
import { forbidden, invalidBody } from '../outcome.ts'
import type { Access } from './access.ts'
import { readBody } from './body.ts'
import { endpoint, type Handler, respond, type SdkContext } from './endpoint.ts'
import { mayBringTraits } from './identify.ts'
import { changeIdentities, type IdentityChange, readTraitsOf } from './identity-batch.ts'
import { incrementStored, writeIdentity } from './identity-store.ts'
import { createSdkRouter } from './router.ts'
import { tooManyTraits } from './sent-traits.ts'
import {
  maxIdentities,
  readBulkTraits,
  readIncrement,
  readSingleTrait,
  type TraitRequest,
} from './trait-request.ts'

/** 403 where the organisation stores no traits; asked before the body is read. */
export const refuseStorage = (c: SdkContext, { slot }: Access): Response | undefined =>
  slot.document.organisation.persistTraitData
    ? undefined
    : refuse(c, forbidden('Organisation is not authorised to store traits.'))

/** 400 for a client-side key where the environment does not allow it to set traits (gotcha 10). */
export const refuseClient = (c: SdkContext, access: Access): Response | undefined =>
  mayBringTraits(access)
    ? undefined
    : refuse(c, invalidBody('Setting traits not allowed with client key.'))

const environmentIdOf = ({ slot }: Access) => slot.document.environment.id

/** `{"identity": {"identifier"}, "trait_value", "trait_key"}`, in this order. */
const traitText = ({ identifier, key, json }: TraitRequest): string =>
  `{"identity":{"identifier":${JSON.stringify(identifier)}},"trait_value":${json},"trait_key":${JSON.stringify(key)}}`

/**
 * `POST /traits/` with `{"identity": {"identifier"}, "trait_key", "trait_value"}` → 200, the same.
 * Makes the identity if need be. 400 by field, 400 and 403 for who may not.
 */
const postTrait: Handler = async (c, access) => {
  const stopped = refuseStorage(c, access)
  if (stopped !== undefined) return stopped
  const data = await readBody(c)
  if (data instanceof Response) return data
  const request = readSingleTrait(data)
  if (request.faults !== undefined) return c.json(request.faults, 400)
  const refusal = refuseClient(c, access)
  if (refusal !== undefined) return refusal
  const { identifier, key, json } = request.value
  const place = { environmentId: environmentIdOf(access), identifier }
  const written = await writeIdentity(c.env, place, { set: [{ key, value: json }], remove: [] })
  if (written === null) return c.json(tooManyTraits, 400)
  return respond(escapeAscii(traitText(request.value)))
}

/** By identity; of a key sent twice for one the last counts. */
function toChanges(requests: TraitRequest[]): IdentityChange[] {
  const byIdentity = Map.groupBy(requests, (request) => request.identifier)
  return [...byIdentity].map(([identifier, own]) => {
    const values = [...new Map(own.map(({ key, json }) => [key, json]))]
    const set = values.flatMap(([key, value]) => (value === 'null' ? [] : [{ key, value }]))
    const remove = values.flatMap(([key, value]) => (value === 'null' ? [key] : []))
    return { identifier, set, remove, create: set.length > 0, overwrite: false }
  })
}

/**
 * `PUT /traits/bulk/` with a list of what `POST /traits/` takes; `null` deletes → 200, all traits of
 * every identity it touched; with hide_sensitive_data none.
 *
 * 400 `{"detail": "Invalid request data"}` for what is no list of objects, else item by item; 400
 * and 403 for who may not. The original answers an HTML page to a client-side key that may not.
 */
const putBulk: Handler = async (c, access) => {
  const stopped = refuseStorage(c, access) ?? refuseClient(c, access)
  if (stopped !== undefined) return stopped
  const data = await readBody(c)
  if (data instanceof Response) return data
  const request = readBulkTraits(data)
  if (request.faults !== undefined) return c.json(request.faults, 400)
  const changes = toChanges(request.value)
  if (changes.length > maxIdentities) {
    const message = `Number of identities must not be more than ${maxIdentities}`
    return refuse(c, invalidBody(message))
  }
  const environmentId = environmentIdOf(access)
  if (!(await changeIdentities(c.env, environmentId, changes))) return c.json(tooManyTraits, 400)
  if (access.slot.document.environment.hideSensitiveData) return respond('[]')
  const identifiers = changes.map((change) => change.identifier)
  const stored = await readTraitsOf(c.env, environmentId, identifiers)
  const texts = stored.flatMap(({ identifier, traits }) =>
    traits.map((trait) => traitText({ identifier, ...trait })),
  )
  return respond(escapeAscii(`[${texts.join()}]`))
}

/**
 * `POST /traits/increment-value/` with `{"trait_key", "increment_by", "identifier"}` → 200
 * `{"trait_key", "trait_value": int, "identifier"}`, starting from 0; with hide_sensitive_data the
 * value is null. Increments at the same time all count.
 *
 * 400 `["Trait is not an integer."]`, by field, and where the sum would leave 32 bits; 400 and 403
 * for who may not.
 */
const postIncrement: Handler = async (c, access) => {
  const stopped = refuseStorage(c, access)
  if (stopped !== undefined) return stopped
  const data = await readBody(c)
  if (data instanceof Response) return data
  const request = readIncrement(data)
  if (request.faults !== undefined) return c.json(request.faults, 400)
  const refusal = refuseClient(c, access)
  if (refusal !== undefined) return refusal
  const { identifier, key, by } = request.value
  const place = { environmentId: environmentIdOf(access), identifier }
  const sum = await incrementStored(c.env, { ...place, key }, by)
  switch (sum.kind) {
    case 'ok': {
      const value = access.slot.document.environment.hideSensitiveData ? null : sum.value
      const answer = { trait_key: key, trait_value: value, identifier }
      return respond(escapeAscii(JSON.stringify(answer)))
    }
    case 'no-integer':
      return c.json(['Trait is not an integer.'], 400)
    case 'out-of-range':
      return c.json({ increment_by: ['The trait would no longer be a 32-bit integer.'] }, 400)
    case 'too-many':
      return c.json(tooManyTraits, 400)
  }
}

export const traitRoutes = createSdkRouter()

traitRoutes.all('/traits', endpoint({ POST: postTrait }))
traitRoutes.all('/traits/bulk', endpoint({ PUT: putBulk }))
traitRoutes.all('/traits/increment-value', endpoint({ POST: postIncrement }))
