/** Reads a bracketed class. A range that runs backwards or ends in a shorthand is an error: null. */

import type { SetSource, Shorthand } from './charset.ts'
import { escapedCode, shorthandOf } from './escape.ts'
import { type Cursor, eat, type Flags, peek } from './syntax.ts'

type Member = { code: number } | { shorthand: Shorthand }

export function emptySet(flags: Flags): SetSource {
  return {
    ranges: [],
    shorthands: [],
    negated: false,
    ignoreCase: flags.ignoreCase,
    asciiOnly: flags.asciiOnly,
  }
}

/** The opening bracket has been read. A closing bracket in first place is a letter. */
export function parseSet(cursor: Cursor, flags: Flags): SetSource | null {
  const set = emptySet(flags)
  set.negated = eat(cursor, '^')
  for (let first = true; first || !eat(cursor, ']'); first = false) {
    const member = parseMember(cursor)
    if (member === null) return null
    if (peek(cursor) === '-' && peek(cursor, 1) !== ']') {
      cursor.at++
      const last = parseMember(cursor)
      if (last === null || 'shorthand' in member || 'shorthand' in last) return null
      if (last.code < member.code) return null
      set.ranges.push(member.code, last.code)
    } else if ('shorthand' in member) set.shorthands.push(member.shorthand)
    else set.ranges.push(member.code, member.code)
  }
  return set
}

function parseMember(cursor: Cursor): Member | null {
  const letter = peek(cursor)
  if (letter === undefined) return null
  cursor.at++
  if (letter !== '\\') return { code: letter.codePointAt(0) ?? 0 }
  const shorthand = shorthandOf(peek(cursor))
  if (shorthand !== null) {
    cursor.at++
    return { shorthand }
  }
  if (eat(cursor, 'b')) return { code: 8 }
  const code = escapedCode(cursor, true)
  return code === null ? null : { code }
}
