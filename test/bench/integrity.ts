/**
 * What keeping and checking the audit log costs: bytes of an entry, what it adds to a write, the exports and
 * the memory they take at two sizes of the log, side by side, and checking it offline.
 * `BENCH_LARGE=1` has logs of 100,000 and a million entries.
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'
import type { CheckAnswer, CheckQuestion } from './checker.ts'
import { startChild } from './child.ts'
import { pinning } from './cores.ts'
import { measureCommits } from './integrity-commits.ts'
import { printExports } from './integrity-exports.ts'
import {
  databaseIn,
  type Logged,
  makeLog,
  openExport,
  paths,
  withServer,
} from './integrity-logs.ts'
import type { LogLine } from './long-log.ts'
import { figure, printTable } from './report.ts'
import { median, quantile } from './statistics.ts'

const sizes = process.env.BENCH_LARGE ? [100_000, 1_000_000] : [10_000, 100_000]
const checkRounds = 3

/** Of the changes that were really made. */
function printBytes(lines: LogLine[]): void {
  const byAction = new Map<string, number[]>()
  const all: number[] = []
  for (const { record, personal = '' } of lines) {
    const bytes = Buffer.byteLength(record) + Buffer.byteLength(personal)
    const { action } = JSON.parse(record) as { action: string }
    byAction.set(action, [...(byAction.get(action) ?? []), bytes])
    all.push(bytes)
  }
  const row = (name: string, bytes: number[]) => [
    name,
    ...[bytes.length, median(bytes), quantile(bytes, 0.95)].map(figure),
  ]
  const actions = [...byAction].sort(([, one], [, other]) => other.length - one.length)
  printTable('Bytes of an entry: record and personal data', [
    ['', 'entries', 'median', 'p95'],
    ...actions.slice(0, 8).map(([action, bytes]) => row(action, bytes)),
    row('all of ordinary work', all),
  ])
}

function printDisk(path: string): void {
  const db = new DatabaseSync(path, { readOnly: true })
  const { count } = db.prepare('SELECT count(*) AS count FROM entries').get() as { count: number }
  const parts = db
    .prepare(
      `SELECT name, sum(pgsize) AS bytes FROM dbstat
       WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = 'entries')
       GROUP BY name ORDER BY bytes DESC`,
    )
    .all() as { name: string; bytes: number }[]
  db.close()
  const sum = (some: typeof parts) =>
    figure(some.reduce((all, { bytes }) => all + bytes, 0) / count)
  const [rows, indexes] = [true, false].map((isTable) =>
    parts.filter(({ name }) => (name === 'entries') === isTable),
  )
  printTable(`Bytes on disk for each of ${figure(count)} entries`, [
    ['', ''],
    ['row', sum(rows ?? [])],
    [`${indexes?.length} indexes`, sum(indexes ?? [])],
    ['both', sum(parts)],
  ])
}

/** Each time a new program: as on the command line, nothing is warm. */
async function checked(question: CheckQuestion): Promise<CheckAnswer[]> {
  const answers: CheckAnswer[] = []
  for (let round = 0; round < checkRounds; round++) {
    const checker = startChild<CheckQuestion, CheckAnswer>('load', 'checker.ts')
    try {
      answers.push(await checker.ask(question))
    } finally {
      await checker.stop()
    }
  }
  return answers
}

async function printChecks(logged: Logged): Promise<void> {
  const file = join(logged.folder, 'log.ndjson')
  await withServer(logged, async (world) => {
    const { body } = await openExport(world, paths['log export'])
    if (body === null) throw new Error('the export is empty')
    await pipeline(body, createWriteStream(file))
  })
  const rows: string[][] = [['', 'entries', 'entries/s', 'of a full core', 'peak MB']]
  const questions: [string, CheckQuestion][] = [
    ['verify-log', { kind: 'export', path: file }],
    ['fsck', { kind: 'database', path: await databaseIn(logged.folder) }],
  ]
  for (const [name, question] of questions) {
    const answers = await checked(question)
    const of = (value: (answer: CheckAnswer) => number) => figure(median(answers.map(value)))
    rows.push([
      name,
      of(({ entries }) => entries),
      of(({ entries, ms }) => (entries / ms) * 1_000),
      of(({ entries, cpuMs }) => (entries / cpuMs) * 1_000),
      of(({ peakMb }) => peakMb),
    ])
  }
  printTable('Checking the log', rows)
}

export async function benchIntegrity(): Promise<void> {
  const folders = await Promise.all(sizes.map(() => mkdtemp(join(tmpdir(), 'burgee-bench-'))))
  try {
    const all: Logged[] = []
    for (const [index, folder] of folders.entries()) {
      all.push(await makeLog(sizes[index] ?? 0, folder))
    }
    printBytes(all[0]?.lines ?? [])
    await printExports(all)
    const large = all.at(-1)
    if (large === undefined) return
    printDisk(await databaseIn(large.folder))
    await printChecks(large)
    await withServer(large, (world, server) => measureCommits({ ...large, world, server }))
    console.log(`\n  Each log in a workerd of its own, ${pinning}. Medians of rounds.`)
  } finally {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
  }
}
