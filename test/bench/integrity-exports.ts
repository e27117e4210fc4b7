/** Exports of two logs side by side: how fast they are, and the memory that they take. */
import { cpuMs, type Logged, openExport, paths, type Server, withServer } from './integrity-logs.ts'
import type { ListWorld } from './lists-world.ts'
import { figure, printTable, spread } from './report.ts'
import type { Memory } from './server.ts'
import { median, ratio } from './statistics.ts'

const rounds = 3

async function memory(server: Server): Promise<Memory> {
  const answer = await server.ask({ kind: 'memory' })
  const told = answer !== null && 'memory' in answer ? answer.memory : null
  return told ?? { now: Number.NaN, peak: Number.NaN }
}

/** Megabytes. */
async function readAll(world: ListWorld, path: string): Promise<number> {
  let bytes = 0
  for await (const piece of (await openExport(world, path)).body ?? []) bytes += piece.length
  return bytes / 1e6
}

type Exported = { perSecond: number; perCpuSecond: number; idle: number; peak: number }

/** In a new server, which has done nothing else; so many times, one after the other. */
async function timeExport(logged: Logged, path: string, times: number): Promise<Exported> {
  return withServer(logged, async (opened, server) => {
    await readAll(opened, 'entries/?limit=1')
    const { now: idle } = await memory(server)
    const before = await cpuMs(server)
    const started = performance.now()
    let megabytes = 0
    for (let time = 0; time < times; time++) megabytes += await readAll(opened, path)
    const seconds = (performance.now() - started) / 1_000
    const used = ((await cpuMs(server)) - before) / 1_000
    const { peak } = await memory(server)
    return { perSecond: megabytes / seconds, perCpuSecond: megabytes / used, idle, peak }
  })
}

/**
 * The small log as often as it takes to export as much as of the large one: what is garbage is then the
 * same, and what is kept shows; and a heap as small as a deployed one bears it. The sizes take turns, so that what the machine does meanwhile meets both.
 */
export async function printExports(all: Logged[]): Promise<void> {
  const rows: string[][] = [['', 'MB/s', 'MB per CPU second', 'idle MB', 'peak MB']]
  const largest = Math.max(...all.map(({ size }) => size))
  for (const [name, path] of Object.entries(paths)) {
    const measured = all.map(() => [] as Exported[])
    for (let round = 0; round < rounds; round++) {
      for (const [index, logged] of all.entries()) {
        measured[index]?.push(await timeExport(logged, path, largest / logged.size))
      }
    }
    for (const [index, { size }] of all.entries()) {
      const of = (key: keyof Exported) =>
        figure(median((measured[index] ?? []).map((one) => one[key])))
      const times = largest / size
      rows.push([
        `${name}: ${figure(size)} entries${times === 1 ? '' : `, ${times} times`}`,
        ...(['perSecond', 'perCpuSecond', 'idle', 'peak'] as const).map(of),
      ])
    }
    const [small = [], large = []] = measured.map((some) => some.map(({ peak }) => peak))
    rows.push([`${name}: peak, large over small`, '', '', '', spread(ratio(large, small))])
  }
  printTable("Exports, and the runtime's memory (VmRSS, VmHWM)", rows)
}
