/** Holds the rows that folding the log has made against those of the database. Pure. */
import type { Json } from '../domain/write.ts'
import { canonicalJson } from './canonical.ts'
import type { Finding, Fold, FoldRow } from './fold.ts'
import { type FoldColumn, type FoldTable, keyOf, type RowKey } from './fold-tables.ts'

/** The columns that are compared, in their order. */
export const selectOf = ({ name, columns }: FoldTable): string =>
  `SELECT ${columns.map((column) => `"${column.name}"`).join(', ')} FROM "${name}"`

/** A stored value as the log would have it. */
function toTold({ kind }: FoldColumn, stored: unknown): unknown {
  if (kind === 'boolean' && (stored === 0 || stored === 1)) return stored === 1
  return stored
}

/**
 * The log keeps JSON with its keys sorted, the database as it was sent. What has no keys can be stored in
 * one way only, and is compared as it stands.
 */
function isSame({ kind }: FoldColumn, told: unknown, stored: unknown): boolean {
  if (told === stored) return true
  if (kind !== 'json' || typeof told !== 'string' || !told.includes('{')) return false
  return canonicalJson(JSON.parse(String(stored)) as Json) === told
}

const shown = (value: unknown) => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

export type Compared = {
  rows: number
  /** Rows, and single values, that the log as it is now does not tell: pruned, or forgotten. */
  untold: { rows: number; values: number }
}

export type Comparison = {
  find: (finding: Finding) => void
  /** Whether a stored row that no entry tells may be one whose entries were pruned. */
  mayBePruned?: (row: readonly unknown[]) => boolean
}

/** `stored`: the rows of the table, columns in its order. */
export function compareTable(
  fold: Fold,
  table: FoldTable,
  { stored, find, mayBePruned = () => false }: Comparison & { stored: Iterable<unknown[]> },
): Compared {
  const folded: ReadonlyMap<RowKey, FoldRow> = fold.rows(table.name)
  const compared: Compared = { rows: 0, untold: { rows: 0, values: 0 } }
  const seen = new Set<RowKey>()
  const tell = (key: RowKey, text: string, column: string | null = null) =>
    find({ ledger: '', sequence: 0, table: table.name, key: String(key), column, text })
  for (const row of stored) {
    const key = keyOf(table, row)
    const told = folded.get(key)
    compared.rows++
    seen.add(key)
    if (told === undefined) {
      if (mayBePruned(row)) compared.untold.rows++
      else tell(key, 'the database has it and no entry tells of it')
      continue
    }
    for (const [index, column] of table.columns.entries()) {
      const value = toTold(column, row[index])
      if (told[index] === undefined) compared.untold.values++
      else if (!isSame(column, told[index], value)) {
        const text = `the log says ${shown(told[index])}, the database ${shown(value)}`
        tell(key, text, column.name)
      }
    }
  }
  for (const key of folded.keys()) {
    if (!seen.has(key)) tell(key, 'the log tells of it and the database does not have it')
  }
  return compared
}
