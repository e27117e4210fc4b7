/**
 * JSON values in the words of the contract's server, which is written in Python: the names of types
 * in its messages, and the text that a list or an object becomes when it is sent as a trait value.
 */
import { floatOf, floatText } from './json.ts'

export function typeName(value: unknown): string {
  if (value === null) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  if (floatOf(value) !== undefined) return 'float'
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float'
    default:
      return 'dict'
  }
}

/** A scalar as text; undefined for a list or an object. */
export function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value
    case 'boolean':
      return value ? 'True' : 'False'
    case 'bigint':
      return `${value}`
    case 'number':
      return Number.isInteger(value) ? `${value === 0 ? 0 : value}` : floatText(value)
    default: {
      if (value === null) return 'None'
      const float = floatOf(value)
      return float === undefined ? undefined : floatText(float)
    }
  }
}

const named = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

function escapeCharacter(character: string): string {
  const name = named.get(character)
  if (name !== undefined) return name
  const code = character.codePointAt(0) ?? 0
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`
  return code > 0xff
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\x${code.toString(16).padStart(2, '0')}`
}

/** As `repr` quotes: single quotes unless only double ones spare an escape. */
function quoted(text: string): string {
  const double = text.includes("'") && !text.includes('"')
  const escaped = text.replace(/[\\\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu, (character) =>
    character === ' ' ? ' ' : escapeCharacter(character),
  )
  return double ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`
}

/** Collects pieces up to a length, so that a hostile value costs no more than a good one. */
type Writer = { text: string; limit: number }

function write(value: unknown, writer: Writer): void {
  if (writer.text.length > writer.limit) return
  const scalar = scalarText(value)
  if (scalar !== undefined) {
    writer.text += typeof value === 'string' ? quoted(value) : scalar
    return
  }
  const isList = Array.isArray(value)
  writer.text += isList ? '[' : '{'
  let first = true
  for (const [key, item] of Object.entries(value as object)) {
    if (writer.text.length > writer.limit) return
    if (!first) writer.text += ', '
    first = false
    if (!isList) writer.text += `${quoted(key)}: `
    write(item, writer)
  }
  writer.text += isList ? ']' : '}'
}

/** The `str` of a list or an object; what would be longer than the limit ends somewhere beyond it. */
export function pythonText(value: unknown, limit: number): string {
  const writer: Writer = { text: '', limit }
  write(value, writer)
  return writer.text
}
