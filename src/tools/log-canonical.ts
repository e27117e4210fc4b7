/** The canonical text (RFC 8785) of what was read from a log, fast: a log has a million records. */
import { canonicalJson } from '../ledger/chain.ts'

export type Json = Parameters<typeof canonicalJson>[0]

function hasSortedKeys(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(hasSortedKeys)
  let last: string | undefined
  for (const key in value) {
    if (last !== undefined && last >= key) return false
    if (!hasSortedKeys(value[key] as Json)) return false
    last = key
  }
  return true
}

/**
 * RFC 8785. The runtime's own JSON is canonical but for the order of keys, and many times faster than
 * ours; where it is in doubt (keys that look like numbers, lone surrogates) ours decides.
 */
export function toCanonical(value: Json): string {
  const text = JSON.stringify(value)
  return hasSortedKeys(value) && !text.includes('\\ud') ? text : canonicalJson(value)
}
