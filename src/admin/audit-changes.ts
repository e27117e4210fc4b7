/** What an entry says has changed: the original's `change_details`, and RFC 6902. Pure. */
import type { Json, JsonObject } from '../domain/write.ts'

/** What the log holds of a thing before and after; null: it was not there. */
export type Snapshots = { before: JsonObject | null; after: JsonObject | null }

export type Detail = { field: string; old: Json; new: Json }

export type ChangeType = 'CREATE' | 'UPDATE' | 'DELETE' | 'UNKNOWN'

/** Contract admin-api §C.1 hides the first two; the last is the change's own time, which has a field. */
const hidden = new Set(['live_from', 'version', 'updated_at'])

const isScalar = (value: Json | undefined): value is string | number | boolean | null =>
  value === null || (value !== undefined && typeof value !== 'object')

/** Written as such and not by tracking a row: contract §C.1. */
const isDirect = (action: string) => action.endsWith('.reordered')

export function changeTypeOf(action: string, { before, after }: Snapshots): ChangeType {
  if (isDirect(action) || (before === null && after === null)) return 'UNKNOWN'
  if (before === null) return 'CREATE'
  return after === null ? 'DELETE' : 'UPDATE'
}

const sharesOf = (snapshot: JsonObject): Map<Json, Json> => {
  const shares = snapshot.multivariate_feature_state_values
  if (!Array.isArray(shares)) return new Map()
  return new Map(
    (shares as JsonObject[]).map((share) => [
      share.option_id ?? null,
      share.percentage_allocation ?? null,
    ]),
  )
}

/** One for every share that moved; the original tells each as a change of a row of its own. */
function changedShares(before: JsonObject, after: JsonObject): Detail[] {
  const past = sharesOf(before)
  return [...sharesOf(after)].flatMap(([option, share]) => {
    const old = past.get(option) ?? null
    return old === share ? [] : [{ field: 'percentage_allocation', old, new: share }]
  })
}

/** Contract §C.1: an update by its scalars, a new feature state whole, anything else not at all. */
export function changeDetails(
  { action, resourceType }: { action: string; resourceType: string },
  { before, after }: Snapshots,
): Detail[] {
  if (isDirect(action) || after === null) return []
  if (before === null && resourceType !== 'FEATURE_STATE') return []
  const fields = Object.keys(after).filter((field) => !hidden.has(field))
  const scalars = fields.flatMap((field) => {
    const [old, value] = [before?.[field] ?? null, after[field]]
    if (!isScalar(old) || !isScalar(value)) return []
    return before !== null && old === value ? [] : [{ field, old, new: value }]
  })
  return [...scalars, ...(before === null ? [] : changedShares(before, after))]
}

export type Operation = {
  op: 'add' | 'remove' | 'replace'
  path: string
  /** Not in a removal. */
  value?: Json
  /** Beyond RFC 6902: what was there. Not in an addition. */
  old?: Json
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** From one to the other as RFC 6902 (contract audit-and-webhooks §7); lists are replaced whole. */
export function patchOf(before: JsonObject, after: JsonObject, path = ''): Operation[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name): Operation[] => {
    const [old, value] = [before[name], after[name]]
    const at = `${path}/${escaped(name)}`
    if (value === undefined) return old === undefined ? [] : [{ op: 'remove', path: at, old }]
    if (old === undefined) return [{ op: 'add', path: at, value }]
    if (isObject(old) && isObject(value)) return patchOf(old, value, at)
    if (JSON.stringify(old) === JSON.stringify(value)) return []
    return [{ op: 'replace', path: at, value, old }]
  })
}
