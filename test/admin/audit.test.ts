import { beforeAll, describe, expect, it } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import {
  addEnvironment,
  addMember,
  addUser,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, split } from '../support/flags.ts'
import { checkChain } from '../support/invariants.ts'

type Entry = {
  id: number
  log: string
  author: object | null
  environment: { id: number } | null
  related_object_id: number | null
  related_object_type: string
  action: string
  actor: { kind: string; id: string | null; name: string }
  sequence: number
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}
type Page = { count: number; next: string | null; results: Entry[] }

let world: World

beforeAll(async () => {
  world = await createWorld()
})

const read = async (place: Place, query = '') =>
  (await done(world.api<Page>('GET', `projects/${place.project.id}/audit/${query}`))).results

/** What a change adds to a project's log, oldest first. */
async function told(place: Place, change: () => Promise<unknown>): Promise<Entry[]> {
  const before = await read(place)
  await change()
  const after = await read(place)
  return after.slice(0, after.length - before.length).reverse()
}

describe('an entry', () => {
  it('has every key of the contract and ours', async () => {
    const place = await addEnvironment(world, 'Shape')
    const state = await addState(world, place)
    const path = `environments/${place.environment.api_key}/`
    const [entry] = await told(place, () =>
      world.api('PUT', `${path}featurestates/${state.id}/`, { enabled: true }),
    )
    const project = await done(world.api<object>('GET', 'projects/'))
    const environments = await done(
      world.api<object[]>('GET', `projects/${place.project.id}/environments/`),
    )
    expect(entry).toEqual({
      id: expect.any(Number),
      created_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      log: expect.stringMatching(/^Flag state updated for feature: /),
      author: {
        id: world.superuser.id,
        email: world.superuser.email,
        first_name: expect.any(String),
        last_name: expect.any(String),
        last_login: expect.anything(),
        uuid: expect.any(String),
      },
      environment: environments[0],
      project: (project as { id: number }[]).find(({ id }) => id === place.project.id),
      related_object_id: state.id,
      related_object_uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      related_object_type: 'FEATURE_STATE',
      is_system_event: false,
      sequence: expect.any(Number),
      action: 'feature-state.updated',
      actor: { kind: 'user', id: String(world.superuser.id), name: world.superuser.email },
      before: expect.objectContaining({ enabled: false }),
      after: expect.objectContaining({ enabled: true }),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('by a key has no author, and names the key as its actor', async () => {
    const place = await addEnvironment(world, 'By key')
    const [entry] = await told(place, () =>
      world.api('POST', `projects/${place.project.id}/features/`, { name: 'x' }, world.keyAuth),
    )
    expect(entry).toMatchObject({
      author: null,
      actor: { kind: 'organisation-key', id: world.keyPrefix, name: 'automation' },
    })
  })
})

describe('the log tells', () => {
  it('of a feature once, and once for every environment’s state', async () => {
    const place = await addEnvironment(world, 'Twice')
    const body = { name: 'Staging', project: place.project.id }
    const other = await done(world.api<{ id: number }>('POST', 'environments/', body))
    const path = `projects/${place.project.id}/features/`
    let id = 0
    const created = await told(place, async () => {
      id = (await done(world.api<{ id: number }>('POST', path, { name: 'banner' }))).id
    })
    const where = [null, place.environment.id, other.id]
    const lines = (entries: Entry[]) =>
      entries.map((entry) => [entry.related_object_type, entry.log, entry.environment?.id ?? null])
    const types = ['FEATURE', 'FEATURE_STATE', 'FEATURE_STATE']
    expect(lines(created)).toEqual(
      types.map((type, index) => [type, 'New Flag / Remote Config created: banner', where[index]]),
    )
    expect(created[0]).toMatchObject({
      related_object_id: id,
      before: null,
      after: { id, name: 'banner', multivariate_options: [] },
    })
    const change = { description: 'Hello' }
    const [updated, ...more] = await told(place, () => world.api('PUT', `${path}${id}/`, change))
    expect(more).toEqual([])
    expect(updated).toMatchObject({
      log: 'Flag / Remote Config updated: banner',
      before: { description: null },
      after: { description: 'Hello' },
    })
    const deleted = await told(place, () => world.api('DELETE', `${path}${id}/`))
    expect(lines(deleted)).toEqual(
      types.map((type, index) => [type, 'Flag / Remote Config Deleted: banner', where[index]]),
    )
    expect(deleted.map(({ after }) => after)).toEqual([null, null, null])
    expect(deleted[0]?.before).toMatchObject({ id, description: 'Hello' })
  })

  it('what of a state changed: its switch, its value, its shares', async () => {
    const place = await addEnvironment(world, 'States')
    const state = await addState(world, place, { name: 'banner', ...split })
    const path = `environments/${place.environment.api_key}/featurestates/${state.id}/`
    const [share] = state.multivariate_feature_state_values
    const shares = [
      {
        multivariate_feature_option: share?.multivariate_feature_option,
        percentage_allocation: 31,
      },
    ]
    for (const [change, log, before, after] of [
      [
        { enabled: true },
        'Flag state updated for feature: banner',
        { enabled: false },
        { enabled: true },
      ],
      [
        { feature_state_value: 7 },
        'Remote config value updated for feature: banner',
        { type: 'unicode', string_value: 'blue', integer_value: null },
        { type: 'int', string_value: null, integer_value: 7 },
      ],
      [
        { multivariate_feature_state_values: shares },
        "Multivariate value changed for feature 'banner'.",
        { multivariate_feature_state_values: [{ percentage_allocation: 30 }, {}] },
        { multivariate_feature_state_values: [{ percentage_allocation: 31 }, {}] },
      ],
    ] as const) {
      const entries = await told(place, () => world.api('PUT', path, change))
      expect(entries).toMatchObject([{ log, before, after, related_object_id: state.id }])
    }
  })

  it('of a change in several parts once, with all of them before and after', async () => {
    const place = await addEnvironment(world, 'Parts')
    const state = await addState(world, place, { name: 'banner' })
    const path = `environments/${place.environment.api_key}/featurestates/${state.id}/`
    const change = { enabled: true, feature_state_value: 'red' }
    expect(await told(place, () => world.api('PUT', path, change))).toMatchObject([
      {
        log: 'Flag state updated for feature: banner',
        before: { enabled: false, string_value: 'blue' },
        after: { enabled: true, string_value: 'red' },
      },
    ])
  })

  it('of projects and environments', async () => {
    const project = await done(
      world.api<Place['project']>('POST', 'projects/', {
        name: 'Website',
        organisation: world.organisation.id,
      }),
    )
    const place = { project, environment: { id: 0, api_key: '', name: '' } }
    const body = { name: 'Live', project: project.id }
    const environment = await done(
      world.api<{ id: number; api_key: string }>('POST', 'environments/', body),
    )
    const path = `environments/${environment.api_key}/`
    await done(world.api('PATCH', path, { banner_text: 'Careful' }))
    await done(world.api('PATCH', `projects/${project.id}/`, { hide_disabled_flags: true }))
    await done(world.api('DELETE', path))
    const entries = (await read(place)).reverse()
    expect(entries.map((entry) => [entry.related_object_type, entry.log])).toEqual([
      ['PROJECT', 'New Project created: Website'],
      ['ENVIRONMENT', 'New Environment created: Live'],
      ['ENVIRONMENT', 'Environment updated: Live'],
      ['PROJECT', 'Project updated: Website'],
      ['ENVIRONMENT', 'Environment deleted: Live'],
      ['PERMISSION', 'Permissions removed with what they were for'],
    ])
    expect(entries[2]).toMatchObject({
      before: { banner_text: null, api_key: environment.api_key },
      after: { banner_text: 'Careful', api_key: environment.api_key },
      related_object_id: environment.id,
      environment: null,
    })
    for (const entry of entries.filter(({ related_object_type: type }) => type === 'ENVIRONMENT')) {
      // They rise with every change of a flag, so an entry could only tell them wrongly.
      expect({ ...entry.before, ...entry.after }).not.toHaveProperty('version')
      expect({ ...entry.before, ...entry.after }).not.toHaveProperty('updated_at')
    }
  })

  it('nothing of an update that changes nothing, nor of one that is refused', async () => {
    const place = await addEnvironment(world, 'Quiet')
    const state = await addState(world, place, split)
    const environment = `environments/${place.environment.api_key}/`
    const project = `projects/${place.project.id}/`
    for (const [path, body] of [
      [`${environment}featurestates/${state.id}/`, state],
      [environment, place.environment],
      [project, place.project],
      [`${project}features/${state.feature}/`, { description: '' }],
      [`${environment}featurestates/${state.id}/`, { feature_state_value: [] }],
      [project, { name: '' }],
    ] as const) {
      expect(await told(place, () => world.api('PUT', path, body))).toEqual([])
    }
  })
})

describe('the list', () => {
  it('is newest first, in pages, and one chain', async () => {
    const place = await addEnvironment(world, 'Pages')
    for (const name of ['a', 'b', 'c']) {
      await done(world.api('POST', `projects/${place.project.id}/features/`, { name }))
    }
    const all = await read(place)
    expect(all.length).toBe(8)
    expect(all.map(({ sequence }) => sequence)).toEqual(
      all.map((_, index) => (all[0]?.sequence ?? 0) - index),
    )
    const [second] = await read(place, '?page=2&page_size=1')
    expect(second).toEqual(all[1])
    expect(await checkChain(ledgerOf(world.organisation.id))).toEqual([])
  })

  it('holds the project’s own entries, and a mere member may not read them', async () => {
    const [place, other] = [
      await addEnvironment(world, 'Own'),
      await addEnvironment(world, 'Neighbour'),
    ]
    await addState(world, other, { name: 'neighbour' })
    expect((await read(place)).filter(({ log }) => /neighbour/i.test(log))).toEqual([])
    const member = await addUser('member-of-audit@example.com')
    await addMember(world.organisation.id, member.id, 'USER')
    const path = `projects/${place.project.id}/audit/`
    expect((await world.api('GET', path, undefined, member.auth)).status).toBe(404)
  })
})
