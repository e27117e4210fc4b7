/**
 * `npm start`: the whole server on this machine, with a demo organisation, until Ctrl-C. Needs no
 * network and no Cloudflare account, and leaves no process behind.
 */
import { startBlock } from './block.ts'
import { commitOf } from './commit.ts'
import {
  applyMigrations,
  becomesReady,
  type DevServer,
  keepTime,
  startDevServer,
} from './dev-server.ts'
import { type StartOptions, startOptions } from './options.ts'
import { availablePort } from './ports.ts'
import { quitSignal } from './quit.ts'
import { seed } from './seed.ts'
import { lastLines, openStateFolder, type StateFolder, turnLog } from './state-folder.ts'

/** What the user can do something about: shown as it is, without a stack. */
const fail = (text: string): 1 => {
  console.error(`\n${text}\n`)
  return 1
}

const failWithLog = (text: string, folder: StateFolder): 1 =>
  fail(`${text} The last lines of ${folder.logFile}:\n\n${lastLines(folder.logFile, 25)}`)

/** Two servers on one set of SQLite files would corrupt them. The URL tells a reused process id. */
async function isInUse(folder: StateFolder): Promise<string | null> {
  const running = folder.running.read()
  if (running === null) return null
  try {
    process.kill(running.pid, 0)
    await fetch(`${running.url}/health`, { signal: AbortSignal.timeout(2_000) })
    return running.url
  } catch {
    return null
  }
}

const portTaken = (port: number) => `Port ${port} is taken by another program. Choose another port:

  npm start -- --port ${port + 1 > 65_535 ? 0 : port + 1}

A second server also wants a folder of its own: add --persist-to DIR.`

/** Null when the user wants no more of it; else the exit code, once the server has ended. */
async function serve(
  server: DevServer,
  folder: StateFolder,
  quit: AbortSignal,
): Promise<number | null> {
  if (!(await becomesReady(server, quit))) {
    return quit.aborted ? null : failWithLog('The server did not become ready.', folder)
  }
  keepTime(server, quit)
  const demo = await seed({ url: server.url, folder, signal: quit })
  folder.demo.write(demo)
  console.log(startBlock(demo, { demo: folder.demoFile, log: folder.logFile }))
  await Promise.race([
    server.exited,
    new Promise((resolve) => quit.addEventListener('abort', resolve)),
  ])
  return quit.aborted ? null : failWithLog('The server ended by itself.', folder)
}

async function run(options: StartOptions, quit: AbortSignal): Promise<number | null> {
  let folder: StateFolder | null
  try {
    folder = openStateFolder(options.persistTo)
  } catch (error) {
    return fail(`${options.persistTo} cannot be used: ${(error as Error).message}
Choose a folder that can be written to:

  npm start -- --persist-to DIR`)
  }
  if (folder === null) {
    return fail(`${options.persistTo} holds other files. Choose an empty folder, or a new one:

  npm start -- --persist-to DIR`)
  }
  const url = await isInUse(folder)
  if (url !== null) {
    return fail(`A server already runs from ${folder.path}, at ${url}. Choose another folder:

  npm start -- --port 0 --persist-to DIR`)
  }
  const port = await availablePort(options.port)
  if (port === null) return fail(portTaken(options.port))
  turnLog(folder)
  console.log(`Starting Burgee on http://127.0.0.1:${port} with the data in ${folder.path} ...`)
  if (!(await applyMigrations(folder, quit))) {
    return quit.aborted ? null : failWithLog('The migrations could not be applied.', folder)
  }
  if (quit.aborted) return null
  const server = await startDevServer(folder, { port, commit: await commitOf() })
  folder.running.write({ pid: process.pid, wrangler_pid: server.wranglerPid, url: server.url })
  try {
    return await serve(server, folder, quit)
  } finally {
    await server.stop()
    folder.running.remove()
  }
}

async function main(args: string[]): Promise<number> {
  const options = startOptions(args)
  if ('refused' in options) {
    console[options.code === 0 ? 'log' : 'error'](options.refused)
    return options.code
  }
  // Everything written from here on, by wrangler and its runtime too, is the owner's alone.
  process.umask(0o077)
  const quit = quitSignal()
  try {
    return (await run(options, quit)) ?? 0
  } catch (error) {
    return quit.aborted ? 0 : fail(error instanceof Error ? error.message : String(error))
  }
}

process.exit(await main(process.argv.slice(2)))
