/**
 * Form fields → the object they stand for, by the naming of the contract's server: `a`, `a.b` for an
 * object within, `a[0]b` for a list of objects. Every value stays text.
 */

/** Without a prototype, so that a field named `__proto__` is only a field. */
type Fields = Record<string, unknown>
const newFields = (): Fields => Object.create(null)

/** A field by name or none; `make` where it is missing or of another kind. */
function childOf<T>(
  fields: Fields,
  name: string,
  kind: { is: (value: unknown) => value is T; make: () => T },
): T {
  const present = fields[name]
  if (kind.is(present)) return present
  const made = kind.make()
  fields[name] = made
  return made
}

const isMap = (value: unknown): value is Map<number, Fields> => value instanceof Map
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !(value instanceof Map)

function place(fields: Fields, name: string, value: string): void {
  const item = /^([^[\].]+)\[(\d{1,9})\](.+)$/.exec(name)
  if (item !== null) {
    const [, list = '', index = '', rest = ''] = item
    const items = childOf(fields, list, { is: isMap, make: () => new Map<number, Fields>() })
    const at = items.get(Number(index)) ?? newFields()
    items.set(Number(index), at)
    at[rest] = value
    return
  }
  const within = /^([^[\].]+)\.(.+)$/.exec(name)
  if (within === null) fields[name] = value
  else childOf(fields, within[1] ?? '', { is: isFields, make: newFields })[within[2] ?? ''] = value
}

/** Lists by their indexes, which may have gaps: none is ever as long as an index says. */
const toList = (items: Map<number, Fields>): Fields[] =>
  [...items].sort(([a], [b]) => a - b).map(([, item]) => item)

/** Of fields sent twice the last counts; files are no part of this contract. */
export function readForm(entries: Iterable<[string, unknown]>): Fields {
  const fields = newFields()
  for (const [name, value] of entries) if (typeof value === 'string') place(fields, name, value)
  for (const [name, value] of Object.entries(fields)) {
    if (isMap(value)) fields[name] = toList(value)
  }
  return fields
}
