/**
 * Traits as a request sends them: read, judged item by item, one per key. It neither merges nor
 * stores. Contract sdk-api §2.2.
 */
import type { TraitValue } from '../engine/index.ts'
import { maxTraits } from '../storage/identities.ts'
import { type Field, readBoolean, readText, recordOf } from './fields.ts'
import { typeName } from './python-text.ts'
import { readTraitJson } from './trait-value.ts'

export type SentTrait = {
  key: string
  /** The value as JSON text; `null` means to delete. */
  json: string
  value: TraitValue
  transient: boolean
}

/** A 400 body, or a part of one: messages, or messages by field or by item. */
export type Faults = string[] | { [field: string]: Faults | string } | Faults[]

export type Read<T> = { value: T; faults?: never } | { faults: Faults; value?: never }

export const maxKey = 200

const noDictionary = (input: unknown): Faults => ({
  non_field_errors: [`Invalid data. Expected a dictionary, but got ${typeName(input)}.`],
})

export const noList = (input: unknown): Faults =>
  input === null
    ? ['This field may not be null.']
    : { non_field_errors: [`Expected a list of items but got type "${typeName(input)}".`] }

/** The errors of those fields that have any; undefined if none has. */
export function faultsIn(
  fields: Record<string, Field<unknown>>,
): Record<string, Faults> | undefined {
  let faults: Record<string, Faults> | undefined
  for (const name in fields) {
    const errors = fields[name]?.errors
    if (errors === undefined) continue
    faults ??= {}
    faults[name] = errors
  }
  return faults
}

/** The input as fields, or the contract's words for what it is instead. */
export function readRecord(input: unknown): Read<Record<string, unknown>> {
  if (input === null) return { faults: ['This field may not be null.'] }
  const record = recordOf(input)
  return record === undefined ? { faults: noDictionary(input) } : { value: record }
}

/** One `{"trait_key", "trait_value", "transient"?}`. */
export function readTrait(input: unknown): Read<SentTrait> {
  const record = readRecord(input)
  if (record.faults !== undefined) return record
  const { trait_key, trait_value, transient } = record.value
  const key = readText(trait_key, maxKey)
  const read = readTraitJson(trait_value)
  const isTransient = readBoolean(transient)
  if (key.errors ?? read.errors ?? isTransient.errors) {
    return { faults: faultsIn({ trait_key: key, trait_value: read, transient: isTransient }) ?? [] }
  }
  const { json, value } = read.value
  return { value: { key: key.value, json, value, transient: isTransient.value } }
}

/** Of a key sent twice the last counts, in the place of the first. */
const onePerKey = (sent: SentTrait[]): SentTrait[] => {
  const keys = new Set<string>()
  for (const trait of sent) keys.add(trait.key)
  if (keys.size === sent.length) return sent
  return [...new Map(sent.map((trait) => [trait.key, trait])).values()]
}

/** Every item is judged: faults come one per item, `{}` for a good one. */
export function readTraits(input: unknown): Read<SentTrait[]> {
  if (input === undefined) return { value: [] }
  if (!Array.isArray(input)) return { faults: noList(input) }
  if (input.length > maxTraits) return { faults: tooManyTraits }
  const sent: SentTrait[] = []
  for (const item of input) {
    const read = readTrait(item)
    if (read.faults !== undefined) {
      return { faults: input.map((one) => readTrait(one).faults ?? {}) }
    }
    sent.push(read.value)
  }
  return { value: onePerKey(sent) }
}

export const tooManyTraits: Faults = {
  non_field_errors: [`Ensure this field has no more than ${maxTraits} elements.`],
}
