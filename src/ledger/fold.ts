/**
 * Folds the audit log: takes whole entries, the oldest of each ledger first, and keeps the rows they
 * describe. On the way every `before` is held against what the entries until then have made; where the
 * two differ, log and database went apart. Pure: reads and writes nothing.
 *
 * Undefined in a row means that nobody has told: the entries were pruned, or the person forgotten.
 */
import type { Json, JsonObject } from '../domain/write.ts'
import { canonicalJson } from './canonical.ts'
import type { Raised } from './chain.ts'
import { type Shape, shapeOf } from './fold-rules.ts'
import { type FoldTable, foldTables, keyOf, type RowKey } from './fold-tables.ts'

/** The parts of a record that are read here. */
export type FoldEntry = {
  ledger: string
  sequence: number
  change: string
  time: string
  outcome: string
  action: string
  organisation: number | null
  before: JsonObject | null
  after: JsonObject | null
  rows?: { before: JsonObject | null; after: JsonObject | null }
  raised?: Raised
  /** Parts that are forgotten: what is missing of them was told once. */
  erased?: readonly string[]
}

export type Finding = {
  ledger: string
  /** Of the entry that does not fit; 0 where the end does not. */
  sequence: number
  table: string
  key: string
  column: string | null
  text: string
}

/** Values as the log has them, JSON as its canonical text, in the order of the table's columns. */
export type FoldRow = unknown[]

type Told = { shape: Shape; table: FoldTable; key: RowKey; values: FoldRow }

export type Fold = {
  rows: (table: string) => Map<RowKey, FoldRow>
  take: (entry: FoldEntry) => void
  /** After the last entry of all ledgers. */
  end: () => void
}

export type Watch = {
  find: (finding: Finding) => void
  /** Whether entries from the beginning of this ledger are gone. */
  isPruned?: (ledger: string) => boolean
}

/** The members of a snapshot as the columns of a row. */
function toValues(table: FoldTable, shape: Shape, value: Json, around: JsonObject): FoldRow {
  const { columns, place } = table
  const values: FoldRow = new Array(columns.length).fill(undefined)
  if (shape.bare !== undefined) values[place.get(shape.bare) ?? -1] = value
  else {
    const members = value as JsonObject
    for (const [index, { field, kind }] of columns.entries()) {
      const told = members[shape.fields === undefined ? field : (shape.fields[field] ?? '')]
      values[index] = kind === 'json' && told !== undefined ? canonicalJson(told) : told
    }
  }
  for (const field in shape.around) {
    values[place.get(field) ?? -1] = around[shape.around[field] ?? '']
  }
  return values
}

/** All rows that one side of an entry tells. */
function collect(shape: Shape, value: Json, around: JsonObject, told: Told[]): void {
  const table = shape.table === undefined ? undefined : foldTables.get(shape.table)
  if (table !== undefined) {
    const values = toValues(table, shape, value, around)
    told.push({ shape, table, key: keyOf(table, values), values })
  }
  for (const member in shape.nested) {
    const part = shape.nested[member]
    const inside = (value as JsonObject)[member]
    if (part === undefined || inside === undefined || inside === null) continue
    for (const one of Array.isArray(inside) ? inside : [inside]) {
      collect(part, one, value as JsonObject, told)
    }
  }
}

/** One side of an entry, with the rows that are told beside it. */
function toldBy(shape: Shape, entry: FoldEntry, side: 'before' | 'after'): Told[] {
  const told: Told[] = []
  const around = { organisation: entry.organisation }
  const [shown, beside = null] = [entry[side], entry.rows?.[side]]
  if (shown !== null) {
    collect(shape, beside === null ? shown : { ...shown, ...beside }, around, told)
  } else if (beside !== null && shape.nested !== undefined) {
    collect({ nested: shape.nested }, beside, around, told)
  }
  return told
}

const shown = (value: unknown) => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

export function createFold({ find, isPruned = () => false }: Watch): Fold {
  const tables = new Map<string, Map<RowKey, FoldRow>>()
  for (const name of foldTables.keys()) tables.set(name, new Map())
  const rowsOf = (name: string) => tables.get(name) ?? new Map<RowKey, FoldRow>()
  /** By ledger: what the change whose entries are being taken raises when it is over. */
  const pending = new Map<string, FoldEntry>()

  function raise({ raised, time }: FoldEntry): void {
    const count = (name: string, ids: number[] = [], at?: number) => {
      const { place } = foldTables.get(name) as FoldTable
      const version = place.get('version') ?? -1
      for (const id of ids) {
        // What the change has deleted rises no more.
        const row = rowsOf(name).get(id)
        if (row === undefined) continue
        if (row[version] !== undefined) row[version] = Number(row[version]) + 1
        if (at !== undefined) row[place.get('updated_at') ?? -1] = at
      }
    }
    count('environments', raised?.environments, Date.parse(time))
    count('features', raised?.features)
  }

  const finding = (
    { ledger, sequence }: FoldEntry,
    { table, key }: Told,
    { column = null, text }: { column?: string | null; text: string },
  ) => find({ ledger, sequence, table: table.name, key: String(key), column, text })

  /** Holds a row as it is said to have been against the row as it is. */
  function check(entry: FoldEntry, one: Told): void {
    const { table, key, values } = one
    const row = rowsOf(table.name).get(key)
    if (row === undefined) {
      if (isPruned(entry.ledger)) rowsOf(table.name).set(key, values.slice())
      else finding(entry, one, { text: 'the entry says how it was before, and it was not there' })
      return
    }
    for (const [index, { name }] of table.columns.entries()) {
      const told = values[index]
      if (told === undefined || told === row[index]) continue
      if (row[index] !== undefined) {
        const text = `the entry says it was ${shown(told)}; the entries before it say ${shown(row[index])}`
        finding(entry, one, { column: name, text })
      }
      row[index] = told
    }
  }

  /** Whether a row can be taken over; what is wrong with that is told here. */
  function mayPut(entry: FoldEntry, one: Told, isNew: boolean): boolean {
    const isThere = rowsOf(one.table.name).has(one.key)
    if (one.shape.isPartial) {
      if (!isThere && !isPruned(entry.ledger)) {
        finding(entry, one, { text: 'a part of it changes, and it is not there' })
      }
      return isThere
    }
    if (isThere && isNew)
      finding(entry, one, { text: 'the entry makes it, and it is there already' })
    return true
  }

  /** Takes over a row as it is said to be now. */
  function put(entry: FoldEntry, one: Told, isErased: boolean): void {
    const { shape, table, key, values } = one
    const row = rowsOf(table.name).get(key)
    for (const [index, { field, name, begins }] of table.columns.entries()) {
      if (values[index] !== undefined) continue
      if (row !== undefined && !(isErased && !shape.isPartial && begins === undefined)) {
        values[index] = row[index]
      } else if (typeof begins === 'string') values[index] = values[table.place.get(begins) ?? -1]
      else if (begins !== undefined) values[index] = begins
      else if (!isErased) finding(entry, one, { column: name, text: `no entry tells its ${field}` })
    }
    rowsOf(table.name).set(key, values)
  }

  function step(entry: FoldEntry, shape: Shape, isErased: boolean): void {
    const befores = toldBy(shape, entry, 'before').filter(
      ({ shape: { unlessGone }, table, values }) =>
        unlessGone === undefined ||
        isPruned(entry.ledger) ||
        rowsOf(unlessGone.table).has(values[table.place.get(unlessGone.column) ?? -1] as RowKey),
    )
    const afters = toldBy(shape, entry, 'after')
    const had = new Set<string>()
    const has = new Set<string>()
    const nameOf = ({ table, key }: Told) => `${table.name} ${key}`
    for (const one of befores) {
      check(entry, one)
      had.add(nameOf(one))
    }
    for (const one of afters) has.add(nameOf(one))
    for (const one of befores) {
      if (has.has(nameOf(one)) || one.shape.onlyEdits) continue
      rowsOf(one.table.name).delete(one.key)
    }
    for (const one of afters) {
      const isNew = !had.has(nameOf(one))
      if (isNew && one.shape.onlyEdits) continue
      if (mayPut(entry, one, isNew)) put(entry, one, isErased)
    }
  }

  return {
    rows: rowsOf,
    take(entry) {
      const open = pending.get(entry.ledger)
      if (open !== undefined && open.change !== entry.change) {
        raise(open)
        pending.delete(entry.ledger)
      }
      if (entry.raised !== undefined) pending.set(entry.ledger, entry)
      // What was refused has changed nothing.
      if (entry.outcome !== 'ok') return
      const shape = shapeOf(entry.action)
      if (shape) step(entry, shape, entry.erased?.includes('subject') ?? false)
      else if (shape === undefined) {
        const { ledger, sequence, action } = entry
        const text = `no rule says which rows '${action}' tells`
        find({ ledger, sequence, table: '', key: '', column: null, text })
      }
    },
    end() {
      for (const open of pending.values()) raise(open)
      pending.clear()
    },
  }
}
