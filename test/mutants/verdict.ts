/**
 * Runs test files in a copy of the tree and says whether they noticed. A test that breaks because the code
 * cannot even be loaded has noticed nothing.
 */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

/** What is read of vitest's JSON report. */
type TestFile = {
  name: string
  message: string
  assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
}

export type Verdict =
  | { kind: 'passed' }
  | { kind: 'failed'; test: string; reason: string }
  /** Failed without any test of it having said that behaviour differs. */
  | { kind: 'broke'; reason: string }

/** Longer than all files take to pass on a busy machine. */
const limitMs = 20 * 60_000

const isSaid = (message: string) => /^(AssertionError|Error: Test timed out)/.test(message)
const isUnloadable = (message: string) => /^(Syntax|Reference)Error/.test(message)

function judge(files: TestFile[], copy: string): Verdict {
  for (const { name, assertionResults } of files) {
    const isLoaded = assertionResults.some(({ status }) => status === 'passed')
    for (const { fullName, failureMessages } of assertionResults) {
      const [message] = failureMessages
      if (message === undefined) continue
      if (isSaid(message) || (isLoaded && !isUnloadable(message))) {
        const test = `${relative(copy, name)}: ${fullName}`
        return { kind: 'failed', test, reason: message }
      }
    }
  }
  const messages = files.flatMap(({ message, assertionResults }) => [
    message,
    ...assertionResults.flatMap(({ failureMessages }) => failureMessages),
  ])
  return { kind: 'broke', reason: messages.find((message) => message !== '') ?? 'no report' }
}

const vitest = 'node_modules/vitest/vitest.mjs'

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

/** Ends with the first test that fails. */
export async function runTests(copy: string, tests: string[], quit: AbortSignal): Promise<Verdict> {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const options = ['--bail=1', '--reporter=json', `--outputFile=${report}`]
  const child = spawn(process.execPath, [join(copy, vitest), 'run', ...tests, ...options], {
    cwd: copy,
    stdio: 'ignore',
    // A group of its own, so that workerd ends with it.
    detached: true,
  })
  const end = () => killGroup(child.pid)
  const limit = AbortSignal.any([quit, AbortSignal.timeout(limitMs)])
  limit.addEventListener('abort', end)
  const code = await new Promise((resolve) => child.once('close', resolve))
  limit.removeEventListener('abort', end)
  if (code === 0) return { kind: 'passed' }
  if (limit.aborted) return { kind: 'broke', reason: 'did not come to an end' }
  try {
    return judge(JSON.parse(readFileSync(report, 'utf8')).testResults, copy)
  } catch {
    return { kind: 'broke', reason: 'vitest wrote no report' }
  }
}
