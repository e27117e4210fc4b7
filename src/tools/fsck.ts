/**
 * `npm run fsck`: whether a database is what its audit log says. Exit code 0: it is; 1: it is not, and
 * every difference is named; 2: there is nothing to check, or a mistake in the command line. Changes
 * nothing.
 */
import { parseArgs } from 'node:util'
import { checkDatabase, type Verdict } from './fsck-check.ts'
import { NoSource, openSource, type Source } from './fsck-source.ts'

export const usage = `Usage: npm run fsck -- [--persist-to DIR | --file FILE | --remote]

  --persist-to DIR  the folder of a local server, which may be running (default .burgee)
  --file FILE       a SQLite file, or what wrangler d1 export has written
  --remote          the deployed database, by way of wrangler d1 export
  --help            this text`

type Mistake = { mistake: string }

/** The help that was asked for has no mistake in it. */
export function readSource(args: string[]): Source | Mistake | 'help' {
  try {
    const { values } = parseArgs({
      args,
      options: {
        'persist-to': { type: 'string' },
        file: { type: 'string' },
        remote: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) return 'help'
    const { 'persist-to': folder, file, remote } = values
    const named = [folder, file, remote].filter((value) => value !== undefined)
    if (named.length > 1) return { mistake: 'Name one database.' }
    if (file !== undefined) return { kind: 'file', path: file }
    return remote === true ? { kind: 'remote' } : { kind: 'local', folder: folder ?? '.burgee' }
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) }
  }
}

export function report({ findings, entries, ledgers, lines }: Verdict, seconds: number): string {
  const rate = Math.round(entries / Math.max(seconds, 0.001))
  const counts = `${entries} entries in ${ledgers} ledgers (${rate} entries/s)`
  if (findings.count === 0) return [`GOOD: ${counts}`, ...lines].join('\n')
  const { shown, count } = findings
  return [
    `BAD: ${count} findings in ${counts}`,
    ...shown.map(({ place, text }) => `  ${place}: ${text}`),
    ...(count > shown.length ? [`  and ${count - shown.length} more`] : []),
    ...lines,
  ].join('\n')
}

async function check(source: Source): Promise<number> {
  const { db, name, close } = await openSource(source)
  try {
    console.log(`Checking ${name}`)
    const started = performance.now()
    // Whatever a running server writes meanwhile: one moment is checked.
    db.exec('BEGIN')
    const verdict = checkDatabase(db, Date.now())
    console.log(report(verdict, (performance.now() - started) / 1000))
    return verdict.findings.count === 0 ? 0 : 1
  } finally {
    close()
  }
}

async function main(): Promise<number> {
  const source = readSource(process.argv.slice(2))
  if (source === 'help') {
    console.log(usage)
    return 0
  }
  if ('mistake' in source) {
    console.error(`${source.mistake}\n\n${usage}`)
    return 2
  }
  try {
    return await check(source)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const old = /no such (table|column)/.test(text)
    console.error(old ? `${text}: the database is of another version of Burgee.` : text)
    return error instanceof NoSource || old ? 2 : Promise.reject(error)
  }
}

if (import.meta.main) process.exitCode = await main()
