/**
 * Checks the lines of an export of the audit log, one after the other: what is pruned first, then entry
 * by entry form, leaf hash, sequence and chain. Names the first place where it is not what was written,
 * and what has happened there. Pure: no file, no network; checkpoints are checked elsewhere
 * (log-checkpoints.ts), and whether what is pruned may be (log-tombstones.ts).
 */
import { hash } from 'node:crypto'
import { noHash } from '../ledger/chain.ts'
import { appendLeaf, type Hash, type Peaks, rootOfPeaks } from '../ledger/tree.ts'
import { type Line, readLine, type Tombstone, tileWidth } from './log-lines.ts'

export type ProblemKind =
  | 'edit'
  | 'insertion'
  | 'deletion'
  | 'swap'
  | 'truncation'
  | 'fork'
  | 'signature'

/** `at` is the sequence of the first entry that is wrong or missing. */
export type Problem = { at: number; kind: ProblemKind; text: string }

/** What one line cannot tell alone: the next line decides, or the end. */
type Doubt = { decide: (next: Line | undefined) => Problem }

export type EntriesCheck = {
  /** Those that are pruned count as well. */
  entries: number
  pruned: number
  /** Entries whose personal data is gone, in whole or in part. */
  erased: number
  ledger: string | undefined
  /** Roots at the sizes that somebody has asked for … */
  roots: Map<number, Hash>
  /** … and what gives them wherever a tile is complete. */
  tiles: Map<number, Peaks>
  tombstones: Tombstone[]
  take: (line: string) => Problem | undefined
  /** After the last entry. */
  end: () => Problem | undefined
}

const pair = Buffer.alloc(65, 1)

/** As the tree's own, by the runtime's hash: here it is synchronous, too. */
export function join(left: Hash, right: Hash): Hash {
  pair.set(left, 1)
  pair.set(right, 33)
  return hash('sha256', pair, 'buffer')
}

const missing = (from: number, to: number): Problem => ({
  at: from,
  kind: 'deletion',
  text: from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`,
})

/** Where `expected` was to stand, another line does. */
function misplaced({ from }: Line, expected: number): Problem | Doubt {
  if (from < expected) {
    return { at: from, kind: 'insertion', text: `there is more than one entry ${from}` }
  }
  const text = `entries ${expected} and ${from} have changed places`
  return {
    decide: (next) =>
      next?.from === expected && next.to === from - 1
        ? { at: expected, kind: 'swap', text }
        : missing(expected, from - 1),
  }
}

/** The entry names another hash before it than that of the entry that stands there. */
function unchained({ from, hash: own }: Line): Problem | Doubt {
  const edited = (at: number): Problem => ({
    at,
    kind: 'edit',
    text: `entry ${at} has been replaced: the entries around it follow another`,
  })
  if (from === 1) return edited(1)
  return {
    decide: (next) =>
      next === undefined || next.previous === own ? edited(from - 1) : edited(from),
  }
}

/** `sizes`: how many entries the checkpoints are of, whose roots will be wanted. */
export function checkEntries(sizes: Set<number>): EntriesCheck {
  const peaks: Peaks = []
  let last = noHash
  let doubt: Doubt | undefined

  const append = (leaf: Hash): void => {
    appendLeaf(peaks, leaf, join)
    check.entries++
    if (sizes.has(check.entries)) check.roots.set(check.entries, rootOfPeaks(peaks))
    if (check.entries % tileWidth === 0) check.tiles.set(check.entries, [...peaks])
  }

  const judge = (text: string): Problem | Doubt | undefined => {
    const expected = check.entries + 1
    const line = readLine(text)
    const edited = (why: string): Problem => ({ at: expected, kind: 'edit', text: why })
    if (line === undefined) return edited(`entry ${expected} cannot be read`)
    if (line.from !== expected) return misplaced(line, expected)
    if (line.fault !== undefined) return edited(`entry ${expected}: ${line.fault}`)
    if (line.previous === undefined) {
      if (check.entries > check.pruned) {
        const why = `entries ${line.from} to ${line.to} are said to be pruned, and entries before them are not`
        return { at: expected, kind: 'deletion', text: why }
      }
      check.pruned = line.to
    } else {
      check.ledger ??= line.ledger
      if (line.ledger !== check.ledger) {
        return { at: expected, kind: 'insertion', text: `entry ${expected} is of another log` }
      }
      if (line.previous !== last) return unchained(line)
      if (line.isErased) check.erased++
      if (line.tombstone !== undefined) check.tombstones.push(line.tombstone)
    }
    for (const leaf of line.leaves) append(leaf)
    last = line.hash
    return undefined
  }

  const check: EntriesCheck = {
    entries: 0,
    pruned: 0,
    erased: 0,
    ledger: undefined,
    roots: new Map([[0, rootOfPeaks([])]]),
    tiles: new Map(),
    tombstones: [],
    take: (line) => {
      if (doubt !== undefined) return doubt.decide(readLine(line))
      const judged = judge(line)
      if (judged === undefined || 'kind' in judged) return judged
      doubt = judged
      return undefined
    },
    end: () => doubt?.decide(undefined),
  }
  return check
}
