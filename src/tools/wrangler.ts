/**
 * Runs wrangler as a child process of its own group. Knows how to call it, what to keep out of its
 * environment and how to end all of it; knows nothing of what it is asked to do.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** The program behind wrangler's own launcher, which does not pass signals on to it. */
const program = createRequire(import.meta.url).resolve('wrangler')
const leash = join(import.meta.dirname, 'leash.ts')

const quiet = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
}

/** Variables of the user's shell that wrangler would take for the Worker's own. */
const ours = [
  'BURGEE_SECRET',
  'ALLOW_PRIVATE_WEBHOOKS',
  'AUDIT_RETENTION_FLOOR_DAYS',
  'AUDIT_LOG_SINK',
  'AUDIT_LOG_SINK_EVENTS',
  'MAIL_FROM',
  'COMMIT',
]

function without(names: RegExp): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !names.test(name) && !ours.includes(name),
  )
  return Object.fromEntries(kept)
}

/**
 * Local runs touch no account and no home folder. The explorer would show all data to any caller,
 * and the trace store would write down every request for good.
 */
export const localEnv = (settings: string): NodeJS.ProcessEnv => ({
  ...without(/^(CLOUDFLARE|CF|WRANGLER|MINIFLARE)_/),
  ...quiet,
  X_LOCAL_EXPLORER: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
  XDG_CONFIG_HOME: settings,
})

export const remoteEnv = (): NodeJS.ProcessEnv => ({ ...without(/^$/), ...quiet })

export type Run = { env: NodeJS.ProcessEnv; logFile: string }

/** Output goes to the file itself, not through this process, and so survives its end. */
export function spawnWrangler(args: string[], { env, logFile }: Run): ChildProcess {
  const log = openSync(logFile, 'a', 0o600)
  const nodeArgs = ['--no-warnings', '--import', leash, program]
  const child = spawn(process.execPath, [...nodeArgs, ...args], {
    cwd: root,
    env: { ...env, BURGEE_LEASH: String(process.pid) },
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  return child
}

export type Finished = { code: number | null; stdout: string; stderr: string }

/** In the foreground and without a terminal to ask on. What is shown is not captured. */
export async function runWrangler(
  args: string[],
  { env, show }: { env: NodeJS.ProcessEnv; show: boolean },
): Promise<Finished> {
  const output = show ? 'inherit' : 'pipe'
  const child = spawn(process.execPath, ['--no-warnings', program, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', output, output],
  })
  const finished = { code: null as number | null, stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    finished.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    finished.stderr += text
  })
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { ...finished, code: child.exitCode }
}

/** The exit code, or null for a death by signal. */
export const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })

/** Ends what wrangler may have left behind. A group that is empty already is what we want. */
export function sweepGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // No such group any more.
  }
}
