/**
 * A server that is started hundreds of times: `wrangler dev` itself with the faulty entry, bundled once, without
 * the start tool around it, which would look for migrations and for the demo every time. It only ever dies by
 * SIGKILL.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { becomesReady, startDevServer } from '../../src/tools/dev-server.ts'
import { lastLines, openStateFolder } from '../../src/tools/state-folder.ts'

import { localEnv, runWrangler } from '../../src/tools/wrangler.ts'

export type Site = {
  persistTo: string
  port: number
  faults: number
  /** The Worker's file, bundled. */
  entry: string
}

export type ChaosServer = {
  /** What cron does every minute. It fails where the server is dying. */
  sweep(): Promise<void>
  kill(): Promise<void>
}

const alive = new Set<number>()

/** Everything of it at once, the runtime included. */
function killGroup(pid: number): void {
  alive.delete(pid)
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

process.once('exit', () => {
  for (const pid of alive) killGroup(pid)
})

/** Wrangler bundles anew at every start, and whoever is killed leaves megabytes behind. */
export async function bundleEntry(folder: string): Promise<string> {
  const args = ['deploy', 'test/chaos/entry.ts', '--dry-run', '--outdir', folder]
  const env = { ...localEnv(folder), BURGEE_SECRET: 'not used' }
  const { code, stderr } = await runWrangler(args, { env, show: false })
  if (code !== 0) throw new Error(`The entry could not be bundled:\n${stderr}`)
  return join(folder, 'entry.js')
}

export async function startChaosServer(
  { persistTo, port, faults, entry }: Site,
  seed: number,
): Promise<ChaosServer> {
  const folder = openStateFolder(persistTo)
  if (folder === null) throw new Error(`${persistTo} holds other files`)
  const vars = { CHAOS_FAULTS: faults, CHAOS_SEED: seed }
  const named = Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`])
  const more = [entry, '--no-bundle', '--config', 'wrangler.toml', ...named]
  const server = await startDevServer(folder, { port, commit: 'chaos', more })
  const { url, wranglerPid, exited } = server
  alive.add(wranglerPid)
  if (!(await becomesReady(server, new AbortController().signal))) {
    killGroup(wranglerPid)
    throw new Error(`The server did not become ready:\n${lastLines(folder.logFile, 25)}`)
  }
  return {
    async sweep() {
      await fetch(`${url}/cdn-cgi/local/scheduled`).catch(() => undefined)
    },
    async kill() {
      killGroup(wranglerPid)
      await exited
    },
  }
}

/** How many calls of the Worker failed, of how many; those after the last fault of a life are unknown. */
export function countFaults(logFile: string): { faults: number; calls: number } {
  let [faults, calls] = [0, 0]
  for (const [, count] of readFileSync(logFile, 'utf8').matchAll(
    /"chaos\.fault".*"calls":(\d+)/g,
  )) {
    faults++
    calls += Number(count)
  }
  return { faults, calls }
}
