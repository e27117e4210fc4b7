/** How a flag value lies in its four columns: a type and one of three typed columns. */
import { integer, text } from 'drizzle-orm/sqlite-core'
import type { FlagValue } from '../engine/document.ts'

export type ValueType = 'unicode' | 'int' | 'bool'

export type ValueColumns = {
  type: ValueType
  stringValue: string | null
  integerValue: number | null
  booleanValue: boolean | null
}

/** Columns of every table that holds a flag value. */
export const valueColumns = {
  type: text().$type<ValueType>().notNull(),
  stringValue: text('string_value'),
  integerValue: integer('integer_value'),
  booleanValue: integer('boolean_value', { mode: 'boolean' }),
}

/** Text without a value. */
export const noValue: ValueColumns = {
  type: 'unicode',
  stringValue: null,
  integerValue: null,
  booleanValue: null,
}

const isInt32 = (value: number) =>
  Number.isInteger(value) && value >= -2147483648 && value <= 2147483647

/**
 * A scalar as the contract stores it (admin-api §B.6): a number that is no signed 32-bit integer
 * becomes text, null is text without a value.
 */
export function toValueColumns(value: FlagValue): ValueColumns {
  if (typeof value === 'boolean') return { ...noValue, type: 'bool', booleanValue: value }
  if (typeof value === 'number') {
    return isInt32(value)
      ? { ...noValue, type: 'int', integerValue: value }
      : { ...noValue, stringValue: String(value) }
  }
  return { ...noValue, stringValue: value }
}

export function toFlagValue(row: ValueColumns): FlagValue {
  switch (row.type) {
    case 'bool':
      return row.booleanValue
    case 'int':
      return row.integerValue
    case 'unicode':
      return row.stringValue
  }
}

/** The columns of a value that was sent in parts: the type says which part counts. */
export const normalValue = (row: ValueColumns): ValueColumns => toValueColumns(toFlagValue(row))
