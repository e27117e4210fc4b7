/** RFC 8785: the one text that a JSON value has wherever it is hashed. */
import type { Json } from '../domain/write.ts'

/**
 * Keys sorted by UTF-16 code units, ECMAScript numbers. A lone surrogate cannot be canonical UTF-8, so
 * it is replaced, as it would be in any UTF-8 text.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key.toWellFormed())}:${canonicalJson(value[key] ?? null)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(typeof value === 'string' ? value.toWellFormed() : value)
}
