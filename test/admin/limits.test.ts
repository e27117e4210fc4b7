/** The limits of a project are settings of its own and are held against what a write would leave. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'

let world: World
let place: Place

const rules = [
  { type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'gold' }] },
]

const setLimit = (column: string, value: number) =>
  env.DB.prepare(`UPDATE projects SET ${column} = ? WHERE id = ?`)
    .bind(value, place.project.id)
    .run()

const addSegment = (name: string, tree: unknown = rules) =>
  world.api<{ id: number }>('POST', `projects/${place.project.id}/segments/`, { name, rules: tree })

const addFeature = (name: string) =>
  world.api<{ id: number }>('POST', `projects/${place.project.id}/features/`, { name })

/** The answer, and how many entries the log gained by it. */
async function counted<T>(answer: () => Promise<T>): Promise<T & { entries: number }> {
  const before = (await readRecords()).length
  return { ...(await answer()), entries: (await readRecords()).length - before }
}

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

describe('a project at its limit', () => {
  it('takes no more segments, by creating or by cloning', async () => {
    const first = await done(addSegment('first'))
    await setLimit('max_segments_allowed', 1)
    const errors = { project: ['The project has reached the maximum allowed segments limit.'] }
    expect(await counted(() => addSegment('second'))).toMatchObject({
      status: 400,
      body: errors,
      entries: 0,
    })
    const path = `projects/${place.project.id}/segments/${first.id}/clone/`
    expect(await world.api('POST', path, { name: 'copy' })).toMatchObject({
      status: 400,
      body: errors,
    })
    await setLimit('max_segments_allowed', 500)
    expect((await addSegment('second')).status).toBe(201)
  })

  it('takes no more conditions in a segment than it allows', async () => {
    await setLimit('max_segment_conditions_allowed', 2)
    const condition = { operator: 'EQUAL', property: 'plan', value: 'gold' }
    const tree = (count: number) => [
      { type: 'ALL', rules: [], conditions: Array.from({ length: count }, () => condition) },
    ]
    expect((await addSegment('two', tree(2))).status).toBe(201)
    expect(await counted(() => addSegment('three', tree(3)))).toMatchObject({
      status: 400,
      body: {
        segment: ['The segment has 3 conditions, which exceeds the maximum condition count of 2.'],
      },
      entries: 0,
    })
    await setLimit('max_segment_conditions_allowed', 100)
  })

  it('judges the conditions of a segment again only where they change', async () => {
    const condition = { operator: 'EQUAL', property: 'plan', value: 'gold' }
    const tree = (type: string) => [{ type, rules: [], conditions: [condition, condition] }]
    const { id } = await done(addSegment('both', tree('ALL')))
    const put = (body: object) =>
      world.api('PUT', `projects/${place.project.id}/segments/${id}/`, body)
    await setLimit('max_segment_conditions_allowed', 1)
    expect((await put({ name: 'renamed', rules: tree('ALL') })).status).toBe(200)
    expect((await put({ name: 'renamed', rules: tree('ANY') })).status).toBe(400)
    await setLimit('max_segment_conditions_allowed', 100)
  })

  it('takes no more segment overrides in an environment, and takes them again in another', async () => {
    const feature = await done(addFeature('limited'))
    const segments = await Promise.all(['a', 'b'].map((name) => done(addSegment(name))))
    const override = (environment: Place['environment'], segment: number) =>
      world.api('POST', 'features/feature-segments/', {
        feature: feature.id,
        segment,
        environment: environment.id,
      })
    await setLimit('max_segment_overrides_allowed', 1)
    expect((await override(place.environment, segments[0]?.id ?? 0)).status).toBe(201)
    expect(await counted(() => override(place.environment, segments[1]?.id ?? 0))).toMatchObject({
      status: 400,
      body: {
        environment: 'The environment has reached the maximum allowed segments overrides limit.',
      },
      entries: 0,
    })
    const other = await done(
      world.api<Place['environment']>('POST', 'environments/', {
        name: 'Other',
        project: place.project.id,
      }),
    )
    expect((await override(other, segments[1]?.id ?? 0)).status).toBe(201)
    await setLimit('max_segment_overrides_allowed', 2000)
  })

  it('takes no value of more bytes, letters of several bytes counted in full', async () => {
    await setLimit('max_feature_value_bytes', 10)
    const feature = await done(addFeature('worth'))
    const key = place.environment.api_key
    const { results } = await done(
      world.api<{ results: { id: number }[] }>(
        'GET',
        `environments/${key}/featurestates/?feature=${feature.id}`,
      ),
    )
    const path = `environments/${key}/featurestates/${results[0]?.id}/`
    const put = (value: unknown) => world.api('PUT', path, { feature_state_value: value })
    expect((await put('0123456789')).status).toBe(200)
    expect((await put('ääääá')).status).toBe(200)
    expect(await counted(() => put('äääää1'))).toMatchObject({
      status: 400,
      body: {
        feature_state_value: [
          'The value takes 11 bytes. The maximum allowed in this project is 10 ' +
            '(its setting max_feature_value_bytes).',
        ],
      },
      entries: 0,
    })
    await setLimit('max_feature_value_bytes', 3)
    // What is there already stays, can be switched, and can be inherited.
    expect((await world.api('PUT', path, { enabled: true })).status).toBe(200)
    const identity = await done(
      world.api<{ id: number }>('POST', `environments/${key}/identities/`, { identifier: 'ada' }),
    )
    const own = `environments/${key}/identities/${identity.id}/featurestates/`
    const inherited = { feature: feature.id, enabled: false }
    expect((await world.api('POST', own, inherited)).status).toBe(201)
    await setLimit('max_feature_value_bytes', 20000)
  })

  it('takes no text that would make a document too large to be published', async () => {
    const feature = await done(addFeature('huge'))
    const key = place.environment.api_key
    const { results } = await done(
      world.api<{ results: { id: number }[] }>(
        'GET',
        `environments/${key}/featurestates/?feature=${feature.id}`,
      ),
    )
    // Ten rule trees of a megabyte, as only an older version would have stored them.
    const rows = Array.from({ length: 10 }, (_, index) =>
      env.DB.prepare(
        'INSERT INTO segments (id, uuid, project_id, name, rules, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, 1)',
      ).bind(
        900_000 + index,
        `huge-${index}`,
        place.project.id,
        'huge',
        JSON.stringify(['x'.repeat(999_000)]),
      ),
    )
    await env.DB.batch(rows)
    const path = `environments/${key}/featurestates/${results[0]?.id}/`
    const answer = await counted(() =>
      world.api('PUT', path, { feature_state_value: 'y'.repeat(15_000) }),
    )
    expect(answer).toMatchObject({ status: 400, entries: 0 })
    expect(JSON.stringify(answer.body)).toContain('maximum allowed 10000000 bytes')
    const tree = [{ type: 'ALL', rules: [], conditions: [], note: 'z'.repeat(20_000) }]
    expect((await addSegment('more', tree)).status).toBe(400)
    expect((await world.api('PUT', path, { feature_state_value: 'small' })).status).toBe(200)
  })
})
