/**
 * A real server for tests that speak HTTP: started by the start tool itself, in a folder and on a
 * port of its own. It stops as a user stops it, or dies as a machine dies.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Demo, Running } from '../../src/tools/state-folder.ts'

export const root = join(import.meta.dirname, '../..')

export type StartOptions = {
  /** A folder to go on with; without it, a new one. */
  persistTo?: string
  port?: number
}

export type StartTool = {
  pid: number
  /** What it has printed so far. */
  output(): string
  /** Its exit code; null when a signal ended it. */
  exited: Promise<number | null>
  /** As Ctrl-C does. */
  stop(): Promise<number | null>
  /** SIGKILL for all of it at once, the runtime included. */
  kill(): Promise<void>
}

export type TestServer = Omit<StartTool, 'exited'> & {
  url: string
  demo: Demo
  persistTo: string
  logFile: string
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'burgee-test-'))

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

export function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    return null
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

const alive = new Set<() => void>()
// A test run that dies must not leave servers behind.
process.once('exit', () => {
  for (const end of alive) end()
})

function collect(child: ChildProcess): () => string {
  let text = ''
  const add = (part: Buffer) => {
    text += part.toString()
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return () => text
}

/** The tool with any arguments, right or wrong. `persistTo` tells where to find what it started. */
export function runStartTool(args: string[], persistTo?: string): StartTool {
  const child = spawn(process.execPath, ['src/tools/start.ts', ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid ?? 0
  const killAll = () => {
    const running = persistTo && readJson<Running>(join(persistTo, 'running.json'))
    killGroup(pid)
    if (running && running.pid === pid) killGroup(running.wrangler_pid)
  }
  alive.add(killAll)
  const exited = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      alive.delete(killAll)
      resolve(code)
    }),
  )
  return {
    pid,
    output: collect(child),
    exited,
    stop() {
      child.kill('SIGINT')
      return exited
    },
    async kill() {
      killAll()
      await exited
    },
  }
}

const readyMs = 90_000

export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const persistTo = options.persistTo ?? temporaryFolder()
  const port = options.port ?? (await freePort())
  const args = ['--port', String(port), '--persist-to', persistTo]
  const tool = runStartTool(args, persistTo)
  let ended = false
  tool.exited.then(() => {
    ended = true
  })
  const until = Date.now() + readyMs
  // The block is printed after demo.json has been written.
  while (!tool.output().includes('Ctrl-C')) {
    if (ended || Date.now() > until) {
      await tool.kill()
      throw new Error(`The server did not start:\n${tool.output()}`)
    }
    await sleep(50)
  }
  const demo = readJson<Demo>(join(persistTo, 'demo.json'))
  if (demo === null) throw new Error('The server started without a demo.json.')
  return { ...tool, url: demo.url, demo, persistTo, logFile: join(persistTo, 'server.log') }
}
