/**
 * Turns a pattern into a program for a machine that never backtracks. Programs are bounded: a pattern
 * whose counted repeats would unfold into too much never matches, like one that cannot be read.
 */

import { type Charset, charset, type SetSource } from './charset.ts'
import { parseRegex } from './parse.ts'
import type { Assertion, Node } from './syntax.ts'

/** The cost of a match is at most about this many steps per character. */
export const MAX_PROGRAM = 2000

export const LETTER = 0
export const SET = 1
export const ANY = 2
export const ANY_WITH_NEWLINE = 3
export const SPLIT = 4
export const JUMP = 5
export const ASSERT = 6
export const MATCH = 7

export type Program = {
  readonly operations: Uint8Array
  /** A letter's code, a set's or assertion's index, or where to go. */
  readonly first: Int32Array
  /** The other way of a split. */
  readonly second: Int32Array
  readonly sets: readonly Charset[]
  readonly assertions: readonly Assertion[]
  /** Every text that matches contains it; often empty. To look for it costs next to nothing. */
  readonly literal: string
  /** What is left to ask of a text of one line that contains the literal; null where that is not enough. */
  readonly shortcut: Shortcut | null
}

/** `.*literal` and `.*literal$`: what people write to look for something anywhere, or at the end. */
export type Shortcut = 'anywhere' | 'at-end'

type Draft = {
  operations: number[]
  first: number[]
  second: number[]
  sets: Map<SetSource, number>
  assertions: Assertion[]
  /** Every visited node counts, so that repeating nothing a billion times ends too. */
  budget: number
}

export function compileRegex(pattern: string): Program | null {
  const tree = parseRegex(pattern)
  if (tree === null) return null
  const draft: Draft = {
    operations: [],
    first: [],
    second: [],
    sets: new Map(),
    assertions: [],
    budget: 4 * MAX_PROGRAM,
  }
  if (!emit(draft, tree)) return null
  add(draft, MATCH, 0)
  if (draft.operations.length > MAX_PROGRAM) return null
  return {
    operations: Uint8Array.from(draft.operations),
    first: Int32Array.from(draft.first),
    second: Int32Array.from(draft.second),
    sets: [...draft.sets.keys()].map(charset),
    assertions: draft.assertions,
    literal: literalOf(tree),
    shortcut: shortcutOf(tree),
  }
}

function shortcutOf(tree: Node): Shortcut | null {
  const items = tree.kind === 'sequence' ? tree.items : []
  const last = items.at(-1)
  const isAtEnd = last?.kind === 'assertion' && endings.has(last.assertion)
  const [first, ...letters] = isAtEnd ? items.slice(0, -1) : items
  const isAnything = first?.kind === 'repeat' && first.item.kind === 'any'
  if (!isAnything || first.least > 0 || first.most !== Infinity) return null
  if (letters.length === 0 || letters.some(({ kind }) => kind !== 'letter')) return null
  // Half of a surrogate pair is no letter of a text, though it is a part of it.
  if (!literalOf(tree).isWellFormed()) return null
  return isAtEnd ? 'at-end' : 'anywhere'
}

/** In a text of one line they are the same. */
const endings = new Set<Assertion>(['text-end', 'end-or-last-newline', 'line-end'])

/** The longest run of plain letters that stands outside every choice and repeat. */
function literalOf(tree: Node): string {
  let longest = ''
  let run = ''
  for (const node of tree.kind === 'sequence' ? tree.items : [tree]) {
    run = node.kind === 'letter' ? run + String.fromCodePoint(node.code) : ''
    if (run.length > longest.length) longest = run
  }
  return longest
}

/** False once the budget is gone. */
function emit(draft: Draft, node: Node): boolean {
  if (--draft.budget < 0) return false
  switch (node.kind) {
    case 'letter':
      return add(draft, LETTER, node.code)
    case 'set':
      return add(draft, SET, indexOfSet(draft, node.set))
    case 'any':
      return add(draft, node.newlines ? ANY_WITH_NEWLINE : ANY, 0)
    case 'assertion':
      return add(draft, ASSERT, draft.assertions.push(node.assertion) - 1)
    case 'sequence':
      return node.items.every((item) => emit(draft, item))
    case 'choice':
      return emitChoice(draft, node.options)
    case 'repeat':
      return emitRepeat(draft, node)
  }
}

function add(draft: Draft, operation: number, first: number): boolean {
  draft.operations.push(operation)
  draft.first.push(first)
  draft.second.push(0)
  return true
}

function indexOfSet(draft: Draft, set: SetSource): number {
  const known = draft.sets.get(set)
  if (known !== undefined) return known
  draft.sets.set(set, draft.sets.size)
  return draft.sets.size - 1
}

/** Each option but the last is a split: into it, or past it to the next. */
function emitChoice(draft: Draft, options: Node[]): boolean {
  const jumps: number[] = []
  for (const [index, option] of options.entries()) {
    const split = index < options.length - 1 ? addSplit(draft) : -1
    if (!emit(draft, option)) return false
    if (split === -1) continue
    jumps.push(draft.operations.length)
    add(draft, JUMP, 0)
    draft.second[split] = draft.operations.length
  }
  for (const jump of jumps) draft.first[jump] = draft.operations.length
  return true
}

function emitRepeat(draft: Draft, node: Node & { kind: 'repeat' }): boolean {
  let last = 0
  for (let copy = 0; copy < node.least; copy++) {
    last = draft.operations.length
    if (!emit(draft, node.item)) return false
  }
  if (node.most === Infinity) {
    if (node.least === 0) return emitLoop(draft, node.item)
    // The last copy itself is what repeats.
    const split = addSplit(draft)
    draft.first[split] = last
    draft.second[split] = draft.operations.length
    return true
  }
  const splits: number[] = []
  for (let copy = node.least; copy < node.most; copy++) {
    splits.push(addSplit(draft))
    if (!emit(draft, node.item)) return false
  }
  for (const split of splits) draft.second[split] = draft.operations.length
  return true
}

function emitLoop(draft: Draft, item: Node): boolean {
  const split = addSplit(draft)
  if (!emit(draft, item)) return false
  add(draft, JUMP, split)
  draft.second[split] = draft.operations.length
  return true
}

/** A split whose first way is the very next instruction. */
function addSplit(draft: Draft): number {
  const at = draft.operations.length
  add(draft, SPLIT, at + 1)
  return at
}
