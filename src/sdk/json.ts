/**
 * JSON that keeps what JavaScript's reader forgets and the contract's server does not: that `5.0` is a
 * float, and the digits of whole numbers beyond 53 bits. It judges no value.
 */

const floatTag = Symbol('float')

/** A float whose value is whole: written as `5.0` or `5e0`. Others are plain numbers. */
export type Float = { readonly [floatTag]: number }

export const floatOf = (value: unknown): number | undefined =>
  typeof value === 'object' && value !== null ? (value as Partial<Float>)[floatTag] : undefined

/**
 * Whether a number may stand here that plain parsing would blur: whole with a fraction or an
 * exponent, or of sixteen digits and more. A false alarm (within a string) only costs time.
 */
const blurred = /(?:^|[:,[\s])-?(?:\d{16}|\d+(?:\.0+(?:[\s,}\]]|$)|(?:\.\d+)?[eE]))/

type Source = { source?: string }

/** A number by its literal; everything else stays. */
function keepLiteral(_key: string, value: unknown, context?: Source): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value)) return value
  const source = context?.source ?? ''
  if (/[.eE]/.test(source)) return { [floatTag]: value }
  return Number.isSafeInteger(value) ? value : BigInt(source)
}

/** Deeper than any request has reason to be; reading what is deeper could exhaust the stack. */
const maxDepth = 100
/** What is shorter can only be so deep that nothing here minds. */
const harmlessLength = 1_000

function isTooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (inString) {
      if (unit === 0x5c) index++
      else if (unit === 0x22) inString = false
    } else if (unit === 0x22) inString = true
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > maxDepth) return true
    } else if (unit === 0x5d || unit === 0x7d) depth--
  }
  return false
}

/** Throws a SyntaxError for what is no JSON, or nested too deeply. */
export function parseJson(text: string): unknown {
  if (text.length > harmlessLength && isTooDeep(text)) throw new SyntaxError('nested too deeply')
  return blurred.test(text) ? JSON.parse(text, keepLiteral) : JSON.parse(text)
}

/** A float as the contract's server writes it: valid JSON, and never to be taken for an integer. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : `${value}`
  return value.toExponential().replace(/([+-])(\d)$/, '$10$2')
}
