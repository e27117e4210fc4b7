/**
 * Opens the database that is to be checked, always to read only: the local server's, which may be
 * running, a SQLite file, a `.sql` export, or the export of the deployed one.
 */
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { remoteEnv, runWrangler } from './wrangler.ts'

export type Source =
  | { kind: 'local'; folder: string }
  | { kind: 'file'; path: string }
  | { kind: 'remote' }

export type Opened = { db: DatabaseSync; name: string; close: () => void }

/** What the user can do something about. */
export class NoSource extends Error {}

const readOnly = (path: string): DatabaseSync => new DatabaseSync(path, { readOnly: true })

const hasEntries = (db: DatabaseSync): boolean =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'entries'").get() !== undefined

/** Of the files that the local runtime keeps, the one with a log in it. */
function openLocal(folder: string): Opened {
  const state = join(resolve(folder), 'state')
  const files = existsSync(state) ? readdirSync(state, { recursive: true, encoding: 'utf8' }) : []
  for (const file of files.filter((name) => /D1DatabaseObject.*\.sqlite$/.test(name))) {
    const path = join(state, file)
    const db = readOnly(path)
    if (hasEntries(db)) return { db, name: path, close: () => db.close() }
    db.close()
  }
  throw new NoSource(`${folder} holds no data of a local server. Start one first: npm start`)
}

function isSqlite(path: string): boolean {
  const bytes = Buffer.alloc(15)
  const file = openSync(path, 'r')
  readSync(file, bytes)
  closeSync(file)
  return bytes.toString() === 'SQLite format 3'
}

/** A quoted text, a comment or the end of a statement, whichever comes next. */
const token = /'[^']*'?|"[^"]*"?|`[^`]*`?|--[^\n]*\n?|;/g
const isOpenTrigger = (text: string) =>
  /^\s*CREATE\s+TRIGGER\b/i.test(text) && !/\bEND\s*;$/i.test(text)

/** The complete statements at the beginning of a text, and what is left of it. */
export function splitSql(text: string): { statements: string[]; rest: string } {
  const statements: string[] = []
  let from = 0
  for (const match of text.matchAll(token)) {
    if (match[0] !== ';') continue
    const statement = text.slice(from, match.index + 1)
    if (isOpenTrigger(statement)) continue
    statements.push(statement)
    from = match.index + 1
  }
  return { statements, rest: text.slice(from) }
}

/** Statement by statement: an export may be larger than memory. */
async function load(dump: string, path: string): Promise<void> {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  try {
    db.exec('BEGIN')
    let rest = ''
    for await (const piece of createReadStream(dump, {
      encoding: 'utf8',
      highWaterMark: 1 << 20,
    })) {
      const split = splitSql(rest + piece)
      rest = split.rest
      for (const statement of split.statements) db.exec(statement)
    }
    if (rest.trim() !== '') db.exec(rest)
    db.exec('COMMIT')
  } catch (error) {
    throw new NoSource(`${dump} is no SQLite file and no export: ${String(error)}`)
  } finally {
    db.close()
  }
}

/** A folder of the owner's alone, which is gone afterwards: an export holds everything. */
const temporary = () => mkdtempSync(join(tmpdir(), 'burgee-fsck-'))

async function openDump(dump: string, folder: string): Promise<Opened> {
  const path = join(folder, 'export.sqlite')
  await load(dump, path)
  const db = readOnly(path)
  const close = () => {
    db.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { db, name: dump, close }
}

async function openRemote(folder: string): Promise<Opened> {
  const dump = join(folder, 'export.sql')
  const args = ['d1', 'export', 'DB', '--remote', '--skip-confirmation', '--output', dump]
  const { code } = await runWrangler(args, { env: remoteEnv(), show: true })
  if (code !== 0) throw new NoSource('The deployed database could not be exported: see above.')
  return openDump(dump, folder)
}

export async function openSource(source: Source): Promise<Opened> {
  if (source.kind === 'local') return openLocal(source.folder)
  if (source.kind === 'file') {
    const { path } = source
    if (!existsSync(path)) throw new NoSource(`${path} does not exist.`)
    if (isSqlite(path)) {
      const db = readOnly(path)
      return { db, name: path, close: () => db.close() }
    }
  }
  const folder = temporary()
  try {
    return await (source.kind === 'remote' ? openRemote(folder) : openDump(source.path, folder))
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}
