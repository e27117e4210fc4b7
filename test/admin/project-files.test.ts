/** A project's file holds the whole project: what it becomes again exports to the same bytes. */
import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SentFile } from '../../src/admin/project-file-view.ts'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { exportText, furnish, importInto, request } from '../support/project-file.ts'

let world: World
let place: Place
let file: SentFile

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  await furnish(world, place)
  file = JSON.parse(await exportText(world, place.project.id))
})

describe('a project exported', () => {
  it('holds everything of its flags', () => {
    expect(file.format).toBe('burgee-project/1')
    expect(file.project).toMatchObject({ name: 'Shop', max_features_allowed: 900 })
    expect(file.tags).toEqual([
      { label: 'billing "x"', color: '#ff0000', description: null, is_permanent: false },
    ])
    expect(file.features.map((one) => [one.name, one.type, one.tags])).toEqual([
      ['plain', 'STANDARD', [0]],
      ['many', 'MULTIVARIATE', []],
    ])
    expect(file.segments.map((one) => one.feature)).toEqual([null, 'many'])
    const [production] = file.environments
    expect(production?.segment_overrides).toHaveLength(3)
    expect(production?.identity_overrides).toEqual([
      {
        feature: 'plain',
        enabled: false,
        feature_state_value: 'for Ada',
        shares: [],
        identifier: 'ada@example.com',
      },
    ])
  })

  it('tells no key, no id, no uuid and no person', async () => {
    const text = JSON.stringify(file)
    expect(text).not.toContain(place.environment.api_key)
    expect(text).not.toContain(world.superuser.email)
    expect(text).not.toMatch(/"(id|uuid|api_key|owners)"/)
  })

  it('becomes a project in an empty organisation that exports to the same bytes', async () => {
    const other = await createWorld('Elsewhere')
    const before = await exportText(world, place.project.id)
    const made = await done(importInto(other, JSON.parse(before)))
    expect(await exportText(other, made.id)).toBe(before)
    // And that serves: the key is new, the flags are those of the file.
    const environments = await done(
      other.api<{ results: { api_key: string; name: string }[] }>(
        'GET',
        `environments/?project=${made.id}`,
      ),
    )
    const key = environments.results.find((one) => one.name === 'Production')?.api_key ?? ''
    expect(key).not.toBe(place.environment.api_key)
    const identified = await exports.default.fetch(
      new Request('http://localhost/api/v1/identities/?identifier=ada%40example.com', {
        headers: { 'X-Environment-Key': key },
      }),
    )
    expect(identified.status).toBe(200)
    expect(await identified.text()).not.toContain('"name":"many"')
  })

  it('is one change in the log, with an entry for every object', async () => {
    const other = await createWorld('Counted')
    const before = (await readRecords()).length
    const made = await done(importInto(other, file))
    const records = (await readRecords()).slice(before).map((text) => JSON.parse(text))
    expect(new Set(records.map((record) => record.change)).size).toBe(1)
    const count = (action: string) => records.filter((one) => one.action === action).length
    expect({
      projects: count('project.imported'),
      tags: count('tag.created'),
      features: count('feature.created'),
      segments: count('segment.created'),
      environments: count('environment.created'),
      states: count('feature-state.created'),
    }).toEqual({ projects: 1, tags: 1, features: 2, segments: 2, environments: 2, states: 8 })
    expect(records.every((record) => record.project === made.id)).toBe(true)
  })
})

it('strangers neither export nor import', async () => {
  const stranger = await createWorld('Strangers')
  const own = `projects/${place.project.id}/export/`
  expect((await stranger.api('GET', own, undefined, stranger.keyAuth)).status).toBe(404)
  const path = `organisations/${world.organisation.id}/import/`
  expect((await stranger.api('POST', path, file, stranger.keyAuth)).status).toBe(403)
  expect((await request('POST', path, { auth: '', body: '{}' })).status).toBe(401)
})

it('a thousand features in twenty environments come over in one change', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `feature_${index}`)
  const states = names.map((feature) => ({
    ...file.environments[0]?.feature_states[0],
    feature,
  }))
  const large = {
    ...file,
    project: {
      ...file.project,
      name: 'Large',
      feature_name_regex: null,
      max_features_allowed: 1000,
    },
    features: names.map((name) => ({ ...file.features[0], name })),
    segments: [],
    environments: Array.from({ length: 20 }, (_, index) => ({
      ...file.environments[0],
      name: `Environment ${index}`,
      feature_states: states,
      segment_overrides: [],
      identity_overrides: [],
    })),
  }
  const made = await done(importInto(world, large))
  expect(JSON.parse(await exportText(world, made.id))).toEqual(large)
}, 60_000)

it('more than a hundred environments come over', async () => {
  const [environment] = file.environments
  const many = {
    ...file,
    project: { ...file.project, name: 'Many' },
    features: [],
    segments: [],
    environments: Array.from({ length: 101 }, (_, index) => ({
      ...environment,
      name: `Environment ${index}`,
      feature_states: [],
      segment_overrides: [],
      identity_overrides: [],
    })),
  }
  const made = await done(importInto(world, many))
  expect(JSON.parse(await exportText(world, made.id))).toEqual(many)
}, 60_000)
