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
import { addState, type State, split } from '../support/flags.ts'
import { expectPublished } from '../support/invariants.ts'
import { bodiesOf, listen } from '../support/listening.ts'
import { addColleague } from '../support/people.ts'
import { addSegment, lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

type Override = State & { uuid: string; feature_segment: number | null; identity: number | null }
type Page = { count: number; results: Override[] }

const flat = 'features/featurestates/'

let world: World
let place: Place
let key: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  key = place.environment.api_key
  await listen(world.organisation.id, place.environment.id)
})

const post = (body: object, auth?: string) => world.api<Override>('POST', flat, body, auth)

const text = (string_value: string) => ({
  type: 'unicode',
  string_value,
  integer_value: null,
  boolean_value: null,
})

async function addLink({ feature, environment }: State, at = place) {
  const segment = await addSegment(world, at)
  const body = { feature, environment, segment: segment.id }
  const made = world.api<{ id: number }>('POST', 'features/feature-segments/', body)
  return { ...(await done(made)), segment }
}

describe('a segment override', () => {
  it('holds what is sent and takes the rest from the environment; it is told and published', async () => {
    const state = await addState(world, place, split)
    const { feature, environment } = state
    const link = await addLink(state)
    const { status, body } = await post({
      feature,
      environment,
      feature_segment: link.id,
      enabled: true,
      feature_state_value: text('golden'),
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      feature,
      environment,
      enabled: true,
      feature_segment: link.id,
      identity: null,
      feature_state_value: text('golden'),
      multivariate_feature_state_values: [30, 20].map((percentage_allocation) => ({
        percentage_allocation,
      })),
    })
    expect(await done(world.api('GET', `${flat}get-by-uuid/${body.uuid}/`))).toEqual(body)
    const [entry] = await lastEntries(world, place, 1)
    expect(entry).toMatchObject({
      log: expect.stringContaining(`' and segment '${link.segment.name}'`),
      related_object_type: 'FEATURE_STATE',
      related_object_id: body.id,
      before: null,
      after: { string_value: 'golden' },
    })
    await expectPublished(environment)
  })

  it.each(['PUT', 'PATCH'])('changes by %s, and tells segment and priority', async (method) => {
    const { feature, environment, ...state } = await addState(world, place)
    const link = await addLink({ feature, environment, ...state })
    const before = await done(post({ feature, environment, feature_segment: link.id }))
    const sent = { ...before, enabled: true, feature_state_value: text('red') }
    const whole = method === 'PUT' ? sent : { enabled: true, feature_state_value: text('red') }
    const after = await done(world.api<Override>(method, `${flat}${before.id}/`, whole))
    expect(after).toMatchObject({ enabled: true, feature_state_value: text('red') })
    const [entry] = await lastEntries(world, place, 1)
    expect(entry?.log).toContain(`' and segment '${link.segment.name}'`)
    const told = (await bodiesOf(environment)).map(({ data }) => data)
    expect(told).toContainEqual(
      expect.objectContaining({
        previous_state: expect.objectContaining({ feature_state_value: 'blue' }),
        new_state: expect.objectContaining({
          feature_state_value: 'red',
          feature_segment: {
            segment: { id: link.segment.id, name: link.segment.name, description: null },
            priority: 0,
          },
        }),
      }),
    )
  })

  it('exists once, and only for the link’s own feature and environment', async () => {
    const [state, other] = [await addState(world, place), await addState(world, place)]
    const { feature, environment } = state
    const link = await addLink(state)
    await done(post({ feature, environment, feature_segment: link.id }))
    const wrong = { feature_segment: ['Feature Segment does not belong to environment.'] }
    expect(await post({ feature, environment, feature_segment: link.id })).toMatchObject({
      status: 400,
      body: { non_field_errors: [expect.stringContaining('exists already')] },
    })
    for (const body of [
      { feature: other.feature, environment, feature_segment: link.id },
      { feature, environment, feature_segment: 987_654 },
    ]) {
      expect(await post(body)).toMatchObject({ status: 400, body: wrong })
    }
  })
})

describe('create-segment-override', () => {
  const create = (state: State, body: object) =>
    world.api<object>(
      'POST',
      `environments/${key}/features/${state.feature}/create-segment-override/`,
      body,
    )

  it('makes link and state in one change, on the place that is asked for', async () => {
    const state = await addState(world, place)
    const older = await addLink(state)
    const segment = await addSegment(world, place)
    const { status, body } = await create(state, {
      enabled: true,
      feature_state_value: text('golden'),
      feature_segment: { segment: segment.id, priority: 0 },
    })
    expect(status).toBe(201)
    const stamp = expect.stringMatching(/Z$/)
    expect(body).toEqual({
      id: expect.any(Number),
      uuid: expect.any(String),
      feature: state.feature,
      environment: state.environment,
      identity: null,
      enabled: true,
      feature_state_value: text('golden'),
      feature_segment: {
        id: expect.any(Number),
        segment: segment.id,
        priority: 0,
        uuid: expect.any(String),
      },
      multivariate_feature_state_values: [],
      created_at: stamp,
      updated_at: stamp,
      live_from: stamp,
      deleted_at: null,
      change_request: null,
    })
    expect(await done(world.api('GET', `features/feature-segments/${older.id}/`))).toMatchObject({
      priority: 1,
    })
    const [moved, made] = await lastEntries(world, place, 2)
    expect(moved?.log).toMatch(/^Segment overrides re-ordered/)
    expect(made).toMatchObject({
      related_object_type: 'FEATURE_STATE',
      after: { enabled: true, feature_segment: { segment_id: segment.id, priority: 0 } },
    })
  })

  it('refuses what does not fit, and leaves nothing behind', async () => {
    const state = await addState(world, place, split)
    const other = await addEnvironment(world, 'Foreign')
    const foreign = await addSegment(world, other)
    const segment = (await addSegment(world, place)).id
    const taken = (await addLink(state)).segment
    const share = { multivariate_feature_option: 987_654, percentage_allocation: 1 }
    const wrong: object[] = [
      {},
      { feature_segment: { segment: foreign.id } },
      { feature_segment: { segment: taken.id } },
      { feature_segment: { segment, priority: -1 } },
      { feature_segment: { segment }, multivariate_feature_state_values: [share] },
      { feature_segment: { segment }, feature_state_value: { type: 'float' } },
    ]
    const count = async () => (await readRecords()).length
    const theirs = await addState(world, other)
    const before = await count()
    for (const body of wrong) {
      expect([body, (await create(state, body)).status]).toEqual([body, 400])
    }
    const strange = { feature_segment: { segment: foreign.id } }
    expect((await create(state, strange)).body).toEqual({
      feature_segment: { segment: ['Segment does not exist in project'] },
    })
    for (const feature of [987_654, theirs.feature]) {
      const body = { feature_segment: { segment } }
      expect((await create({ ...state, feature }, body)).status).toBe(404)
    }
    const ids = env.DB.prepare('SELECT count(*) AS n FROM feature_segments WHERE segment_id = ?')
    expect(await ids.bind(segment).first()).toEqual({ n: 0 })
    expect(await count()).toBe(before)
  })
})

it('the flat list has defaults and segment overrides of an environment, and narrows', async () => {
  const state = await addState(world, place)
  const { feature, environment } = state
  const link = await addLink(state)
  const made = await done(post({ feature, environment, feature_segment: link.id }))
  const list = (query: string) => world.api<Page>('GET', `${flat}${query}`)
  const ids = async (query: string) =>
    (await done(list(`?environment=${environment}${query}`))).results.map(({ id }) => id)
  expect(await ids(`&feature=${feature}`)).toEqual([state.id, made.id])
  expect(await ids(`&feature_segment=${link.id}`)).toEqual([made.id])
  for (const query of ['', '?environment=987654']) expect((await list(query)).status).toBe(403)
})

it('overrides are closed to neighbours and members', async () => {
  const state = await addState(world, place)
  const { feature, environment } = state
  const link = await addLink(state)
  const made = await done(post({ feature, environment, feature_segment: link.id }))
  const other = await createWorld('Neighbours')
  const member = await addColleague(world)
  const segment = (await addSegment(world, place)).id
  const before = await dumpAtRest()
  for (const [auth, status] of [
    [other.keyAuth, 404],
    [member.auth, 404],
  ] as const) {
    const as = async (method: string, path: string, body?: unknown) =>
      (await world.api(method, path, body, auth)).status
    expect(await as('GET', `${flat}?environment=${environment}`)).toBe(403)
    expect(await as('POST', flat, { feature, environment, feature_segment: link.id })).toBe(403)
    expect(await as('GET', `${flat}get-by-uuid/${made.uuid}/`)).toBe(404)
    expect(await as('PUT', `${flat}${made.id}/`, { feature, environment, enabled: true })).toBe(404)
    expect(await as('PATCH', `${flat}${made.id}/`, { enabled: true })).toBe(404)
    const path = `environments/${key}/features/${feature}/create-segment-override/`
    expect(await as('POST', path, { feature_segment: { segment } })).toBe(status)
  }
  expect(await dumpAtRest()).toBe(before)
})
