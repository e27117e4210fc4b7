/**
 * JSONPath as far as a condition's property can use it: the singular queries of RFC 9535, plain names
 * one after another. Wildcards, slices, filters and descendants are refused, because what evaluation
 * knows about (environment, identity, traits) is reached by name alone; a refused path is never set.
 */

const NAME = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*/y
const BLANK = /[ \t\n\r]*/y
const OPENING = /\[[ \t\n\r]*(?=['"])/y
const CLOSING = /[ \t\n\r]*\]/y
/** Neither control characters nor quotes nor the backslash. */
const UNESCAPED = /[ !#-&(-[\]-\uffff]+/y
const UNICODE = /u([0-9a-fA-F]{4})/y
const ESCAPES = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['/', '/'],
  ['\\', '\\'],
])

type Cursor = { text: string; at: number }

/** The names of `$.a['b']` as ['a', 'b']; null when the text is no such path. */
export function parsePath(text: string): string[] | null {
  if (!text.startsWith('$')) return null
  const cursor: Cursor = { text, at: 1 }
  const names: string[] = []
  while (cursor.at < text.length) {
    take(cursor, BLANK)
    const name = takeSegment(cursor)
    if (name === null) return null
    names.push(name)
  }
  return names
}

function takeSegment(cursor: Cursor): string | null {
  if (cursor.text[cursor.at] === '.') {
    cursor.at++
    return take(cursor, NAME)
  }
  if (take(cursor, OPENING) === null) return null
  const name = takeQuoted(cursor)
  return take(cursor, CLOSING) === null ? null : name
}

function takeQuoted(cursor: Cursor): string | null {
  const quote = cursor.text[cursor.at++]
  let name = ''
  for (;;) {
    name += take(cursor, UNESCAPED) ?? ''
    const next = cursor.text[cursor.at++]
    if (next === undefined) return null
    if (next === quote) return name
    if (next === '\\') {
      const escaped = takeEscape(cursor, quote)
      if (escaped === null) return null
      name += escaped
    } else if (next === "'" || next === '"') name += next
    else return null
  }
}

function takeEscape(cursor: Cursor, quote: string | undefined): string | null {
  const unicode = take(cursor, UNICODE)
  if (unicode !== null) return String.fromCharCode(Number.parseInt(unicode.slice(1), 16))
  const letter = cursor.text[cursor.at++] ?? ''
  return letter === quote ? letter : (ESCAPES.get(letter) ?? null)
}

function take(cursor: Cursor, pattern: RegExp): string | null {
  pattern.lastIndex = cursor.at
  const found = pattern.exec(cursor.text)?.[0]
  if (found === undefined) return null
  cursor.at += found.length
  return found
}
