/**
 * Checks an exported log in a program of its own as on the command line: nothing
 * is warm, and nobody else's memory counts.
 */
import { readFileSync } from 'node:fs'
import { verifyFile } from '../../src/tools/verify-log.ts'
import { answerParent } from './child.ts'

export type CheckQuestion = { kind: 'export'; path: string }

/** `cpuMs` is of all threads, without the start of the program. */
export type CheckAnswer = { entries: number; ms: number; cpuMs: number; peakMb: number }

async function check({ path }: CheckQuestion): Promise<number> {
  const verdict = await verifyFile({ path, kept: [], verifiers: [] })
  if (verdict.kind === 'good') return verdict.entries
  throw new Error(JSON.stringify(verdict.problem))
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
