/**
 * What may follow an opening parenthesis: names and flags. Look-around, conditionals, atomic groups
 * and back-references are not regular, hence not supported: null.
 */

import { type Cursor, eat, eatMany, type Flags, peek } from './syntax.ts'

const FLAG_LETTERS = 'aiLmsux'
const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u

/** Reads up to where the group's content begins; gives the flags that hold inside. */
export function openGroup(cursor: Cursor, flags: Flags): Flags | null {
  if (!eat(cursor, '?') || eat(cursor, ':')) return flags
  if (eat(cursor, 'P')) return eat(cursor, '<') && eatName(cursor) ? flags : null
  const inside = eatFlags(cursor, flags)
  return inside !== null && eat(cursor, ':') ? inside : null
}

/** Flags for the whole pattern stand at its very start; anywhere else they are an error. */
export function eatGlobalFlags(cursor: Cursor, flags: Flags): Flags {
  let all = flags
  while (peek(cursor) === '(' && peek(cursor, 1) === '?') {
    const start = cursor.at
    cursor.at += 2
    const more = peek(cursor) === '-' ? null : eatFlags(cursor, all)
    if (more === null || !eat(cursor, ')')) {
      cursor.at = start
      return all
    }
    all = more
  }
  return all
}

function eatName(cursor: Cursor): boolean {
  let name = ''
  while (peek(cursor) !== undefined && peek(cursor) !== '>') name += cursor.letters[cursor.at++]
  if (!eat(cursor, '>') || !NAME.test(name) || cursor.names.has(name)) return false
  cursor.names.add(name)
  return true
}

function eatFlags(cursor: Cursor, flags: Flags): Flags | null {
  const on = eatMany(cursor, FLAG_LETTERS)
  const hasOff = eat(cursor, '-')
  const off = hasOff ? eatMany(cursor, FLAG_LETTERS) : ''
  if ((on === '' && !hasOff) || (hasOff && off === '')) return null
  // Byte patterns alone have L, a pattern is Unicode or ASCII, and neither can be taken back.
  if (/L/.test(on) || /[aLu]/.test(off) || (on.includes('a') && on.includes('u'))) return null
  if ([...on].some((letter) => off.includes(letter))) return null
  const has = (letter: string, before: boolean) =>
    on.includes(letter) || (before && !off.includes(letter))
  return {
    ignoreCase: has('i', flags.ignoreCase),
    multiline: has('m', flags.multiline),
    dotAll: has('s', flags.dotAll),
    verbose: has('x', flags.verbose),
    asciiOnly: on.includes('a') || (flags.asciiOnly && !on.includes('u')),
  }
}
