/**
 * Freezes an event into the bytes that every attempt sends. Receivers verify raw bytes, so the same
 * event must always become the same text (contract audit-and-webhooks §9.1). Sends nothing.
 */
import type { EventType } from '../storage/events.ts'
import type { Json, JsonObject } from '../storage/records.ts'

/** ASCII only, so no proxy or framework on the way can re-encode the bytes under the signature. */
const quote = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Keys sorted and separators as the original writes them, so that the same is always the same text. */
export function asciiJson(value: Json): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map(asciiJson).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${quote(key)}: ${asciiJson(value[key] ?? null)}`)
    return `{${members.join(', ')}}`
  }
  return JSON.stringify(value)
}

export const eventBody = (type: EventType, data: JsonObject): string =>
  asciiJson({ data, event_type: type })
