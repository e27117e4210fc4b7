/**
 * The audit log over HTTP, with the organisation's API key: each filter by itself, one request after
 * the other, at a growing log; and its export. Beside the times stands the server's processor time for a
 * request, which neighbours on a shared machine cannot spoil. `BENCH_LARGE=1` goes on to a million entries.
 */
import { crowdedLogSql } from '../support/audit-log.ts'
import { type Child, startChild } from './child.ts'
import { pinning } from './cores.ts'
import { call, type ListWorld, startWorld } from './lists-world.ts'
import { figure, printTable } from './report.ts'
import type { ServerAnswer, ServerQuestion } from './server.ts'
import { quantile } from './statistics.ts'

const sizes = [1_000, 100_000, ...(process.env.BENCH_LARGE ? [1_000_000] : [])]
const warmUps = 5
const requests = 40
/** As many entries as one statement writes. */
const chunk = 10_000

const since = Date.UTC(2024, 0, 1)
const minute = 60_000
const at = (entry: number) => new Date(since + entry * minute).toISOString()

/** What is asked, by the entries that there are; of each filter something in the middle. */
const native: Record<string, (entries: number) => string> = {
  'no filter': () => '',
  'oldest first': () => 'order=asc',
  from: (entries) => `from=${at(entries / 2)}&order=asc`,
  to: (entries) => `to=${at(entries / 2)}`,
  actor: () => 'actor=7',
  actor_kind: () => 'actor_kind=system',
  'action, exact': () => 'action=segment.deleted',
  'action, noun:*': () => 'action=feature*:*',
  'action, *:verb': () => 'action=*:updated',
  'event (Flipt)': () => 'event=flag:*&format=flipt',
  resource_type: () => 'resource_type=SEGMENT',
  resource_id: () => 'resource_id=42',
  flag: () => 'flag=42',
  environment: () => 'environment=3',
  project: () => 'project=PROJECT',
  'outcome=denied': () => 'outcome=denied',
  'outcome=ok': () => 'outcome=ok',
  request_id: (entries) => `request_id=request-${entries / 2}`,
  change: (entries) => `change=change-${entries / 4}`,
  'q, frequent': () => 'q=THING_42',
  'q, in no entry': () => 'q=nothing+like+it',
  'four at once': () => 'actor=7&environment=3&action=*:updated&q=thing',
}

const original: Record<string, string> = {
  'project, page of 100': 'projects/PROJECT/audit/?page_size=100',
  'organisation, page of 100': 'organisations/ORGANISATION/audit/?page_size=100',
  'project, environments': 'projects/PROJECT/audit/?page_size=100&environments=3&environments=4',
  'project, system events': 'projects/PROJECT/audit/?page_size=100&is_system_event=true',
  'project, search': 'projects/PROJECT/audit/?page_size=100&search=THING_42',
  'project, search in vain': 'projects/PROJECT/audit/?page_size=100&search=nothing+like+it',
}

type Bench = { world: ListWorld; server: Child<ServerQuestion, ServerAnswer> }

async function cpuMs({ server }: Bench): Promise<number> {
  const answer = await server.ask({ kind: 'cpu' })
  return answer !== null && 'cpuMs' in answer ? (answer.cpuMs ?? Number.NaN) : Number.NaN
}

async function timed(bench: Bench, path: string): Promise<string[]> {
  const { world } = bench
  const latencies: number[] = []
  let before = 0
  for (let request = 0; request < warmUps + requests; request++) {
    if (request === warmUps) before = await cpuMs(bench)
    const started = performance.now()
    const response = await fetch(`${world.origin}/${path}`, { headers: world.headers })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`${path} answered ${response.status}`)
    if (request >= warmUps) latencies.push(performance.now() - started)
  }
  const used = (await cpuMs(bench)) - before
  return [...[0.5, 0.95].map((share) => quantile(latencies, share)), used / requests].map(figure)
}

async function timeExport(bench: Bench, format: string): Promise<string[]> {
  const { world } = bench
  // The server closes the connection of a long response; the next request must not meet it half-closed.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const before = await cpuMs(bench)
  const path = `organisations/${world.organisation}/audit/export/?format=${format}`
  const started = performance.now()
  const response = await fetch(`${world.origin}/${path}`, { headers: world.headers })
  let bytes = 0
  for await (const piece of response.body ?? []) bytes += piece.length
  const seconds = (performance.now() - started) / 1_000
  const used = ((await cpuMs(bench)) - before) / 1_000
  const entries = Number(response.headers.get('X-Audit-End'))
  return [entries / seconds, bytes / 1e6 / seconds, bytes / 1e6 / used, bytes / entries].map(figure)
}

async function grow(world: ListWorld, projectId: number, log: { from: number; to: number }) {
  for (let entry = log.from; entry < log.to; entry += chunk) {
    const crowd = {
      organisationId: world.organisation,
      projectId,
      entries: Math.min(chunk, log.to - entry),
      first: entry + 1,
      since: since + entry * minute,
    }
    await world.execute([crowdedLogSql(crowd)])
  }
}

async function headOf(world: ListWorld): Promise<number> {
  const path = `organisations/${world.organisation}/audit/entries/?limit=1`
  const response = await fetch(`${world.origin}/${path}`, { headers: world.headers })
  const { results } = (await response.json()) as { results: { sequence: number }[] }
  return results[0]?.sequence ?? 0
}

export async function benchAudit(): Promise<void> {
  const server = startChild<ServerQuestion, ServerAnswer>('server', 'server.ts')
  try {
    const world = await startWorld(server)
    const bench = { world, server }
    const body = { name: 'Audited', organisation: world.organisation }
    const { id: project } = await call<{ id: number }>(world, 'projects/', body)
    const placed = (path: string) =>
      path.replace('PROJECT', String(project)).replace('ORGANISATION', String(world.organisation))
    const entriesPath = `organisations/${world.organisation}/audit/entries/?`
    const heads = ['', 'p50 ms', 'p95 ms', 'CPU ms']
    let from = await headOf(world)
    for (const size of sizes) {
      await grow(world, project, { from, to: size })
      from = size
      const rows: string[][] = [heads]
      for (const [name, query] of Object.entries(native)) {
        rows.push([name, ...(await timed(bench, entriesPath + placed(query(size))))])
      }
      for (const [name, path] of Object.entries(original)) {
        rows.push([`original: ${name}`, ...(await timed(bench, placed(path)))])
      }
      printTable(`${figure(size)} entries: pages of 100`, rows)
      const exports: string[][] = [['', 'entries/s', 'MB/s', 'MB per CPU second', 'bytes each']]
      for (const format of ['ndjson', 'csv', 'json', 'flipt']) {
        exports.push([format, ...(await timeExport(bench, format))])
      }
      printTable(`${figure(size)} entries: export`, exports)
    }
    console.log(`
  One workerd, ${pinning}. ${requests} requests each, one at a time.`)
  } finally {
    await server.stop()
  }
}
