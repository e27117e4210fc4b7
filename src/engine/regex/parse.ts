/**
 * Reads a pattern of the reference engine's dialect (contract sdk-api §5.5, §11) into a tree. What
 * that dialect rejects and what is not regular give null, and so never match: gotcha 39.
 */

import { escapedCode, shorthandOf } from './escape.ts'
import { eatGlobalFlags, openGroup } from './group.ts'
import { emptySet, parseSet } from './set.ts'
import { type Cursor, eat, eatMany, type Flags, type Node, peek } from './syntax.ts'

/** Deeper nesting than this is nobody's pattern; it would only exhaust the stack. */
const MAX_DEPTH = 100
const DIGITS = '0123456789'

export function parseRegex(pattern: string): Node | null {
  const cursor: Cursor = { letters: [...pattern], at: 0, depth: 0, names: new Set() }
  const plain = { ignoreCase: false, multiline: false, dotAll: false, verbose: false }
  const tree = parseChoice(cursor, eatGlobalFlags(cursor, { ...plain, asciiOnly: false }))
  return cursor.at === cursor.letters.length ? tree : null
}

function parseChoice(cursor: Cursor, flags: Flags): Node | null {
  const options: Node[] = []
  do {
    const option = parseSequence(cursor, flags)
    if (option === null) return null
    options.push(option)
  } while (eat(cursor, '|'))
  const [only] = options
  return only !== undefined && options.length === 1 ? only : { kind: 'choice', options }
}

function parseSequence(cursor: Cursor, flags: Flags): Node | null {
  const items: Node[] = []
  for (;;) {
    if (!skipIgnored(cursor, flags)) return null
    const next = peek(cursor)
    if (next === undefined || next === '|' || next === ')') return { kind: 'sequence', items }
    const atom = parseAtom(cursor, flags)
    const item = atom === null ? null : parseRepeat(cursor, flags, atom)
    if (item === null) return null
    items.push(item)
  }
}

function parseAtom(cursor: Cursor, flags: Flags): Node | null {
  const letter = cursor.letters[cursor.at++] ?? ''
  switch (letter) {
    case '.':
      return { kind: 'any', newlines: flags.dotAll }
    case '^':
      return { kind: 'assertion', assertion: flags.multiline ? 'line-start' : 'text-start' }
    case '$':
      return { kind: 'assertion', assertion: flags.multiline ? 'line-end' : 'end-or-last-newline' }
    case '[': {
      const set = parseSet(cursor, flags)
      return set === null ? null : { kind: 'set', set }
    }
    case '(':
      return parseGroup(cursor, flags)
    case '\\':
      return parseEscape(cursor, flags)
    case '*':
    case '+':
    case '?':
      return null
    case '{':
      cursor.at--
      if (parseBraces(cursor) !== null) return null
      cursor.at++
      return letterNode(letter.charCodeAt(0), flags)
    default:
      return letterNode(letter.codePointAt(0) ?? 0, flags)
  }
}

function parseGroup(cursor: Cursor, flags: Flags): Node | null {
  const inside = openGroup(cursor, flags)
  if (inside === null || cursor.depth === MAX_DEPTH) return null
  cursor.depth++
  const content = parseChoice(cursor, inside)
  cursor.depth--
  if (content === null || !eat(cursor, ')')) return null
  // Wrapped, so that a repeated `(^)` is told from a repeated `^`, which is an error.
  return { kind: 'sequence', items: [content] }
}

function parseEscape(cursor: Cursor, flags: Flags): Node | null {
  const shorthand = shorthandOf(peek(cursor))
  if (shorthand !== null) {
    cursor.at++
    return { kind: 'set', set: { ...emptySet(flags), shorthands: [shorthand] } }
  }
  if (eat(cursor, 'A')) return { kind: 'assertion', assertion: 'text-start' }
  if (eat(cursor, 'Z')) return { kind: 'assertion', assertion: 'text-end' }
  const kind = flags.asciiOnly ? 'ascii-' : ''
  if (eat(cursor, 'b')) return { kind: 'assertion', assertion: `${kind}boundary` }
  if (eat(cursor, 'B')) return { kind: 'assertion', assertion: `${kind}no-boundary` }
  const code = escapedCode(cursor, false)
  return code === null ? null : letterNode(code, flags)
}

function letterNode(code: number, flags: Flags): Node {
  if (!flags.ignoreCase) return { kind: 'letter', code }
  return { kind: 'set', set: { ...emptySet(flags), ranges: [code, code] } }
}

/** Lazy is as good as greedy here; possessive is not regular; repeating a repeat is an error. */
function parseRepeat(cursor: Cursor, flags: Flags, atom: Node): Node | null {
  if (!skipIgnored(cursor, flags)) return null
  const bounds = parseBounds(cursor)
  if (bounds === null) return atom
  if (atom.kind === 'assertion' || bounds.least > bounds.most) return null
  if (!eat(cursor, '?') && peek(cursor) === '+') return null
  if (!skipIgnored(cursor, flags) || parseBounds(cursor) !== null) return null
  return { kind: 'repeat', item: atom, least: bounds.least, most: bounds.most }
}

type Bounds = { least: number; most: number }

function parseBounds(cursor: Cursor): Bounds | null {
  if (eat(cursor, '*')) return { least: 0, most: Infinity }
  if (eat(cursor, '+')) return { least: 1, most: Infinity }
  if (eat(cursor, '?')) return { least: 0, most: 1 }
  return parseBraces(cursor)
}

/** `{m}`, `{m,}`, `{,n}`, `{m,n}`, `{,}`; braces around anything else are letters. */
function parseBraces(cursor: Cursor): Bounds | null {
  const start = cursor.at
  if (eat(cursor, '{')) {
    const least = eatMany(cursor, DIGITS)
    const hasComma = eat(cursor, ',')
    const most = hasComma ? eatMany(cursor, DIGITS) : least
    if (eat(cursor, '}') && (hasComma || least !== '')) {
      return { least: Number(least), most: most === '' ? Infinity : Number(most) }
    }
  }
  cursor.at = start
  return null
}

/** Comments, and in verbose patterns space too; false when a comment does not end. */
function skipIgnored(cursor: Cursor, flags: Flags): boolean {
  for (;;) {
    if (peek(cursor) === '(' && peek(cursor, 1) === '?' && peek(cursor, 2) === '#') {
      const end = cursor.letters.indexOf(')', cursor.at)
      if (end === -1) return false
      cursor.at = end + 1
    } else if (flags.verbose && eat(cursor, '#')) {
      while (peek(cursor) !== undefined && !eat(cursor, '\n')) cursor.at++
    } else if (!flags.verbose || eatMany(cursor, ' \t\n\r\v\f') === '') return true
  }
}
