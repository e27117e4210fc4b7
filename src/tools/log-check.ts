/**
 * Checks a whole export, line by line: what is pruned and every entry, then the last line and the
 * checkpoints, then what was said about the pruning.
 */
import { type Note, parseCheckpoint, type Verifier } from '../ledger/note.ts'
import { checkCheckpoints, type Held, trustOf } from './log-checkpoints.ts'
import { checkEntries, type EntriesCheck, type Problem } from './log-entries.ts'
import { checkTombstones } from './log-tombstones.ts'

export type Given = {
  /** Checkpoints that the auditor has kept. */
  kept: { name: string; note: Note }[]
  verifiers: Verifier[]
}

export type Verdict =
  | { kind: 'good'; entries: number; lines: string[] }
  | { kind: 'bad'; entries: number; problem: Problem }

/** What the log was allowed to lose. */
const goneLines = ({ pruned, erased }: EntriesCheck): string[] => [
  ...(pruned === 0
    ? []
    : [`pruned: ${pruned} entries, whose hashes are the ones that were signed`]),
  ...(erased === 0 ? [] : [`erased: personal data of ${erased} entries`]),
]

type Last = { checkpoint: string | null; key: string }

/** The line behind the last entry; undefined for every other. */
function readLast(line: string): Last | undefined {
  if (!line.startsWith('{"checkpoint":')) return undefined
  try {
    const last = JSON.parse(line) as Partial<Last>
    return { checkpoint: last.checkpoint ?? null, key: String(last.key) }
  } catch {
    return undefined
  }
}

const truncated = (entries: number, text: string): Verdict => ({
  kind: 'bad',
  entries,
  problem: { at: entries + 1, kind: 'truncation', text },
})

export type LogCheck = {
  /** Takes the next line; whether it wants more: behind the first problem it does not. */
  take: (line: string) => boolean
  end: () => Promise<Verdict>
}

/** The last line is asked for first: it says at which sizes roots will be wanted. */
export function checkLog({ kept, verifiers }: Given, lastLine: string): LogCheck {
  const last = readLast(lastLine)
  const own = parseCheckpoint(last?.checkpoint ?? '')
  const notes = [...kept.map(({ note }) => note), ...(own === undefined ? [] : [own])]
  const check = checkEntries(new Set(notes.map(({ checkpoint }) => checkpoint.size)))
  let problem: Problem | undefined
  let isOver = false

  const take = (line: string): boolean => {
    isOver ||= last !== undefined && line === lastLine
    problem = isOver ? check.end() : check.take(line)
    return problem === undefined && !isOver
  }

  const end = async (): Promise<Verdict> => {
    problem ??= check.end()
    const { entries } = check
    if (problem !== undefined) return { kind: 'bad', entries, problem }
    if (last === undefined) return truncated(entries, 'the export broke off: it has no last line')
    if (own === undefined) return truncated(entries, 'the export ends without a checkpoint')
    const held: Held[] = [
      ...kept.map((one) => ({ ...one, isOfExport: false })),
      { name: 'the checkpoint of the export', note: own, isOfExport: true },
    ]
    const judged = await checkCheckpoints(check, held, trustOf(verifiers, last.key))
    problem = judged.problem ?? checkTombstones(check)
    return problem === undefined
      ? { kind: 'good', entries, lines: [...(judged.lines ?? []), ...goneLines(check)] }
      : { kind: 'bad', entries, problem }
  }

  return { take, end }
}
