/**
 * The folder that keeps what one local server knows: its data, its secret, its demo account, its log.
 * Readable by its owner only. Refuses a folder that holds anything of someone else's.
 */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The facts of `demo.json`, as scripts read them. */
export type Demo = {
  url: string
  email: string
  password: string
  token: string
  organisation_id: number
  organisation_api_key: string
  project_id: number
  environments: { name: string; id: number; client_key: string; server_key: string }[]
}

/**
 * What must be known before, or can be seen only once: kept from the first moment, so that a start
 * that was interrupted finds its own account and key again.
 */
export type Account = { email: string; password: string; organisation_api_key: string | null }

/** Which processes hold the folder, and where they answer. */
export type Running = { pid: number; wrangler_pid: number; url: string }

export const randomBase64 = (bytes: number): string =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes))))

export type StateFolder = ReturnType<typeof folderAt>

/** Whole or not at all: a reader never sees half a file, whatever is killed when. */
function writePrivately(file: string, text: string): void {
  const draft = `${file}.draft`
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, file)
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function jsonFile<T>(file: string) {
  return {
    read(): T | null {
      const text = textOf(file)
      return text === null ? null : (JSON.parse(text) as T)
    },
    write: (value: T): void => writePrivately(file, `${JSON.stringify(value, null, 2)}\n`),
    remove: (): void => rmSync(file, { force: true }),
  }
}

function folderAt(path: string) {
  return {
    path,
    /** Wrangler's `--persist-to`: D1, KV, Durable Objects and queues. */
    data: join(path, 'state'),
    /** Wrangler's own settings and caches, kept out of the user's home. */
    settings: join(path, 'wrangler'),
    secretFile: join(path, 'server.env'),
    demoFile: join(path, 'demo.json'),
    logFile: join(path, 'server.log'),
    account: jsonFile<Account>(join(path, 'account.json')),
    demo: jsonFile<Demo>(join(path, 'demo.json')),
    running: jsonFile<Running>(join(path, 'running.json')),
  }
}

const marker = 'server.env'

/** Step by step: asked for all of them at once, Node spins for ever where a parent takes no folder. */
function makeFolder(path: string): void {
  const present = statSync(path, { throwIfNoEntry: false })
  if (present?.isDirectory()) return
  if (present !== undefined) throw new Error(`${path} is a file, not a folder.`)
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

/** Null when the folder cannot be taken without mixing Burgee's files into another's. */
export function openStateFolder(path: string): StateFolder | null {
  const folder = folderAt(resolve(path))
  makeFolder(folder.path)
  const files = readdirSync(folder.path)
  if (files.length > 0 && !files.includes(marker)) return null
  chmodSync(folder.path, 0o700)
  if (!files.includes(marker)) {
    writePrivately(folder.secretFile, `BURGEE_SECRET=${randomBase64(32)}\n`)
  }
  return folder
}

const keptLog = 10_000_000

/** A log that only grows would fill the disk in the end; one generation back is enough. */
export function turnLog(folder: StateFolder): void {
  const size = statSync(folder.logFile, { throwIfNoEntry: false })?.size ?? 0
  if (size > keptLog) renameSync(folder.logFile, `${folder.logFile}.1`)
}

export function lastLines(file: string, count: number): string {
  return (textOf(file) ?? '').trimEnd().split('\n').slice(-count).join('\n')
}
