/**
 * Checks the entries of an export of the audit log, one after the other: form, leaf hash, sequence and
 * chain. Names the first place where it is not what was written, and what has happened there. Pure: no
 * file, no network; checkpoints are checked elsewhere (log-checkpoints.ts).
 */
import { hash } from 'node:crypto'
import { canonicalJson, noHash } from '../ledger/chain.ts'
import { appendLeaf, type Hash, type Peaks, rootOfPeaks } from '../ledger/tree.ts'

type Json = Parameters<typeof canonicalJson>[0]

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

type Entry = { sequence: number; ledger: string; hash: string; previous: string }

/** What one line cannot tell alone: the next line decides, or the end. */
type Doubt = { decide: (next: Entry | undefined) => Problem }

export type EntriesCheck = {
  entries: number
  ledger: string | undefined
  /** Roots at the sizes that somebody has asked for. */
  roots: Map<number, Hash>
  take: (line: string) => Problem | undefined
  /** After the last entry. */
  end: () => Problem | undefined
}

function hasSortedKeys(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(hasSortedKeys)
  let last: string | undefined
  for (const key in value) {
    if (last !== undefined && last >= key) return false
    if (!hasSortedKeys(value[key] as Json)) return false
    last = key
  }
  return true
}

/**
 * RFC 8785. The runtime's own JSON is canonical but for the order of keys, and many times faster than
 * ours; where it is in doubt (keys that look like numbers, lone surrogates) ours decides.
 */
const isCanonical = (record: string, value: Json): boolean =>
  (JSON.stringify(value) === record && !record.includes('\\ud') && hasSortedKeys(value)) ||
  canonicalJson(value) === record

const isText = (value: unknown): value is string => typeof value === 'string'

/** Undefined for what is no entry; `fault` where it is one, but not as it was hashed. */
function readEntry(line: string): { entry: Entry; fault: string | undefined } | undefined {
  try {
    const { sequence, hash: told, record } = JSON.parse(line)
    if (!Number.isSafeInteger(sequence) || !isText(told) || !isText(record)) return undefined
    const value = JSON.parse(record)
    const { ledger, previous } = value
    const isHashed = hash('sha256', `\0${record}`) === told
    const own = isHashed && Number.isSafeInteger(value.sequence) ? value.sequence : sequence
    const entry = { sequence: own, ledger, previous, hash: told }
    if (!isHashed) return { entry, fault: 'its record is not the one that was hashed' }
    if (!isCanonical(record, value)) return { entry, fault: 'its record is not canonical' }
    if (!isText(ledger) || !isText(previous) || value.sequence !== own) {
      return { entry, fault: 'its record is no entry of a log' }
    }
    // A column that was renumbered, around a record that was not: the record is what was hashed.
    const fault = sequence === own ? undefined : `its line says ${sequence}, its record ${own}`
    return { entry, fault }
  } catch {
    return undefined
  }
}

const missing = (from: number, to: number): Problem => ({
  at: from,
  kind: 'deletion',
  text: from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`,
})

/** Where `expected` was to stand, another entry does. */
function misplaced({ sequence }: Entry, expected: number): Problem | Doubt {
  if (sequence < expected) {
    const text = `there is more than one entry ${sequence}`
    return { at: sequence, kind: 'insertion', text }
  }
  const text = `entries ${expected} and ${sequence} have changed places`
  return {
    decide: (next) =>
      next?.sequence === expected && sequence === expected + 1
        ? { at: expected, kind: 'swap', text }
        : missing(expected, sequence - 1),
  }
}

/** The entry names another hash before it than that of the entry that stands there. */
function unchained({ sequence, hash: own }: Entry): Problem | Doubt {
  const edited = (at: number): Problem => ({
    at,
    kind: 'edit',
    text: `entry ${at} has been replaced: the entries around it follow another`,
  })
  if (sequence === 1) return edited(1)
  return {
    decide: (next) =>
      next === undefined || next.previous === own ? edited(sequence - 1) : edited(sequence),
  }
}

/** `sizes`: how many entries the checkpoints are of, whose roots will be wanted. */
export function checkEntries(sizes: Set<number>): EntriesCheck {
  const peaks: Peaks = []
  let last = noHash
  let doubt: Doubt | undefined

  const judge = (line: string): Problem | Doubt | undefined => {
    const expected = check.entries + 1
    const read = readEntry(line)
    const edited = (text: string): Problem => ({ at: expected, kind: 'edit', text })
    if (read === undefined) return edited(`entry ${expected} cannot be read`)
    const { entry, fault } = read
    if (entry.sequence !== expected) return misplaced(entry, expected)
    if (fault !== undefined) return edited(`entry ${expected}: ${fault}`)
    check.ledger ??= entry.ledger
    if (entry.ledger !== check.ledger) {
      return { at: expected, kind: 'insertion', text: `entry ${expected} is of another log` }
    }
    if (entry.previous !== last) return unchained(entry)
    appendLeaf(peaks, Buffer.from(entry.hash, 'hex'))
    last = entry.hash
    check.entries = expected
    if (sizes.has(expected)) check.roots.set(expected, rootOfPeaks(peaks))
    return undefined
  }

  const check: EntriesCheck = {
    entries: 0,
    ledger: undefined,
    roots: new Map([[0, rootOfPeaks([])]]),
    take: (line) => {
      if (doubt !== undefined) return doubt.decide(readEntry(line)?.entry)
      const judged = judge(line)
      if (judged === undefined || 'kind' in judged) return judged
      doubt = judged
      return undefined
    },
    end: () => doubt?.decide(undefined),
  }
  return check
}
