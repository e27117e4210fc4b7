/**
 * Patterns of events, `noun:verb` with `*` for any part of either (contract audit-and-webhooks §9.3).
 * Patterns of one subscription may overlap. Pure.
 */
import { partsOf } from './flipt-event.ts'

/** `*` stands for any text. Reads the text once, whatever the pattern. */
export function isLike(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return pattern === text
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of others) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** `noun:verb` is asked of the two; without a colon the pattern is asked of the action as it stands. */
export function matchesAction(pattern: string, { action }: { action: string }): boolean {
  const [noun, verb, ...more] = pattern.split(':')
  if (verb === undefined) return isLike(pattern, action)
  const parts = partsOf(action)
  return more.length === 0 && isLike(noun ?? '', parts.noun) && isLike(verb, parts.verb)
}

/** An event has no dot in its type, so it matches as if it were `type.verb`. */
export const matchesEvent = (
  pattern: string,
  { type, action }: { type: string; action: string },
): boolean => matchesAction(pattern, { action: `${type}.${action}` })
