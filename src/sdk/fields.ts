/**
 * Field readers with the leniency and the words of the contract's server (sdk-api §2.2), written by
 * hand because they stand on the busiest path. Each answers a value or every fault it found.
 */
import { floatOf } from './json.ts'
import { scalarText } from './python-text.ts'

export type Field<T> = { value: T; errors?: never } | { errors: string[]; value?: never }

export const fail = (message: string): { errors: string[] } => ({ errors: [message] })

export const required = fail('This field is required.')
export const notNull = fail('This field may not be null.')

export const notInRange = (above: boolean): string =>
  above
    ? 'Ensure this value is less than or equal to 2147483647.'
    : 'Ensure this value is greater than or equal to -2147483648.'

const surrogate = /\p{Surrogate}/u

/** Lengths count characters, not UTF-16 units. */
export const isLonger = (text: string, max: number): boolean =>
  text.length > max && (text.length > 2 * max || [...text].length > max)

const lengthFault = (max: number) => `Ensure this field has no more than ${max} characters.`

/** What no store and no client could carry; undefined is nothing, which is almost always. */
export function faultsOf(text: string, max: number, tooLong = lengthFault): string[] | undefined {
  if (text.length <= max && !text.includes('\0') && text.isWellFormed()) return undefined
  const errors: string[] = []
  if (isLonger(text, max)) errors.push(tooLong(max))
  if (text.includes('\0')) errors.push('Null characters are not allowed.')
  const lone = surrogate.exec(text)?.[0].charCodeAt(0).toString(16).toUpperCase()
  if (lone !== undefined) errors.push(`Surrogate characters are not allowed: U+${lone}.`)
  return errors.length === 0 ? undefined : errors
}

/** Text that may be blank: trimmed, numbers as their text. */
export function readBlankText(input: unknown, max: number): Field<string> {
  const text = typeof input === 'boolean' ? undefined : scalarText(input)
  if (text === undefined) return fail('Not a valid string.')
  const value = text.trim()
  const errors = faultsOf(value, max)
  return errors === undefined ? { value } : { errors }
}

/** Text that must be there. */
export function readText(input: unknown, max: number): Field<string> {
  if (input === undefined) return required
  if (input === null) return notNull
  const field = readBlankText(input, max)
  return field.value === '' ? fail('This field may not be blank.') : field
}

const truths = new Map<unknown, boolean>([
  ...['true', 't', 'yes', 'y', 'on', '1', 1].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', 'off', '0', 0].map((word) => [word, false] as const),
])

/** False when it is left out. */
export function readBoolean(input: unknown): Field<boolean> {
  if (input === undefined) return { value: false }
  if (typeof input === 'boolean') return { value: input }
  if (input === null) return notNull
  const value = truths.get(typeof input === 'string' ? input.toLowerCase() : input)
  return value === undefined ? fail('Must be a valid boolean.') : { value }
}

/** A signed 32-bit integer, or its text. */
export function readInteger(input: unknown): Field<number> {
  if (input === undefined) return required
  if (input === null) return notNull
  const text = typeof input === 'boolean' ? undefined : scalarText(input)?.trim()
  if (text === undefined || !/^[-+]?\d{1,1000}(?:\.0*)?$/.test(text)) {
    return fail('A valid integer is required.')
  }
  const value = Number(text)
  const isInRange = value <= 2147483647 && value >= -2147483648
  return isInRange ? { value } : fail(notInRange(value > 0))
}

/** The fields of an object that came from a request; undefined for anything else. */
export const recordOf = (input: unknown): Record<string, unknown> | undefined =>
  typeof input === 'object' &&
  input !== null &&
  !Array.isArray(input) &&
  floatOf(input) === undefined
    ? (input as Record<string, unknown>)
    : undefined
