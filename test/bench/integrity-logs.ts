/** Logs that a server keeps in a folder of its own: made once, and opened by as many servers as it takes. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Child, startChild } from './child.ts'
import { type ListWorld, openServer, startWorld } from './lists-world.ts'
import { growLog, type LogLine } from './long-log.ts'
import { workInProject } from './ordinary.ts'
import type { ServerAnswer, ServerQuestion } from './server.ts'
import { commitWorker } from './workers.ts'

export type Server = Child<ServerQuestion, ServerAnswer>
export type Place = Awaited<ReturnType<typeof workInProject>>
/** A log, the folder that a server keeps it in, and what was really done before it was made long. */
export type Logged = {
  size: number
  folder: string
  world: ListWorld
  place: Place
  lines: LogLine[]
}

export async function cpuMs(server: Server): Promise<number> {
  const answer = await server.ask({ kind: 'cpu' })
  return answer !== null && 'cpuMs' in answer ? (answer.cpuMs ?? Number.NaN) : Number.NaN
}

/** Below the organisation's audit log. */
export const paths = { 'log export': 'export/log/', 'ndjson export': 'export/?format=ndjson' }

export async function openExport(world: ListWorld, path: string): Promise<Response> {
  const url = `${world.origin}/organisations/${world.organisation}/audit/${path}`
  // The server closes the connection of a long response: the next request must not meet it half-closed.
  const response = await fetch(url, { headers: { ...world.headers, Connection: 'close' } })
  if (!response.ok) throw new Error(`${path} answered ${await response.text()}`)
  return response
}

const readLines = async (world: ListWorld): Promise<LogLine[]> =>
  (await (await openExport(world, paths['log export'])).text())
    .split('\n')
    .filter((line) => line.startsWith('{"sequence"'))
    .map((line) => JSON.parse(line) as LogLine)

export async function databaseIn(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true })
  for (const file of files.filter((name) => /D1DatabaseObject.*\.sqlite$/.test(name))) {
    const path = join(folder, file)
    const db = new DatabaseSync(path, { readOnly: true })
    const found = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'entries'").get()
    db.close()
    if (found !== undefined) return path
  }
  throw new Error(`${folder} holds no database`)
}

export async function makeLog(size: number, folder: string): Promise<Logged> {
  const server: Server = startChild('server', 'server.ts')
  try {
    const world = await startWorld(server, { persist: folder })
    const place = await workInProject(world)
    const lines = await readLines(world)
    for await (const statements of growLog(lines, size)) await world.execute(statements)
    return { size, folder, world, place, lines }
  } finally {
    await server.stop()
  }
}

/** What a deployed isolate may have. */
const heapMb = 128

/** A new server, which has done nothing yet. */
export async function withServer<T>(
  { folder, world }: Logged,
  work: (opened: ListWorld, server: Server) => Promise<T>,
): Promise<T> {
  const server: Server = startChild('server', 'server.ts')
  try {
    const beside = [await commitWorker()]
    const opened = await openServer(server, { persist: folder, beside, heapMb })
    return await work({ ...world, ...opened }, server)
  } finally {
    await server.stop()
  }
}
