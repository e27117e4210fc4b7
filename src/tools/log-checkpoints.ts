/**
 * Holds the entries of an export against signed checkpoints: those that an auditor has kept, and the one
 * at the export's end.
 */
import {
  type Note,
  parseVerifierKey,
  type Verifier,
  verifierKey,
  verifyNote,
} from '../ledger/note.ts'
import { sameHash } from '../ledger/tree.ts'
import type { EntriesCheck, Problem } from './log-entries.ts'

/** `name`: where it comes from, for people. */
export type Held = { name: string; note: Note; isOfExport: boolean }

/** The keys that are trusted, and whether it was the auditor who named them. */
export type Trust = { verifiers: Verifier[]; isNamed: boolean }

/** Without a key of the auditor's own, the export's is taken: it shows no forger, only carelessness. */
export function trustOf(named: Verifier[], exported: string | undefined): Trust {
  if (named.length > 0) return { verifiers: named, isNamed: true }
  const verifier = parseVerifierKey(exported ?? '')
  return { verifiers: verifier === undefined ? [] : [verifier], isNamed: false }
}

/** `lines` are for people. */
export type Judged = { problem: Problem | undefined; lines?: string[] }

const sizeOf = ({ note }: Held): number => note.checkpoint.size

const badSignature = (held: Held, text: string): Problem => ({
  at: sizeOf(held),
  kind: 'signature',
  text: `${held.name} ${text}`,
})

/** `good` is how many entries an earlier checkpoint has vouched for. */
function judgeTree(held: Held, check: EntriesCheck, good: number): Problem | undefined {
  const { size, root, origin } = held.note.checkpoint
  const { name } = held
  if (check.ledger !== undefined && !origin.endsWith(`/${check.ledger}`)) {
    return { at: 1, kind: 'fork', text: `${name} is of another log: ${origin}` }
  }
  if (size > check.entries) {
    const text = `${name} is of ${size} entries and there are ${check.entries}`
    return { at: check.entries + 1, kind: 'truncation', text }
  }
  const present = check.roots.get(size)
  if (present === undefined || !sameHash(present, root)) {
    const which = good + 1 === size ? `entry ${size}` : `one of the entries ${good + 1} to ${size}`
    return { at: good + 1, kind: 'fork', text: `${which} is not what ${name} was signed over` }
  }
  if (held.isOfExport && size < check.entries) {
    const text = `there are entries behind those that ${name} was signed over`
    return { at: size + 1, kind: 'insertion', text }
  }
  return undefined
}

/**
 * The smallest tree first, so that the first place where the log leaves it is named. A signature that is
 * forged makes its checkpoint worthless; one with a key that nobody has named is told only when the
 * entries are right, because a log that was signed anew tells more by what it has changed.
 */
export async function checkCheckpoints(
  check: EntriesCheck,
  all: Held[],
  trust: Trust,
): Promise<Judged> {
  const sorted = all.toSorted((a, b) => sizeOf(a) - sizeOf(b))
  const unknown: Problem[] = []
  for (const held of sorted) {
    const verdict = await verifyNote(held.note, trust.verifiers)
    if (verdict === 'forged') return { problem: badSignature(held, 'has a forged signature') }
    if (verdict === 'unknown-key') {
      unknown.push(badSignature(held, 'is not signed with a key that is known: see --key'))
    }
  }
  let good = 0
  for (const held of sorted) {
    const problem = judgeTree(held, check, good)
    if (problem !== undefined) return { problem }
    good = sizeOf(held)
  }
  const [problem] = unknown
  return { problem, lines: [...sorted.map(lineOf), ...keyLines(trust)] }
}

const lineOf = (held: Held) => `${held.name}: ${sizeOf(held)} entries, root and signature are good`

const keyLines = ({ verifiers, isNamed }: Trust): string[] =>
  verifiers.map((verifier) =>
    isNamed
      ? `key: ${verifierKey(verifier)}`
      : `key, as the export says (compare it with the one you noted): ${verifierKey(verifier)}`,
  )
