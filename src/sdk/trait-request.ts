/**
 * The bodies of the legacy trait endpoints: a trait together with whose it is. It judges fields; who
 * may write is decided elsewhere. Contract sdk-api §2.3.
 */
import { type Field, readInteger, readText, recordOf } from './fields.ts'
import { maxIdentifier } from './identify-request.ts'
import { type Faults, faultsIn, maxKey, type Read, readRecord } from './sent-traits.ts'
import { type JsonValue, readTraitJson } from './trait-value.ts'

/** `json` is `null` where the trait is to be deleted. */
export type TraitRequest = { identifier: string; key: string; json: string }

function readIdentity(input: unknown): Read<string> {
  if (input === undefined) return { faults: ['This field is required.'] }
  const record = readRecord(input)
  if (record.faults !== undefined) return record
  const identifier = readText(record.value.identifier, maxIdentifier)
  return identifier.errors === undefined
    ? { value: identifier.value }
    : { faults: { identifier: identifier.errors } }
}

/** `{"identity": {"identifier"}, "trait_key", "trait_value"}`, the value judged by `readValue`. */
function readTraitRequest(
  data: unknown,
  readValue: (input: unknown) => Field<JsonValue>,
): Read<TraitRequest> {
  if (data === null) return { faults: { non_field_errors: ['No data provided'] } }
  const record = readRecord(data)
  if (record.faults !== undefined) return record
  const identity = readIdentity(record.value.identity)
  const key = readText(record.value.trait_key, maxKey)
  const json = readValue(record.value.trait_value)
  if (identity.faults ?? key.errors ?? json.errors) {
    return {
      faults: {
        ...(identity.faults !== undefined && { identity: identity.faults }),
        ...faultsIn({ trait_key: key, trait_value: json }),
      },
    }
  }
  return { value: { identifier: identity.value, key: key.value, json: json.value.json } }
}

/** Here a trait cannot be deleted. */
export const readPresentValue = (input: unknown): Field<JsonValue> =>
  input === null ? { errors: ['This field may not be null.'] } : readTraitJson(input)

export const readSingleTrait = (data: unknown): Read<TraitRequest> =>
  readTraitRequest(data, readPresentValue)

/** Neither a list nor anything in one. */
const noTraits: Faults = { detail: 'Invalid request data' }

/** The most items of a bulk request, and the most identities among them. */
export const maxItems = 1_000
export const maxIdentities = 100

/** A list of the same; what has no value is deleted. Faults come one per item. */
export function readBulkTraits(data: unknown): Read<TraitRequest[]> {
  if (!Array.isArray(data) || !data.every((item) => recordOf(item) !== undefined)) {
    return { faults: noTraits }
  }
  if (data.length > maxItems) {
    return {
      faults: { non_field_errors: [`Ensure this field has no more than ${maxItems} elements.`] },
    }
  }
  const read = data.map((item) => readTraitRequest(item, (value) => readTraitJson(value ?? null)))
  if (read.some((item) => item.faults !== undefined)) {
    return { faults: read.map((item) => item.faults ?? {}) }
  }
  return { value: read.flatMap((item) => item.value ?? []) }
}

export type IncrementRequest = { identifier: string; key: string; by: number }

/** `{"trait_key", "increment_by", "identifier"}`. */
export function readIncrement(data: unknown): Read<IncrementRequest> {
  if (data === null) return { faults: { non_field_errors: ['No data provided'] } }
  const record = readRecord(data)
  if (record.faults !== undefined) return record
  const key = readText(record.value.trait_key, maxKey)
  const by = readInteger(record.value.increment_by)
  const identifier = readText(record.value.identifier, maxIdentifier)
  if (key.errors ?? by.errors ?? identifier.errors) {
    return { faults: faultsIn({ trait_key: key, increment_by: by, identifier }) ?? [] }
  }
  return { value: { identifier: identifier.value, key: key.value, by: by.value } }
}
