/**
 * The IN operator: what a condition's list contains and who can be a member of it (contract sdk-api
 * §5.5, "IN details"). Members are texts; nothing is trimmed.
 */

import { canonicalInteger, floatText } from './number.ts'
import { INTEGER, type Reading, TEXT, textOf } from './reading.ts'

/** Booleans and floats are never members, whatever the list says. */
export function membership(value: string): (reading: Reading) => boolean {
  const members = new Set(membersOf(value))
  return (reading) =>
    reading.kind === TEXT
      ? members.has(reading.text)
      : reading.kind === INTEGER && members.has(textOf(reading))
}

/** A JSON array when it is one, else whatever lies between commas. */
function membersOf(value: string): string[] {
  if (!value.startsWith('[')) return value.split(',')
  try {
    return (JSON.parse(value, withSource) as unknown[]).filter(isText)
  } catch {
    return value.split(',')
  }
}

/** Prints items as the reference engine does; nested arrays and objects are dropped, never matched. */
function withSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value === 'number') return numberText(context?.source ?? `${value}`, value)
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return value
}

/** `1.0` and `1e5` must not turn into `1` and `100000`: those would match integers. */
function numberText(source: string, value: number): string {
  return /^-?[0-9]+$/.test(source) ? canonicalInteger(source) : floatText(value)
}

function isText(item: unknown): item is string {
  return typeof item === 'string'
}
