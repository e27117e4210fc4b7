/** Logs for the verifier's tests, made and signed in memory; and every way to falsify them. */
import { createHash } from 'node:crypto'
import type { JsonObject } from '../../src/domain/write.ts'
import { canonicalJson, noHash } from '../../src/ledger/chain.ts'
import {
  type Note,
  parseCheckpoint,
  parseVerifierKey,
  type Signer,
  signCheckpoint,
  type Verifier,
  verifierKey,
} from '../../src/ledger/note.ts'
import { signerOf } from '../../src/ledger/signing-key.ts'
import { appendLeaf, type Peaks, rootOfPeaks } from '../../src/ledger/tree.ts'
import { checkLog, type Verdict } from '../../src/tools/log-check.ts'

export type Line = { sequence: number; hash: string; record: string; personal?: string }

export const origin = 'burgee/audit/5f0c2b7e/organisation:7'

export const hashOf = (record: string) => createHash('sha256').update(`\0${record}`).digest('hex')

export const lineOf = (sequence: number, previous: string, more: JsonObject = {}): Line => {
  const record = canonicalJson({
    v: 1,
    ledger: 'organisation:7',
    sequence,
    time: new Date(1_700_000_000_000 + sequence).toISOString(),
    actor: { kind: 'user', id: '1', name: 'alice@example.com' },
    before: { enabled: false, share: 12.5, text: 'grün "quoted"' },
    // Keys that look like numbers: JavaScript has an order of its own for them.
    after: sequence % 50 === 0 ? { 10: 'ten', 9: 'nine' } : { enabled: true },
    ...more,
    previous,
  })
  return { sequence, hash: hashOf(record), record }
}

/** Entries that follow `lines`, up to `size` of them. */
export function grown(lines: Line[], size: number, more: JsonObject = {}): Line[] {
  const all = [...lines]
  while (all.length < size) {
    all.push(lineOf(all.length + 1, all.at(-1)?.hash ?? noHash, more))
  }
  return all
}

export const signer = await signerOf('the secret', origin)
export const thief = await signerOf('another secret', origin)

export function rootOver(lines: Line[]): Uint8Array {
  const peaks: Peaks = []
  for (const { hash } of lines) appendLeaf(peaks, Buffer.from(hash, 'hex'))
  return rootOfPeaks(peaks)
}

export const noteOver = (lines: Line[], by: Signer = signer): Promise<string> =>
  signCheckpoint(by, { origin, size: lines.length, root: rootOver(lines) })

/** The entry about a pruning of the first so many entries, behind all others. */
export const tombstoneOver = (lines: Line[], through: number): Line =>
  lineOf(lines.length + 1, lines.at(-1)?.hash ?? noHash, {
    action: 'audit.pruned',
    after: {
      through,
      root: Buffer.from(rootOver(lines.slice(0, through))).toString('hex'),
      days: 400,
    },
  })

export const prunedLine = (pruned: { from: number; to: number; hashes: string }): string =>
  JSON.stringify({ pruned })

/** The log as it is exported when its first entries are pruned. */
export function pruned(lines: Line[], through: number): (Line | string)[] {
  const tiles: string[] = []
  for (let from = 1; from <= through; from += 256) {
    const tile = lines.slice(from - 1, from + 255)
    tiles.push(prunedLine({ from, to: from + 255, hashes: tile.map(({ hash }) => hash).join('') }))
  }
  return [...tiles, ...lines.slice(through)]
}

export const read = (note: string): Note => {
  const parsed = parseCheckpoint(note)
  if (parsed === undefined) throw new Error('no checkpoint')
  return parsed
}

export const keyOf = (by: Signer): Verifier => {
  const verifier = parseVerifierKey(verifierKey(by))
  if (verifier === undefined) throw new Error('no key')
  return verifier
}

export const lastLine = (note: string | null, by: Signer = signer) =>
  JSON.stringify({ checkpoint: note, key: verifierKey(by) })

type Told = {
  /** The last line; null: there is none. */
  last: string | null
  kept?: string[]
  keys?: Verifier[]
}

const texts = new WeakMap<Line, string>()

function textOf(line: Line): string {
  const text = texts.get(line) ?? JSON.stringify(line)
  texts.set(line, text)
  return text
}

/** As the file would be: entries, then the last line. */
export async function check(lines: (Line | string)[], told: Told): Promise<Verdict> {
  const { last, kept = [], keys = [keyOf(signer)] } = told
  const file = lines.map((line) => (typeof line === 'string' ? line : textOf(line)))
  if (last !== null) file.push(last)
  const notes = kept.map((note) => {
    const parsed = read(note)
    return { name: `the checkpoint of ${parsed.checkpoint.size}`, note: parsed }
  })
  const checking = checkLog({ kept: notes, verifiers: keys }, file.at(-1) ?? '')
  file.every(checking.take)
  return checking.end()
}

/** `good`, or what is wrong first: `edit 17`. */
export const inShort = (verdict: Verdict): string =>
  verdict.kind === 'good' ? 'good' : `${verdict.problem.kind} ${verdict.problem.at}`
