/**
 * A server that is started hundreds of times: one runtime from one bundle, with what `wrangler.toml` says, in the
 * folder of a server that `npm start` has made. It only ever dies by SIGKILL.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unstable_getMiniflareWorkerOptions as workerOptions } from 'wrangler'
import { lastLines, openStateFolder } from '../../src/tools/state-folder.ts'
import { localEnv, root, runWrangler } from '../../src/tools/wrangler.ts'
import type { Order, Reply, Settings } from './host.ts'

export type Site = { persistTo: string; port: number; faults: number; bundle: string }

export type ChaosServer = {
  /** What cron does every minute. It fails where the server is dying. */
  sweep(): Promise<void>
  setAhead(ms: number): Promise<void>
  /** Over when it has let go of its port, and so of its files. */
  kill(): Promise<void>
}

/** Bundled once: every start would do it anew, and whoever is killed leaves megabytes behind. */
export async function bundleEntry(folder: string): Promise<string> {
  const args = ['deploy', 'test/chaos/entry.ts', '--dry-run', '--outdir', folder]
  const env = { ...localEnv(folder), BURGEE_SECRET: 'not used' }
  const { code, stderr } = await runWrangler(args, { env, show: false })
  if (code !== 0) throw new Error(`The entry could not be bundled:\n${stderr}`)
  return folder
}

/** Everything of it at once, the runtime included. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })

const hostFile = join(import.meta.dirname, 'host.ts')

/** Starts servers of one site, one at a time. The next one's process is made while this one runs. */
export function prepareServers({ persistTo, port, faults, bundle }: Site) {
  const folder = openStateFolder(persistTo)
  if (folder === null) throw new Error(`${persistTo} holds other files`)
  const [, secret = ''] =
    /^BURGEE_SECRET=(.*)$/m.exec(readFileSync(folder.secretFile, 'utf8')) ?? []
  // The secret comes with the other variables; that it is missing is no news.
  process.env.WRANGLER_LOG = 'none'
  const settings = workerOptions(join(root, 'wrangler.toml')).workerOptions as Settings
  const data = join(folder.data, 'v3')
  const url = `http://127.0.0.1:${port}`

  function launch(): ChildProcess {
    const log = openSync(folder?.logFile ?? '', 'a', 0o600)
    const host = spawn(process.execPath, ['--no-warnings', hostFile], {
      cwd: root,
      env: localEnv(folder?.settings ?? ''),
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    })
    closeSync(log)
    return host
  }

  let spare = launch()

  return async function start(seed: number, ahead: number): Promise<ChaosServer> {
    const host = spare
    const pid = host.pid ?? 0
    const vars = {
      BURGEE_SECRET: secret,
      ALLOW_PRIVATE_WEBHOOKS: 'true',
      COMMIT: 'chaos',
      CHAOS_FAULTS: String(faults),
      CHAOS_SEED: String(seed),
      CHAOS_AHEAD: String(ahead),
    }
    host.send({ settings, vars, bundle, data, port } satisfies Order)
    const ended = once(host, 'exit').then((): Reply[] => [{ failure: 'it ended by itself' }])
    const [reply] = (await Promise.race([once(host, 'message'), ended])) as Reply[]
    if (reply?.failure !== null) {
      killGroup(pid)
      throw new Error(
        `The server did not start: ${reply?.failure}\n${lastLines(folder.logFile, 25)}`,
      )
    }
    spare = launch()
    return {
      async sweep() {
        await fetch(`${url}/cdn-cgi/local/scheduled`).catch(() => undefined)
      },
      async setAhead(ms) {
        await fetch(`${url}/chaos/ahead`, { method: 'POST', body: String(ms) })
      },
      async kill() {
        killGroup(pid)
        while (await isTaken(port)) await sleep(5)
      },
    }
  }
}

/** How many calls of the Worker failed, by what they were; those a dying server did not tell are missing. */
export function countFaults(logFile: string) {
  const kinds = new Map<string, number>()
  let [faults, calls] = [0, 0]
  for (const [, when, name, count] of readFileSync(logFile, 'utf8').matchAll(
    /"chaos\.fault","when":"(\w+)","name":"([\w.]+)","calls":(\d+)/g,
  )) {
    const kind = `${name} ${when}`
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    faults++
    calls += Number(count)
  }
  return { kinds, faults, calls }
}
