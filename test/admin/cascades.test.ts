/** Whatever goes with a thing that is deleted has an entry of its own, in the same change. */
import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { furnish } from '../support/project-file.ts'

let world: World
let place: Place

type Told = { change: string; action: string; before: object | null; resource: { name: string } }

/** The actions that a deletion told, each with how often. */
async function toldBy(path: string): Promise<Record<string, number>> {
  const before = (await readRecords()).length
  await done(world.api('DELETE', path))
  const told = (await readRecords()).slice(before).map((text): Told => JSON.parse(text))
  expect(new Set(told.map((entry) => entry.change)).size).toBe(1)
  expect(told.every((entry) => entry.before !== null)).toBe(true)
  const counts: Record<string, number> = {}
  for (const { action } of told) counts[action] = (counts[action] ?? 0) + 1
  return counts
}

beforeAll(async () => {
  world = await createWorld()
})

describe('in the log, with everything that goes along, stands the deletion of', () => {
  beforeAll(async () => {
    place = await addEnvironment(world, `Shop ${crypto.randomUUID()}`)
    await furnish(world, place)
    const key = place.environment.api_key
    await done(world.api('POST', `environments/${key}/api-keys/`, { name: 'server' }))
    await done(
      world.api('POST', `environments/${key}/webhooks/`, {
        url: 'https://example.com/',
        enabled: false,
      }),
    )
  })

  it('a segment', async () => {
    const path = `projects/${place.project.id}/segments/`
    const list = await done(world.api<{ results: { id: number }[] }>('GET', path))
    expect(await toldBy(`${path}${list.results[0]?.id}/`)).toEqual({
      'segment.deleted': 1,
      'feature-segment.deleted': 2,
    })
  })

  it('a feature', async () => {
    const path = `projects/${place.project.id}/features/`
    const list = await done(world.api<{ results: { id: number; name: string }[] }>('GET', path))
    const many = list.results.find((feature) => feature.name === 'many')
    expect(await toldBy(`${path}${many?.id}/`)).toEqual({
      'feature.deleted': 1,
      'segment.deleted': 1,
      'feature-segment.deleted': 1,
      'feature-state.deleted': 2,
    })
  })

  it('an environment', async () => {
    expect(await toldBy(`environments/${place.environment.api_key}/`)).toEqual({
      'environment.deleted': 1,
      'feature-state.deleted': 2,
      'environment-key.deleted': 1,
      'webhook.deleted': 1,
      'permission.removed': 1,
    })
  })

  it('a project', async () => {
    expect(await toldBy(`projects/${place.project.id}/`)).toEqual({
      'project.deleted': 1,
      'tag.deleted': 1,
      'feature.deleted': 1,
      'environment.deleted': 1,
      'feature-state.deleted': 1,
      'permission.removed': 2,
    })
  })
})

it('an organisation takes its projects, keys and members along', async () => {
  place = await addEnvironment(world, 'Last')
  await furnish(world, place)
  expect(await toldBy(`organisations/${world.organisation.id}/`)).toEqual({
    'organisation.deleted': 1,
    'organisation-key.deleted': 1,
    'membership.deleted': 1,
    'project.deleted': 1,
    'tag.deleted': 1,
    'feature.deleted': 2,
    'segment.deleted': 2,
    'environment.deleted': 2,
    'feature-segment.deleted': 3,
    'feature-state.deleted': 5,
    'permission.removed': 3,
  })
})

it('an environment leaves no identity and no trait behind', async () => {
  const own = await createWorld()
  const at = await addEnvironment(own, 'Forgetting')
  const { id, api_key: key } = at.environment
  for (const identifier of ['ada', 'bob']) {
    const response = await exports.default.fetch(
      new Request('http://localhost/api/v1/identities/', {
        method: 'POST',
        headers: { 'X-Environment-Key': key, 'Content-Type': 'application/json' },
        body: JSON.stringify({ identifier, traits: [{ trait_key: 'k', trait_value: identifier }] }),
      }),
    )
    expect(response.status).toBe(200)
  }
  const count = async (sql: string) =>
    (await env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`).bind(id).first<{ n: number }>())?.n
  expect(await count('identities WHERE environment_id = ?')).toBe(2)
  await done(own.api('DELETE', `environments/${key}/`))
  expect(await count('identities WHERE environment_id = ?')).toBe(0)
  const orphans =
    "traits WHERE key = 'k' AND ? > 0 AND identity_id NOT IN (SELECT id FROM identities)"
  expect(await count(orphans)).toBe(0)
})
