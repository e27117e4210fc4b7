/** Rows as the audit log keeps them: the whole row, without what is secret. Pure. */
import type { Json, JsonObject } from './write.ts'

/** Columns that open something: hashes can be guessed against, sealed values can be unsealed. */
export const secretColumns = new Set([
  'passwordHash',
  'hash',
  'sealed',
  'sealedSecret',
  'sealedNextSecret',
  'sealedHeaders',
  'sealedPrivateKey',
])

type Row = Record<string, unknown>

/** Field names of the log are the columns' names in the contract's spelling: snake_case. */
export const snake = (name: string) =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Columns hold scalars, or JSON that was sent and stays as it is. */
export function snapshot(row: Row): JsonObject {
  const fields = Object.entries(row).filter(([name]) => !secretColumns.has(name))
  return Object.fromEntries(fields.map(([name, value]) => [snake(name), value as Json]))
}

/** Whether an update would change anything at all. */
export const changed = (before: Row, after: Row): boolean =>
  Object.keys(after).some((name) => before[name] !== after[name])
