/**
 * `npm run verify-log -- EXPORT`: checks an export of the audit log without any server. Exit code 0:
 * it is what was written and signed; 1: it is not, and the first wrong entry is named; 2: a mistake in
 * the command line.
 */
import { closeSync, createReadStream, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Note, parseCheckpoint, parseVerifierKey } from '../ledger/note.ts'
import { checkLog, type Given, type Verdict } from './log-check.ts'

export const usage = `Usage: npm run verify-log -- EXPORT [--checkpoint FILE]… [--key KEY]…

  EXPORT             what GET …/audit/export/log/ has answered
  --checkpoint FILE  a checkpoint that was kept from before (GET …/audit/checkpoint/)
  --key KEY          the log's verifier key (GET …/audit/key/), noted before
  --help             this text`

export type Mistake = { mistake: string }

type Options = Given & { path: string }

function readNote(file: string): { name: string; note: Note } | Mistake {
  try {
    const note = parseCheckpoint(readFileSync(file, 'utf8'))
    return note === undefined ? { mistake: `${file} is no checkpoint` } : { name: file, note }
  } catch (error) {
    return { mistake: String(error) }
  }
}

/** The help that was asked for has no mistake in it. */
export function readOptions(args: string[]): Options | Mistake | 'help' {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        checkpoint: { type: 'string', multiple: true, default: [] },
        key: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) return 'help'
    const [path, ...more] = positionals
    if (path === undefined || more.length > 0) return { mistake: 'Name one export.' }
    const notes = values.checkpoint.map(readNote)
    const keys = values.key.map(
      (key) => parseVerifierKey(key.trim()) ?? { mistake: `'${key}' is no verifier key` },
    )
    const mistake = [...notes, ...keys].find((one) => 'mistake' in one)
    if (mistake !== undefined) return mistake
    return {
      path,
      kept: notes.flatMap((one) => ('mistake' in one ? [] : [one])),
      verifiers: keys.flatMap((one) => ('mistake' in one ? [] : [one])),
    }
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) }
  }
}

/** More than the last line of an export ever has. */
const tailBytes = 10_000

function lastLineOf(path: string): string {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const bytes = Buffer.alloc(Math.min(size, tailBytes))
    readSync(file, bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString().trimEnd().split('\n').at(-1) ?? ''
  } finally {
    closeSync(file)
  }
}

/** The file is read piece by piece: it may be larger than memory. */
async function* linesOf(path: string): AsyncGenerator<string[]> {
  let rest = Buffer.alloc(0)
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = Buffer.concat([rest, piece])
    const lines: string[] = []
    let from = 0
    for (let to = bytes.indexOf(10); to !== -1; to = bytes.indexOf(10, from)) {
      lines.push(bytes.toString('utf8', from, to))
      from = to + 1
    }
    rest = bytes.subarray(from)
    yield lines
  }
  const last = rest.toString()
  // Half a line is where the export broke off: what is missing then is its end.
  if (last.endsWith('}')) yield [last]
}

export async function verifyFile({ path, ...given }: Options): Promise<Verdict> {
  const check = checkLog(given, lastLineOf(path))
  for await (const lines of linesOf(path)) if (!lines.every(check.take)) break
  return check.end()
}

export function report(verdict: Verdict, seconds: number): string {
  if (verdict.kind === 'bad') {
    const { at, kind, text } = verdict.problem
    return `BAD at entry ${at} (${kind}): ${text}\n${verdict.entries} entries before it follow each other.`
  }
  const rate = Math.round(verdict.entries / Math.max(seconds, 0.001))
  return [`GOOD: ${verdict.entries} entries (${rate} entries/s)`, ...verdict.lines].join('\n')
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(usage)
    return 0
  }
  if ('mistake' in options) {
    console.error(`${options.mistake}\n\n${usage}`)
    return 2
  }
  const started = performance.now()
  try {
    const verdict = await verifyFile(options)
    console.log(report(verdict, (performance.now() - started) / 1000))
    return verdict.kind === 'good' ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 2
  }
}

if (import.meta.main) process.exitCode = await main()
