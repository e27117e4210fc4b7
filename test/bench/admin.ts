/**
 * Admin writes of one organisation over HTTP, with its API key: 1, 8 and 64 writers, each giving its
 * own flags new values. Every write is a change with its audit entry, its event and its publish.
 */
import { join } from 'node:path'
import { readD1Migrations } from '@cloudflare/vitest-plugin'
import type { WritersAnswer, WritersQuestion } from './admin-load.ts'
import { type Child, startChild } from './child.ts'
import { pinning } from './cores.ts'
import { figure, printTable } from './report.ts'
import type { ServerAnswer, ServerQuestion } from './server.ts'
import { median, quantile } from './statistics.ts'
import { burgeeWorker } from './workers.ts'

const counts = [1, 8, 64]
const flagsEach = 2
const rounds = 5
const roundMs = 2_000
const warmUpMs = 2_000
/** What 64 writers are to reach together. */
const bar = 200

type Load = Child<WritersQuestion, WritersAnswer>
type Server = Child<ServerQuestion, ServerAnswer>
type Flags = { headers: Record<string, string>; writers: string[][] }

async function startBurgee(server: Server): Promise<string> {
  const worker = await burgeeWorker()
  const answer = await server.ask({ kind: 'run', workers: [worker] })
  if (answer === null || !('urls' in answer)) throw new Error('the server gave no address')
  for (const { queries } of await readD1Migrations(join(import.meta.dirname, '../../migrations'))) {
    const statements = queries
    await server.ask({ kind: 'execute', worker: worker.name, database: 'DB', statements })
  }
  return `${answer.urls[worker.name]}/api/v1`
}

/** An organisation with a key, and one environment with flags for as many writers as there can be. */
async function createFlags(origin: string): Promise<Flags> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' }
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const init = body && { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(`${origin}/${path}`, { headers, ...init })
    if (!response.ok) throw new Error(`${path} answered ${await response.text()}`)
    return (await response.json()) as T
  }
  const person = { email: 'bench@example.com', password: 'correct horse battery' }
  const { key: token } = await call<{ key: string }>('auth/users/', {
    ...person,
    first_name: 'Bench',
    last_name: 'Mark',
  })
  headers.Authorization = `Token ${token}`
  const { id: organisation } = await call<{ id: number }>('organisations/', { name: 'Bench' })
  const { key } = await call<{ key: string }>(`organisations/${organisation}/master-api-keys/`, {
    name: 'writers',
  })
  headers.Authorization = `Api-Key ${key}`
  const { id: project } = await call<{ id: number }>('projects/', { name: 'Shop', organisation })
  const environment = await call<{ api_key: string }>('environments/', { name: 'Live', project })
  const count = flagsEach * Math.max(...counts)
  for (let flag = 0; flag < count; flag++) {
    await call(`projects/${project}/features/`, { name: `flag_${flag}` })
  }
  const states = `environments/${environment.api_key}/featurestates/`
  const { results } = await call<{ results: { id: number }[] }>(`${states}?page_size=999`)
  if (results.length !== count) throw new Error(`${results.length} flags, not ${count}`)
  const urls = results.map(({ id }) => `${origin}/${states}${id}/`)
  const writers = Array.from({ length: Math.max(...counts) }, (_, writer) =>
    urls.slice(writer * flagsEach, (writer + 1) * flagsEach),
  )
  return { headers, writers }
}

type Round = { perSecond: number; perCoreSecond: number; cores: number }
type Measured = { rounds: Round[]; latencies: number[] }

async function cpuMs(server: Server): Promise<number> {
  const answer = await server.ask({ kind: 'cpu' })
  return answer !== null && 'cpuMs' in answer ? (answer.cpuMs ?? Number.NaN) : Number.NaN
}

async function measureWriters(
  { server, load }: { server: Server; load: Load },
  { headers, writers }: Flags,
  count: number,
): Promise<Measured> {
  const ask = (ms: number) => load.ask({ headers, writers: writers.slice(0, count), ms })
  await ask(warmUpMs)
  const measured: Measured = { rounds: [], latencies: [] }
  for (let round = 0; round < rounds; round++) {
    const before = await cpuMs(server)
    const { perSecond, latencies } = await ask(roundMs)
    const used = ((await cpuMs(server)) - before) / 1_000
    const perCoreSecond = latencies.length / used
    measured.rounds.push({ perSecond, perCoreSecond, cores: perSecond / perCoreSecond })
    measured.latencies.push(...latencies)
  }
  return measured
}

function rowOf(count: number, { rounds, latencies }: Measured): string[] {
  const series = (name: keyof Round) => rounds.map((round) => round[name])
  const perSecond = series('perSecond')
  return [
    String(count),
    figure(median(perSecond)),
    `${figure(Math.min(...perSecond))}..${figure(Math.max(...perSecond))}`,
    figure(median(series('perCoreSecond'))),
    figure(median(series('cores'))),
    figure(quantile(latencies, 0.5)),
    figure(quantile(latencies, 0.95)),
  ]
}

const header = [
  'writers',
  'writes/s',
  '(min..max)',
  'of a full core',
  'cores had',
  'p50 ms',
  'p95 ms',
]

export async function benchAdmin(): Promise<void> {
  const server: Server = startChild('server', 'server.ts')
  const load: Load = startChild('load', 'admin-load.ts')
  try {
    const flags = await createFlags(await startBurgee(server))
    const all: Measured[] = []
    for (const count of counts) all.push(await measureWriters({ server, load }, flags, count))
    const rows = all.map((measured, index) => rowOf(counts[index] ?? 0, measured))
    printTable('PUT featurestates, one organisation, its API key', [header, ...rows])
    const last = all.at(-1)?.rounds ?? []
    const reached = median(last.map((round) => round.perSecond))
    console.log(`
  One workerd, ${pinning}. Medians of ${rounds} rounds of a closed loop.
  ${counts.at(-1)} writers: ${figure(reached)}/s, to reach ${bar}: ${reached >= bar ? 'reached' : 'NOT reached'}.`)
  } finally {
    await Promise.all([server.stop(), load.stop()])
  }
}
