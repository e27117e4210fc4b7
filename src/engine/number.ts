/**
 * Numbers as the reference engine's language reads and prints them, which the contract makes
 * observable (sdk-api §5.4, §5.5, §5.7). Digits are ASCII only; nothing here is locale-aware.
 */

const SPACE =
  '[\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*'
const DIGITS = '[0-9]+(?:_[0-9]+)*'
const INTEGER = new RegExp(`^${SPACE}([+-]?${DIGITS})${SPACE}$`)
const FLOAT = new RegExp(
  `^${SPACE}([+-]?(?:(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:e[+-]?${DIGITS})?|inf(?:inity)?|nan))${SPACE}$`,
  'i',
)

/** An integer of any size: `number` is exact when safe, `text` is canonical always. */
export type Integer = { number: number; text: string }

/** An integer literal: spaces around, a sign and single underscores are allowed, a point is not. */
export function parseInteger(literal: string): Integer | null {
  const found = INTEGER.exec(literal)?.[1]
  if (found === undefined) return null
  const text = canonicalInteger(found.replaceAll('_', ''))
  return { number: Number(text), text }
}

/** A float literal, including integers, exponents, `inf` and `nan`; null when it is none. */
export function parseFloatLiteral(literal: string): number | null {
  const found = FLOAT.exec(literal)?.[1]
  if (found === undefined) return null
  const text = found.replaceAll('_', '').toLowerCase()
  if (text.endsWith('nan')) return Number.NaN
  if (text.includes('inf')) return text.startsWith('-') ? -Infinity : Infinity
  return Number(text)
}

/** Sign and digits without leading zeros; minus zero is zero. */
export function canonicalInteger(digits: string): string {
  const negative = digits.startsWith('-')
  const bare = digits.replace(/^[+-]?0*(?=[0-9])/, '')
  return negative && bare !== '0' ? `-${bare}` : bare
}

/** Compares two canonical integers too large for exact doubles; negative, zero or positive. */
export function compareIntegerTexts(a: string, b: string): number {
  if (a === b) return 0
  const negative = a.startsWith('-')
  if (negative !== b.startsWith('-')) return negative ? -1 : 1
  const longer = a.length - b.length || (a < b ? -1 : 1)
  return negative ? -longer : longer
}

/** A float as text: always a point or an exponent, which takes over below 1e-4 and from 1e16. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : `${value}`
  return value.toExponential().replace(/([+-])(\d)$/, '$10$2')
}
