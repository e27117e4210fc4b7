/** Rows as the audit log keeps them: the whole row, without what is secret. Pure. */
import type { Json, JsonObject } from './write.ts'

/** Columns that open something: hashes can be guessed against, sealed values can be unsealed. */
const secretColumns = new Set(['passwordHash', 'hash', 'sealed', 'sealedSecret'])

type Row = Record<string, unknown>

/** Rows hold only scalars, or lists of rows that a plan put beside them. */
function toJson(value: unknown): Json {
  if (Array.isArray(value)) return value.map((item) => snapshot(item as Row))
  return value as Json
}

/** Field names of the log are the columns' names in the contract's spelling: snake_case. */
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export function snapshot(row: Row): JsonObject {
  const fields = Object.entries(row).filter(([name]) => !secretColumns.has(name))
  return Object.fromEntries(fields.map(([name, value]) => [snake(name), toJson(value)]))
}

/** Whether an update would change anything at all. */
export const changed = (before: Row, after: Row): boolean =>
  Object.keys(after).some((name) => before[name] !== after[name])
