/**
 * The list of a project's features over HTTP, with the organisation's API key: without an
 * environment, and with one, as `flag list` asks for it. One request after the other.
 */
import { startChild } from './child.ts'
import { pinning } from './cores.ts'
import { addCrowdedProject, environmentsEach, type ListWorld, startWorld } from './lists-world.ts'
import { figure, printTable } from './report.ts'
import type { ServerAnswer, ServerQuestion } from './server.ts'
import { quantile } from './statistics.ts'

const sizes = [10, 100, 1_000]
const warmUps = 10
const requests = 100

type Timing = { p50: number; p95: number; bytes: number }

async function timeList(world: ListWorld, path: string, rows: number): Promise<Timing> {
  const latencies: number[] = []
  let bytes = 0
  for (let request = 0; request < warmUps + requests; request++) {
    const since = performance.now()
    const response = await fetch(`${world.origin}/${path}`, { headers: world.headers })
    const text = await response.text()
    if (request >= warmUps) latencies.push(performance.now() - since)
    if (request > 0) continue
    const page = JSON.parse(text) as { count: number; results: object[] }
    if (page.count !== rows || page.results.length !== Math.min(rows, 999)) {
      throw new Error(`${path} answered ${response.status} with ${page.results?.length} rows`)
    }
    bytes = Buffer.byteLength(text)
  }
  return { p50: quantile(latencies, 0.5), p95: quantile(latencies, 0.95), bytes }
}

export async function benchLists(): Promise<void> {
  const server = startChild<ServerQuestion, ServerAnswer>('server', 'server.ts')
  try {
    const world = await startWorld(server)
    const rows: string[][] = []
    for (const features of sizes) {
      const { project, environment } = await addCrowdedProject(world, features)
      const list = `projects/${project}/features/`
      for (const path of [list, `${list}?environment=${environment}`]) {
        const { p50, p95, bytes } = await timeList(world, path, features)
        const name = `${figure(features)} features${path === list ? '' : ', ?environment='}`
        rows.push([name, figure(p50), figure(p95), figure(bytes)])
      }
    }
    printTable(`GET projects/…/features/, ${environmentsEach} environments`, [
      ['', 'p50 ms', 'p95 ms', 'bytes'],
      ...rows,
    ])
    console.log(`
  One workerd, ${pinning}. ${requests} requests each, one at a time; pages of up to 999.`)
  } finally {
    await server.stop()
  }
}
