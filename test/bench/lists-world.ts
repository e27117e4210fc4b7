/** Projects to list: made through the API, filled with features by SQL. */
import { join } from 'node:path'
import { readD1Migrations } from '@cloudflare/vitest-plugin'
import { crowdSql } from '../support/crowd.ts'
import type { Child } from './child.ts'
import type { ServerAnswer, ServerQuestion, Sql, WorkerSpec } from './server.ts'
import { burgeeWorker } from './workers.ts'

export const environmentsEach = 20

const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

export type ListWorld = {
  /** With `/api/v1`. */
  origin: string
  /** With the organisation's key. */
  headers: Record<string, string>
  /** The same with a session, as from a browser. */
  person: Record<string, string>
  organisation: number
  execute: (statements: Sql[]) => Promise<unknown>
  /** Where the Workers beside Burgee answer, by name. */
  beside: Record<string, string>
}

type Sent = { method: string; path: string; body?: object | undefined }

export async function send<T>(
  world: Pick<ListWorld, 'origin' | 'headers'>,
  { method, path, body }: Sent,
): Promise<T> {
  const response = await fetch(`${world.origin}/${path}`, {
    method,
    headers: { ...world.headers, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path} answered ${await response.text()}`)
  return (await response.json()) as T
}

export const call = <T>(
  world: Pick<ListWorld, 'origin' | 'headers'>,
  path: string,
  body: object,
): Promise<T> => send<T>(world, { method: 'POST', path, body })

type Server = Child<ServerQuestion, ServerAnswer>
type Opened = Pick<ListWorld, 'origin' | 'execute' | 'beside'>

type Opening = { beside?: WorkerSpec[]; delivers?: boolean; persist?: string; heapMb?: number }

/** `persist`: the folder of the server's data, which may be there already. */
export async function openServer(
  server: Server,
  { beside = [], delivers = false, ...more }: Opening = {},
): Promise<Opened> {
  const worker = await burgeeWorker({ delivers })
  const answer = await server.ask({ kind: 'run', workers: [worker, ...beside], ...more })
  if (answer === null || !('urls' in answer)) throw new Error('the server gave no address')
  const execute = (statements: Sql[]) =>
    server.ask({ kind: 'execute', worker: worker.name, database: 'DB', statements })
  return { origin: `${answer.urls[worker.name]}/api/v1`, execute, beside: answer.urls }
}

/** An empty server with one organisation and its API key. */
export async function startWorld(server: Server, opening: Opening = {}): Promise<ListWorld> {
  const opened = await openServer(server, opening)
  for (const { queries } of await readD1Migrations(join(import.meta.dirname, '../../migrations'))) {
    await opened.execute(queries)
  }
  const world: ListWorld = { ...opened, headers: {}, person: {}, organisation: 0 }
  const person = { email: 'bench@example.com', password: 'correct horse battery' }
  const names = { first_name: 'Bench', last_name: 'Mark' }
  const { key: token } = await call<{ key: string }>(world, 'auth/users/', { ...person, ...names })
  world.person = { Authorization: `Token ${token}`, 'User-Agent': browser }
  const asPerson = { ...world, headers: world.person }
  const made = await call<{ id: number }>(asPerson, 'organisations/', { name: 'Bench' })
  world.organisation = made.id
  const keys = `organisations/${made.id}/master-api-keys/`
  const { key } = await call<{ key: string }>(asPerson, keys, { name: 'lists' })
  world.headers = { Authorization: `Api-Key ${key}` }
  return world
}

/** The ids of a new project with so many features, and of one of its environments. */
export async function addCrowdedProject(
  world: ListWorld,
  features: number,
): Promise<{ project: number; environment: number }> {
  const { organisation } = world
  const name = `Shop of ${features}`
  const { id: project } = await call<{ id: number }>(world, 'projects/', { name, organisation })
  const environmentIds: number[] = []
  for (let index = 0; index < environmentsEach; index++) {
    const body = { name: `Environment ${index}`, project }
    environmentIds.push((await call<{ id: number }>(world, 'environments/', body)).id)
  }
  // Each project has a range of ids of its own.
  const firstId = features * 1_000_000
  for (const sql of crowdSql({ projectId: project, environmentIds, features, firstId })) {
    await world.execute([sql])
  }
  return { project, environment: environmentIds[environmentsEach / 2] ?? 0 }
}
