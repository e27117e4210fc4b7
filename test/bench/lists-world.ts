/** Projects to list: made through the API, filled with features by SQL. */
import { join } from 'node:path'
import { readD1Migrations } from '@cloudflare/vitest-plugin'
import { crowdSql } from '../support/crowd.ts'
import type { Child } from './child.ts'
import type { ServerAnswer, ServerQuestion } from './server.ts'
import { burgeeWorker } from './workers.ts'

export const environmentsEach = 20

export type ListWorld = {
  /** With `/api/v1`. */
  origin: string
  headers: Record<string, string>
  organisation: number
  execute: (statements: string[]) => Promise<unknown>
}

async function call<T>(world: ListWorld, path: string, body: object): Promise<T> {
  const response = await fetch(`${world.origin}/${path}`, {
    method: 'POST',
    headers: { ...world.headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path} answered ${await response.text()}`)
  return (await response.json()) as T
}

/** An empty server with one organisation and its API key. */
export async function startWorld(
  server: Child<ServerQuestion, ServerAnswer>,
  options: { delivers?: boolean } = {},
): Promise<ListWorld> {
  const { name, ...worker } = await burgeeWorker(options)
  const answer = await server.ask({ kind: 'run', workers: [{ name, ...worker }] })
  if (answer === null || !('urls' in answer)) throw new Error('the server gave no address')
  const execute = (statements: string[]) =>
    server.ask({ kind: 'execute', worker: name, database: 'DB', statements })
  for (const { queries } of await readD1Migrations(join(import.meta.dirname, '../../migrations'))) {
    await execute(queries)
  }
  const world: ListWorld = {
    origin: `${answer.urls[name]}/api/v1`,
    headers: {},
    organisation: 0,
    execute,
  }
  const person = { email: 'bench@example.com', password: 'correct horse battery' }
  const names = { first_name: 'Bench', last_name: 'Mark' }
  const { key: token } = await call<{ key: string }>(world, 'auth/users/', { ...person, ...names })
  world.headers.Authorization = `Token ${token}`
  world.organisation = (await call<{ id: number }>(world, 'organisations/', { name: 'Bench' })).id
  const keys = `organisations/${world.organisation}/master-api-keys/`
  const { key } = await call<{ key: string }>(world, keys, { name: 'lists' })
  world.headers.Authorization = `Api-Key ${key}`
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
