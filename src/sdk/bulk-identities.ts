/**
 * `/bulk-identities`: many identities with their traits in one request, as the Edge API takes them
 * (contract sdk-api §2.8). Done when it answers; nothing is evaluated.
 */
import { readBody } from './body.ts'
import { endpoint, type Handler, type SdkContext } from './endpoint.ts'
import { readBoolean, readText } from './fields.ts'
import { maxIdentifier } from './identify-request.ts'
import { changeIdentities, type IdentityChange } from './identity-batch.ts'
import { createSdkRouter } from './router.ts'
import {
  faultsIn,
  noList,
  type Read,
  readRecord,
  readTraits,
  type SentTrait,
  tooManyTraits,
} from './sent-traits.ts'
import { maxIdentities } from './trait-request.ts'
import { refuseClient } from './traits.ts'

type Item = { identifier: string; traits: SentTrait[]; transient: boolean }

function readItem(input: unknown): Read<Item> {
  const record = readRecord(input)
  if (record.faults !== undefined) return record
  const identifier = readText(record.value.identifier, maxIdentifier)
  const transient = readBoolean(record.value.transient)
  const traits = readTraits(record.value.traits)
  if (identifier.errors ?? transient.errors ?? traits.faults) {
    return {
      faults: {
        ...faultsIn({ identifier, transient }),
        ...(traits.faults !== undefined && { traits: traits.faults }),
      },
    }
  }
  return {
    value: { identifier: identifier.value, traits: traits.value, transient: transient.value },
  }
}

function readItems(data: unknown): Read<Item[]> {
  const record = readRecord(data)
  if (record.faults !== undefined) return record
  const items = record.value.data
  if (items === undefined) return { faults: { data: ['This field is required.'] } }
  if (!Array.isArray(items)) return { faults: { data: noList(items) } }
  const read = items.map(readItem)
  if (read.some((item) => item.faults !== undefined)) {
    return { faults: { data: read.map((item) => item.faults ?? {}) } }
  }
  return { value: read.flatMap((item) => item.value ?? []) }
}

/** Transient identities and traits are for evaluation only: here they ask for nothing. */
function toChange(
  { identifier, traits }: Item,
  how: { overwrite: boolean; persist: boolean },
): IdentityChange {
  const kept = how.persist ? traits.filter((trait) => !trait.transient) : []
  const set = kept.filter((trait) => trait.json !== 'null')
  const remove = kept.filter((trait) => trait.json === 'null')
  return {
    identifier,
    set: set.map(({ key, json }) => ({ key, value: json })),
    remove: remove.map((trait) => trait.key),
    create: true,
    overwrite: how.overwrite && how.persist,
  }
}

/** One per identity: of equal keys the last counts, and for an overwrite the last item as a whole. */
function perIdentity(items: Item[], overwrite: boolean): Item[] {
  const byIdentity = new Map<string, Item>()
  for (const item of items) {
    const before = overwrite ? undefined : byIdentity.get(item.identifier)
    const traits = new Map([...(before?.traits ?? []), ...item.traits].map((one) => [one.key, one]))
    byIdentity.set(item.identifier, { ...item, traits: [...traits.values()] })
  }
  return [...byIdentity.values()]
}

const isTooLong = (data: unknown): boolean =>
  typeof data === 'object' &&
  data !== null &&
  'data' in data &&
  Array.isArray(data.data) &&
  data.data.length > maxIdentities

const tooManyIdentities = (c: SdkContext) =>
  c.text(`Number of identities must not be more than ${maxIdentities}`, 400)

/**
 * `{"data": [{"identifier", "traits"?, "transient"?}]}`, at most a hundred items → 202, no body.
 * `POST` leaves an identity with these traits and no others, `PUT` adds them to what it has.
 *
 * 400 in plain text for more than a hundred, else item by item; 400 for a client-side key that may
 * not set traits.
 */
const store =
  (overwrite: boolean): Handler =>
  async (c, access) => {
    const refusal = refuseClient(c, access)
    if (refusal !== undefined) return refusal
    const data = await readBody(c)
    if (data instanceof Response) return data
    if (isTooLong(data)) return tooManyIdentities(c)
    const items = readItems(data)
    if (items.faults !== undefined) return c.json(items.faults, 400)
    const { environment, organisation } = access.slot.document
    const how = { overwrite, persist: organisation.persistTraitData }
    const lasting = items.value.filter((item) => !item.transient)
    const changes = perIdentity(lasting, overwrite).map((item) => toChange(item, how))
    const done = await changeIdentities(c.env, environment.id, changes)
    return done ? new Response(null, { status: 202 }) : c.json({ data: tooManyTraits }, 400)
  }

export const bulkIdentityRoutes = createSdkRouter()

bulkIdentityRoutes.all('/bulk-identities', endpoint({ POST: store(true), PUT: store(false) }))
