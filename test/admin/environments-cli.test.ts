/** The environment calls of the CLI (contract admin-api §A.2.3), in the order a person makes them. */
import { beforeAll, expect, it, vi } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'

vi.setConfig({ testTimeout: 20_000 })

type Environment = {
  id: number
  name: string
  api_key: string
  project: number
  description: string | null
  use_v2_feature_versioning: boolean
}

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

/** As the CLI asks: with an organisation's key, and a body only where there is one. */
const cli = <T>(method: string, path: string, body?: object) =>
  done(world.api<T>(method, path, body, world.keyAuth))

it('makes, lists, shows, changes, clones, reads and deletes an environment', async () => {
  const project = place.project.id
  const made = await cli<Environment>('POST', 'environments/', { name: 'Staging', project })
  const list = `environments/?project=${project}&page_size=999`
  const { results } = await cli<{ results: Environment[]; next: null }>('GET', list)
  expect(results.map(({ name }) => name)).toEqual(['Production', 'Staging'])
  expect(results[1]).toMatchObject({
    id: made.id,
    api_key: made.api_key,
    project,
    description: null,
    use_v2_feature_versioning: false,
  })

  const path = `environments/${made.api_key}/`
  const description = 'Before production'
  await cli('PATCH', path, { description, hide_disabled_flags: true })
  expect(await cli('GET', path)).toMatchObject({ description, hide_disabled_flags: true })

  const clone = await cli<Environment>('POST', `${path}clone/`, { name: 'Canary' })
  expect(clone).toMatchObject({ name: 'Canary', project, description })
  const document = await cli('GET', `environments/${clone.api_key}/document/`)
  expect(document).toMatchObject({ id: clone.id, api_key: clone.api_key, name: 'Canary' })

  for (const key of [made.api_key, clone.api_key]) {
    const answer = await world.api('DELETE', `environments/${key}/`, undefined, world.keyAuth)
    expect(answer).toMatchObject({ status: 204, body: null })
  }
  const rest = await cli<{ results: Environment[] }>('GET', list)
  expect(rest.results.map(({ name }) => name)).toEqual(['Production'])
})

it('makes, lists and deletes server-side keys', async () => {
  type Key = { id: number; key: string; name: string; active: boolean; expires_at: string | null }
  const path = `environments/${place.environment.api_key}/api-keys/`
  const body = { name: 'backend', expires_at: '2999-01-01T00:00:00Z', active: true }
  const made = await cli<Key>('POST', path, body)
  expect(made.key).toMatch(/^ser\./)
  expect(await cli<Key[]>('GET', `${path}?page_size=999`)).toEqual([made])
  const answer = await world.api('DELETE', `${path}${made.id}/`, undefined, world.keyAuth)
  expect(answer.status).toBe(204)
  expect(await cli<Key[]>('GET', path)).toEqual([])
})
