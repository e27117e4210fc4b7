/**
 * One `wrangler dev` from migrations to readiness to its end, with the minute tick that wrangler
 * does not give itself. Prints nothing and seeds nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { mailArguments } from './mail-config.ts'
import type { StateFolder } from './state-folder.ts'
import { exitOf, localEnv, spawnWrangler, sweepGroup } from './wrangler.ts'

export type DevServer = {
  url: string
  wranglerPid: number
  /** The exit code of wrangler, which ends by itself only when something is wrong. */
  exited: Promise<number | null>
  stop(): Promise<void>
}

/** `more`: what wrangler is told first, where a test runs the Worker from an entry of its own, without mail. */
type DevOptions = { port: number; commit: string; more?: string[] }

const cronMs = 60_000
const readyMs = 60_000
const graceMs = 5_000

const runOf = (folder: StateFolder) => ({ env: localEnv(folder.settings), logFile: folder.logFile })

export async function applyMigrations(folder: StateFolder, quit: AbortSignal): Promise<boolean> {
  const args = ['d1', 'migrations', 'apply', 'DB', '--local', '--persist-to', folder.data]
  const child = spawnWrangler(args, runOf(folder))
  const end = () => sweepGroup(child)
  quit.addEventListener('abort', end)
  const code = await exitOf(child)
  quit.removeEventListener('abort', end)
  return code === 0
}

function devArguments(folder: StateFolder, { port, commit, more }: DevOptions): string[] {
  const named = {
    ip: '127.0.0.1',
    port,
    // Wrangler's default is one fixed port, which a second server could not have.
    'inspector-port': 0,
    'persist-to': folder.data,
    'env-file': folder.secretFile,
    // Lines of the log sink are of this level, and of no other.
    'log-level': 'log',
    'show-interactive-dev-session': false,
  }
  const { AUDIT_LOG_SINK = 'false', AUDIT_LOG_SINK_EVENTS = '*:*' } = process.env
  const { MAIL_FROM = 'burgee@example.com' } = process.env
  const vars = {
    ALLOW_PRIVATE_WEBHOOKS: 'true',
    AUDIT_LOG_SINK,
    AUDIT_LOG_SINK_EVENTS,
    MAIL_FROM,
    COMMIT: commit,
  }
  return [
    'dev',
    ...(more ?? mailArguments(folder.path)),
    ...Object.entries(named).map(([name, value]) => `--${name}=${value}`),
    ...Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
  ]
}

export async function startDevServer(folder: StateFolder, options: DevOptions): Promise<DevServer> {
  const child = spawnWrangler(devArguments(folder, options), runOf(folder))
  const exited = exitOf(child).finally(() => sweepGroup(child))
  const url = `http://127.0.0.1:${options.port}`
  return {
    url,
    wranglerPid: child.pid ?? 0,
    exited,
    async stop() {
      child.kill('SIGTERM')
      const late = sleep(graceMs, 'late', { ref: false })
      if ((await Promise.race([exited, late])) === 'late') sweepGroup(child)
      await exited
    },
  }
}

async function answers(url: string, quit: AbortSignal): Promise<boolean> {
  try {
    const signal = AbortSignal.any([quit, AbortSignal.timeout(5_000)])
    const response = await fetch(url, { signal })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** False when wrangler ended first, when it takes too long, or when the user wants no more of it. */
export async function becomesReady(server: DevServer, quit: AbortSignal): Promise<boolean> {
  let over = false
  server.exited.then(() => {
    over = true
  })
  const until = Date.now() + readyMs
  while (!over && !quit.aborted && Date.now() < until) {
    if (await answers(`${server.url}/health/readiness`, quit)) return true
    await sleep(100)
  }
  return false
}

/** Cron triggers never fire in `wrangler dev`: this does. At once too, for what a crash left undone. */
export function keepTime(server: DevServer, quit: AbortSignal): void {
  const tick = () => answers(`${server.url}/cdn-cgi/local/scheduled`, quit)
  tick()
  setInterval(tick, cronMs).unref()
}
