/**
 * `npm test`: the checks and every test there is, then one line with the sum. A check that fails
 * counts as a failed test, and so does a test file that could not run at all.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { root } from './wrangler.ts'

export type Sum = { passed: number; failed: number }

/** What is read of vitest's JSON report. */
export type Report = {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

/** A file that fails while none of its tests does broke before or after them. */
export function sumOf(report: Report): Sum {
  const broken = report.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length }
}

export const add = (a: Sum, b: Sum): Sum => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
})

/** The programs of this checkout, and its Node, whatever else is on the PATH. */
const programs = join(root, 'node_modules/.bin')

function run(name: string, args: string[]): Promise<boolean> {
  const child = spawn(join(programs, name), args, {
    cwd: root,
    env: { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH ?? ''}` },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve) => {
    child.once('error', () => resolve(false))
    child.once('close', (code) => resolve(code === 0))
  })
}

async function check(name: string, args: string[]): Promise<Sum> {
  return { passed: 0, failed: (await run(name, args)) ? 0 : 1 }
}

async function vitest(args: string[]): Promise<Sum> {
  const folder = mkdtempSync(join(tmpdir(), 'burgee-report-'))
  const file = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const succeeded = await run('vitest', ['run', ...args, ...reporters])
    const sum = sumOf(JSON.parse(readFileSync(file, 'utf8')) as Report)
    // An error outside every test fails the run without failing any of them.
    return !succeeded && sum.failed === 0 ? { ...sum, failed: 1 } : sum
  } catch {
    return { passed: 0, failed: 1 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const steps = [
  () => check('biome', ['check', '.']),
  () => check('tsc', ['--noEmit']),
  () => vitest(['--project', 'unit', '--project', 'workerd*']),
  // One after the other: each starts servers of its own, and some watch the clock.
  () => vitest(['--project', 'e2e', '--no-file-parallelism']),
]

if (import.meta.main) {
  let sum: Sum = { passed: 0, failed: 0 }
  for (const step of steps) sum = add(sum, await step())
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`)
  process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1)
}
