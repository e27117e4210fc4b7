/**
 * The tree a pattern is read into, and the cursor it is read with. Captures and greediness leave no
 * trace in it: the engine asks only whether a match exists.
 */

import type { SetSource } from './charset.ts'

export type Assertion =
  | 'text-start'
  | 'text-end'
  | 'end-or-last-newline'
  | 'line-start'
  | 'line-end'
  | 'boundary'
  | 'no-boundary'
  | 'ascii-boundary'
  | 'ascii-no-boundary'

export type Node =
  | { kind: 'letter'; code: number }
  | { kind: 'set'; set: SetSource }
  | { kind: 'any'; newlines: boolean }
  | { kind: 'assertion'; assertion: Assertion }
  | { kind: 'sequence'; items: Node[] }
  | { kind: 'choice'; options: Node[] }
  | { kind: 'repeat'; item: Node; least: number; most: number }

export type Flags = {
  ignoreCase: boolean
  multiline: boolean
  dotAll: boolean
  verbose: boolean
  asciiOnly: boolean
}

/** Walks a pattern by code points. */
export type Cursor = {
  readonly letters: string[]
  at: number
  depth: number
  readonly names: Set<string>
}

export function peek(cursor: Cursor, ahead = 0): string | undefined {
  return cursor.letters[cursor.at + ahead]
}

export function eat(cursor: Cursor, letter: string): boolean {
  if (cursor.letters[cursor.at] !== letter) return false
  cursor.at++
  return true
}

/** As many letters of `allowed` as there are, up to a number. */
export function eatMany(cursor: Cursor, allowed: string, most = Infinity): string {
  let taken = ''
  while (taken.length < most) {
    const letter = cursor.letters[cursor.at]
    if (letter === undefined || !allowed.includes(letter)) break
    taken += letter
    cursor.at++
  }
  return taken
}
