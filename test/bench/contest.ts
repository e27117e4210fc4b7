/**
 * An HTTP contest: one request, answered by Burgee and by an opponent that answers the same bytes,
 * both in one workerd. Answers are compared before anything is timed.
 */
import { join } from 'node:path'
import { readD1Migrations } from '@cloudflare/vitest-plugin'
import { startChild } from './child.ts'
import type { LoadAnswer, LoadQuestion, Target } from './generator.ts'
import { type Machine, measure, type Results, type Side, sides } from './measure.ts'
import type { ServerAnswer, ServerQuestion, WorkerSpec } from './server.ts'
import { burgeeWorker, constantWorker, type Effort } from './workers.ts'

export type ContestRequest = {
  method: 'GET' | 'POST' | 'PUT'
  path: string
  headers: Record<string, string>
  body?: string
  /** Other bodies to take turns with the first; their answers are as long as its answer. */
  otherBodies?: string[]
}

export type Put = (namespace: string, entries: [key: string, value: string][]) => Promise<void>

/** What a benchmark makes its world with; the database has its tables already. */
export type World = {
  put: Put
  execute: (database: string, statements: string[]) => Promise<void>
  /** Where Burgee answers, for a world that is made through its own API. */
  origin: string
}

export type Contest = {
  request: ContestRequest
  effort: Effort
  /** Brings the world into being in which the request is answered. */
  seed: (world: World) => Promise<void>
  /** Throws when the answer is not the one that the benchmark is about. */
  check: (answer: string) => void
}

const migrations = join(import.meta.dirname, '../../migrations')

type Answer = { body: string; headers: [string, string][] }

/** Headers that the runtime writes itself. */
const transport = ['content-length', 'transfer-encoding', 'content-encoding', 'date']

async function fetchAnswer(origin: string, request: ContestRequest): Promise<Answer> {
  const { path, otherBodies: _, ...init } = request
  const response = await fetch(origin + path, init)
  const body = await response.text()
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${body}`)
  return { body, headers: [...response.headers].filter(([name]) => !transport.includes(name)) }
}

function targetOf(origin: string, request: ContestRequest, bodyBytes: number): Target {
  const { hostname, port, host } = new URL(origin)
  const requests = [request.body ?? '', ...(request.otherBodies ?? [])].map((body) => {
    const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    const headers = { Host: host, ...length, ...request.headers }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return `${request.method} ${request.path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
  })
  return { host: hostname, port: Number(port), requests, bodyBytes }
}

async function run({ server }: Machine, workers: WorkerSpec[]): Promise<Record<Side, string>> {
  const answer = await server({ kind: 'run', workers })
  if (answer === null || !('urls' in answer)) throw new Error('the server gave no addresses')
  return answer.urls as Record<Side, string>
}

async function createWorld({ server }: Machine, worker: string, origin: string): Promise<World> {
  const execute = async (database: string, statements: string[]) => {
    await server({ kind: 'execute', worker, database, statements })
  }
  const put: Put = async (namespace, entries) => {
    await server({ kind: 'put', worker, namespace, entries })
  }
  for (const { queries } of await readD1Migrations(migrations)) await execute('DB', queries)
  return { put, execute, origin }
}

/** Starts both, and answers where to load them once they answer the same. */
async function prepare(machine: Machine, contest: Contest): Promise<Record<Side, Target>> {
  const { request, effort } = contest
  const burgee = await burgeeWorker()
  const alone = await run(machine, [burgee])
  await contest.seed(await createWorld(machine, burgee.name, alone.burgee))
  const answer = await fetchAnswer(alone.burgee, request)
  contest.check(answer.body)
  const both = await run(machine, [burgee, constantWorker('constant', effort, answer)])
  const answers = await Promise.all(sides.map((side) => fetchAnswer(both[side], request)))
  if (new Set([answer, ...answers].map((one) => JSON.stringify(one))).size !== 1) {
    throw new Error('the two do not answer the same bytes')
  }
  const bytes = Buffer.byteLength(answer.body)
  return {
    burgee: targetOf(both.burgee, request, bytes),
    constant: targetOf(both.constant, request, bytes),
  }
}

export async function holdContest(contest: Contest): Promise<Results & { bodyBytes: number }> {
  const server = startChild<ServerQuestion, ServerAnswer>('server', 'server.ts')
  const load = startChild<LoadQuestion, LoadAnswer>('load', 'generator.ts')
  try {
    const machine = { server: server.ask, load: load.ask }
    const targets = await prepare(machine, contest)
    return { ...(await measure(machine, targets)), bodyBytes: targets.burgee.bodyBytes }
  } finally {
    await Promise.all([server.stop(), load.stop()])
  }
}
