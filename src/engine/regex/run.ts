/**
 * Runs a program over a text by following all its threads at once, one character at a time. Time is
 * bounded by program size times text length whatever the pattern: there is nothing to backtrack.
 */

import { isIn, isWord } from './charset.ts'
import {
  ANY,
  ANY_WITH_NEWLINE,
  ASSERT,
  JUMP,
  LETTER,
  MATCH,
  MAX_PROGRAM,
  type Program,
  SET,
  SPLIT,
} from './compile.ts'

const NEWLINE = 10
const NOTHING = -1
/** Marks rise by one a character and must stay small integers to the end of any one text. */
const LAST_FRESH_MARK = 0x20000000

// Scratch space for the one match in progress: evaluation is synchronous and never re-enters.
let current = new Int32Array(MAX_PROGRAM)
let upcoming = new Int32Array(MAX_PROGRAM)
const pending = new Int32Array(2 * MAX_PROGRAM)
const marks = new Int32Array(MAX_PROGRAM)
let mark = 0
let waiting = 0

// Where the machine stands: the characters on both sides, and whether the next one is the last.
let previous = NOTHING
let next = NOTHING
let nextIsLast = false

/** Counts instructions visited, for those who want to see the bound hold. */
export type Meter = { steps: number }

/** Whether a match begins at the start of the text; where it ends does not matter (§5.5, REGEX). */
export function matchesAtStart(program: Program, text: string, meter?: Meter): boolean {
  const { literal, shortcut } = program
  if (shortcut === 'at-end' && !text.includes('\n')) return text.endsWith(literal)
  if (!text.includes(literal)) return false
  if (shortcut === 'anywhere' && !text.includes('\n')) return true
  let at = 0
  previous = NOTHING
  next = text.length > 0 ? (text.codePointAt(0) ?? NOTHING) : NOTHING
  nextIsLast = text.length === width(next)
  waiting = 0
  if (mark > LAST_FRESH_MARK) {
    marks.fill(0)
    mark = 0
  }
  mark++
  let matched = follow(program, 0, meter)
  while (!matched && waiting > 0 && at < text.length) {
    const code = next
    const threads = waiting
    const swap = current
    current = upcoming
    upcoming = swap
    at += width(code)
    previous = code
    next = at < text.length ? (text.codePointAt(at) ?? NOTHING) : NOTHING
    nextIsLast = at + width(next) === text.length
    waiting = 0
    mark++
    matched = advance(program, threads, meter)
  }
  return matched
}

function width(code: number): number {
  return code > 0xffff ? 2 : 1
}

/** Moves every thread of `current` over the character just passed; true on a match. */
function advance(program: Program, threads: number, meter: Meter | undefined): boolean {
  if (meter !== undefined) meter.steps += threads
  for (let i = 0; i < threads; i++) {
    const at = current[i] as number
    if (accepts(program, at, previous) && follow(program, at + 1, meter)) return true
  }
  return false
}

function accepts(program: Program, at: number, code: number): boolean {
  switch (program.operations[at]) {
    case LETTER:
      return program.first[at] === code
    case SET: {
      const set = program.sets[program.first[at] as number]
      return set !== undefined && isIn(set, code)
    }
    case ANY:
      return code !== NEWLINE
    case ANY_WITH_NEWLINE:
      return true
    default:
      return false
  }
}

/** Adds what can be reached without a character to `upcoming`, each instruction once; true on a match. */
function follow(program: Program, from: number, meter: Meter | undefined): boolean {
  let depth = 1
  pending[0] = from
  while (depth > 0) {
    const at = pending[--depth] as number
    if (marks[at] === mark) continue
    marks[at] = mark
    if (meter !== undefined) meter.steps++
    switch (program.operations[at]) {
      case MATCH:
        return true
      case JUMP:
        pending[depth++] = program.first[at] as number
        break
      case SPLIT:
        pending[depth++] = program.second[at] as number
        pending[depth++] = program.first[at] as number
        break
      case ASSERT:
        if (holds(program, program.first[at] as number)) pending[depth++] = at + 1
        break
      default:
        upcoming[waiting++] = at
    }
  }
  return false
}

function holds(program: Program, index: number): boolean {
  switch (program.assertions[index]) {
    case 'text-start':
      return previous === NOTHING
    case 'text-end':
      return next === NOTHING
    case 'end-or-last-newline':
      return next === NOTHING || (next === NEWLINE && nextIsLast)
    case 'line-start':
      return previous === NOTHING || previous === NEWLINE
    case 'line-end':
      return next === NOTHING || next === NEWLINE
    case 'boundary':
      return isBoundary(false)
    case 'no-boundary':
      return !isBoundary(false)
    case 'ascii-boundary':
      return isBoundary(true)
    case 'ascii-no-boundary':
      return !isBoundary(true)
    default:
      return false
  }
}

function isBoundary(asciiOnly: boolean): boolean {
  const before = previous !== NOTHING && isWord(previous, asciiOnly)
  const after = next !== NOTHING && isWord(next, asciiOnly)
  return before !== after
}
