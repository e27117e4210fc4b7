/**
 * Backslash sequences, inside and outside classes. Back-references and `\N{…}` are not supported and
 * unknown letters are errors, as in the reference engine's language: null either way.
 */

import type { Shorthand } from './charset.ts'
import { type Cursor, eatMany, peek } from './syntax.ts'

const HEX = '0123456789abcdefABCDEF'
const OCTAL = '01234567'
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
])
const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
])

export function shorthandOf(letter: string | undefined): Shorthand | null {
  switch (letter) {
    case 'd':
    case 'D':
    case 's':
    case 'S':
    case 'w':
    case 'W':
      return letter
    default:
      return null
  }
}

/** The code point of an escape whose backslash has been read; null when it stands for none. */
export function escapedCode(cursor: Cursor, inClass: boolean): number | null {
  const letter = peek(cursor)
  if (letter === undefined) return null
  if (letter >= '0' && letter <= '9') return octalCode(cursor, inClass)
  cursor.at++
  const control = CONTROLS.get(letter)
  if (control !== undefined) return control
  const length = HEX_LENGTHS.get(letter)
  if (length !== undefined) return hexCode(eatMany(cursor, HEX, length), length)
  return /^[A-Za-z]$/.test(letter) ? null : (letter.codePointAt(0) ?? null)
}

function hexCode(digits: string, length: number): number | null {
  const code = Number.parseInt(digits, 16)
  return digits.length === length && code <= 0x10ffff ? code : null
}

/** Outside a class only `\0…` and three octal digits are letters; other digits refer back. */
function octalCode(cursor: Cursor, inClass: boolean): number | null {
  const isZero = peek(cursor) === '0'
  const digits = eatMany(cursor, OCTAL, 3)
  if (digits === '' || (!inClass && !isZero && digits.length < 3)) return null
  const code = Number.parseInt(digits, 8)
  return code <= 0o377 ? code : null
}
