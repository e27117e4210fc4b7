/**
 * What it takes to change a thing back to what it was before an entry of the log. It compares what the
 * entry tells with what is, field by field; whether the result is allowed is for the writes to say. Pure.
 */
import { toFlagValue, type ValueType } from '../storage/values.ts'
import { sameJson } from './same-json.ts'
import { withoutIds } from './segment-rules.ts'
import type { Json, JsonObject } from './write.ts'

/** Edits that can be taken back. */
export const edits = [
  'feature-state.updated',
  'segment.updated',
  'feature.updated',
  'feature-segment.reordered',
] as const

export type Edit = (typeof edits)[number]

/** A thing's fields by name, each with a value of its own; parts have the id of theirs in the name. */
export type Fields = Record<string, Json>

/** Part names: `<list>.<id>`, and in options `<list>.<id>.<what of it>`. */
export const shareList = 'multivariate_feature_state_values'
export const optionList = 'multivariate_options'
export const priorityList = 'priorities'

const partsOf = (snapshot: JsonObject, list: string): JsonObject[] =>
  (snapshot[list] ?? []) as JsonObject[]

const fieldsOfParts = (
  snapshot: JsonObject,
  list: string,
  fieldsOf: (part: JsonObject) => Fields,
): Fields =>
  Object.fromEntries(
    partsOf(snapshot, list).flatMap((part) =>
      Object.entries(fieldsOf(part)).map(([name, value]) => [`${list}.${name}`, value]),
    ),
  )

/** The four columns of a value are one field: it is changed back whole or not at all. */
const flagValueOf = (row: JsonObject): Json =>
  toFlagValue({
    type: row.type as ValueType,
    stringValue: row.string_value as string | null,
    integerValue: row.integer_value as number | null,
    booleanValue: row.boolean_value as boolean | null,
  })

/** Sets: their order says nothing. */
const idsOf = (ids: Json | undefined): Json =>
  Array.isArray(ids) ? [...ids].sort((a, b) => Number(a) - Number(b)) : []

const readers: Record<Edit, (snapshot: JsonObject) => Fields> = {
  'feature-state.updated': (state) => ({
    enabled: state.enabled ?? null,
    feature_state_value: flagValueOf(state),
    ...fieldsOfParts(state, shareList, (share) => ({
      [String(share.option_id)]: share.percentage_allocation ?? 0,
    })),
  }),
  'segment.updated': (segment) => ({
    name: segment.name ?? null,
    description: segment.description ?? null,
    feature: segment.feature_id ?? null,
    rules: withoutIds((segment.rules ?? []) as Json[]) as Json,
  }),
  'feature.updated': (feature) => ({
    type: feature.type ?? null,
    description: feature.description ?? null,
    is_archived: feature.is_archived ?? null,
    is_server_key_only: feature.is_server_key_only ?? null,
    tags: idsOf(feature.tags),
    owners: idsOf(feature.owners),
    group_owners: idsOf(feature.group_owners),
    ...fieldsOfParts(feature, optionList, (option) => ({
      [`${option.id}.key`]: option.key ?? null,
      [`${option.id}.value`]: flagValueOf(option),
      [`${option.id}.default_percentage_allocation`]: option.default_percentage_allocation ?? null,
    })),
  }),
  'feature-segment.reordered': (links) =>
    fieldsOfParts(links, priorityList, (link) => ({ [String(link.id)]: link.priority ?? null })),
}

/** Members without which a snapshot is none any more: parts of records can be erased. */
const needed: Record<Edit, string> = {
  'feature-state.updated': 'enabled',
  'segment.updated': 'rules',
  'feature.updated': 'tags',
  'feature-segment.reordered': priorityList,
}

/** Undefined for a snapshot of which parts are gone. */
export const fieldsOf = (edit: Edit, snapshot: JsonObject | null): Fields | undefined =>
  snapshot?.[needed[edit]] === undefined ? undefined : readers[edit](snapshot)

const isPartOf = (list: string) => (field: string) => field.startsWith(`${list}.`)
const isShare = isPartOf(shareList)
const isOption = isPartOf(optionList)

/** A state that knows nothing of an option gives it nothing. */
const read = (fields: Fields, field: string): Json => fields[field] ?? (isShare(field) ? 0 : null)

/** What stands on one side only came or went with the thing it belongs to: that is no edit. */
function isEdited(field: string, before: Fields, after: Fields): boolean {
  if (isShare(field)) return true
  const known = [...Object.keys(before), ...Object.keys(after)]
  // With options the type is theirs to say.
  if (field === 'type' && known.some(isOption)) return false
  return field in before && field in after
}

export type FieldChange = { field: string; old: Json; new: Json }
export type FieldConflict = { field: string; expected: Json; present: Json }
export type Reversal = { changes: FieldChange[]; conflicts: FieldConflict[] }

/**
 * What the entry changed goes back; what it did not is never touched. What somebody has changed since
 * is a conflict, and goes back only by force. What is as it was already is neither.
 */
export function reverse(
  { before, after, present }: { before: Fields; after: Fields; present: Fields },
  force: boolean,
): Reversal {
  const changes: FieldChange[] = []
  const conflicts: FieldConflict[] = []
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [past, expected, now] = [before, after, present].map((side) => read(side, field))
    if (past === undefined || expected === undefined || now === undefined) continue
    if (!isEdited(field, before, after) || sameJson(past, expected) || sameJson(now, past)) continue
    const isConflict = !sameJson(now, expected)
    if (isConflict) conflicts.push({ field, expected, present: now })
    if (!isConflict || force) changes.push({ field, old: now, new: past })
  }
  return { changes, conflicts }
}
