/**
 * Checks an exported log or a stored database, in a program of its own as on the command line: nothing
 * is warm, and nobody else's memory counts.
 */
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { checkDatabase } from '../../src/tools/fsck-check.ts'
import { verifyFile } from '../../src/tools/verify-log.ts'
import { answerParent } from './child.ts'

export type CheckQuestion = { kind: 'export' | 'database'; path: string }

/** `cpuMs` is of all threads, without the start of the program. */
export type CheckAnswer = { entries: number; ms: number; cpuMs: number; peakMb: number }

async function check({ kind, path }: CheckQuestion): Promise<number> {
  if (kind === 'export') {
    const verdict = await verifyFile({ path, kept: [], verifiers: [] })
    if (verdict.kind === 'good') return verdict.entries
    throw new Error(JSON.stringify(verdict.problem))
  }
  const db = new DatabaseSync(path, { readOnly: true })
  const { entries, findings } = checkDatabase(db, Date.now())
  if (findings.count > 0) throw new Error(JSON.stringify(findings.shown.slice(0, 3)))
  return entries
}

/** `resourceUsage` would count what the parent had when it started this program. */
function peakMb(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024
  } catch {
    return Number.NaN
  }
}

answerParent<CheckQuestion, CheckAnswer>(async (question) => {
  const started = performance.now()
  const before = process.cpuUsage()
  const entries = await check(question)
  const { user, system } = process.cpuUsage(before)
  return {
    entries,
    ms: performance.now() - started,
    cpuMs: (user + system) / 1_000,
    peakMb: peakMb(),
  }
})
