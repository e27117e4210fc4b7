import { beforeAll, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { split } from '../support/flags.ts'
import { addFlag, addSegments, orderOf, text } from '../support/future.ts'
import { grant } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

const call = (route: string, body: object, auth?: string) =>
  world.api('POST', `../experiments/environments/${key()}/${route}/`, body, auth)
const key = () => place.environment.api_key

const on = { enabled: true, value: text('gold') }

const nameOf = async (feature: number) =>
  (
    await done(
      world.api<{ name: string }>('GET', `projects/${place.project.id}/features/${feature}/`),
    )
  ).name

it('update-flag-v1 sets the environment’s own state, the feature named by name or id', async () => {
  const flag = await addFlag(world, place)
  const name = (await nameOf(flag.id)).toUpperCase()
  expect(await call('update-flag-v1', { feature: { name }, ...on })).toMatchObject({
    status: 204,
    body: null,
  })
  expect((await flag.read()).environment_default).toMatchObject(on)
  const number = { enabled: false, value: { type: 'integer', value: '7' } }
  expect((await call('update-flag-v1', { feature: { id: flag.id }, ...number })).status).toBe(204)
  expect((await flag.read()).environment_default).toMatchObject(number)
})

it('update-flag-v1 makes and changes the override of a segment, behind the others', async () => {
  const flag = await addFlag(world, place)
  const [a = 0, b = 0] = await addSegments(world, place, 2)
  const feature = { id: flag.id }
  for (const segment of [{ id: a }, { id: b }]) {
    expect((await call('update-flag-v1', { feature, segment, ...on })).status).toBe(204)
  }
  expect(orderOf(await flag.read())).toEqual([
    [a, 0],
    [b, 1],
  ])
  const off = { enabled: false, value: { type: 'boolean', value: 'true' } }
  await done(call('update-flag-v1', { feature, segment: { id: b, priority: 0 }, ...off }))
  const after = await flag.read()
  expect(orderOf(after)).toEqual([
    [b, 0],
    [a, 1],
  ])
  expect(after.segment_overrides).toMatchObject([off, on])
  expect(after.environment_default.value).toEqual(text('blue'))
})

it('update-flag-v2 sets the own state and overrides in one change', async () => {
  const flag = await addFlag(world, place, split)
  const [a = 0, b = 0] = await addSegments(world, place, 2)
  const shares = flag.variants.map((multivariate_feature_option) => ({
    multivariate_feature_option,
    percentage_allocation: 50,
  }))
  const before = (await readRecords()).length
  const body = {
    feature: { id: flag.id },
    environment_default: on,
    segment_overrides: [
      { segment_id: a, ...on },
      { segment_id: b, priority: 0, ...on, multivariate_feature_state_values: shares },
    ],
  }
  expect((await call('update-flag-v2', body)).status).toBe(204)
  const records = (await readRecords()).slice(before).map((record) => JSON.parse(record))
  expect(new Set(records.map((record) => record.change)).size).toBe(1)
  const after = await flag.read()
  expect(orderOf(after)).toEqual([
    [b, 0],
    [a, 1],
  ])
  expect(after.segment_overrides[0]?.variants.map(({ weight }) => weight)).toEqual([50, 50])
  expect(after.segment_overrides[1]?.variants.map(({ weight }) => weight)).toEqual([30, 20])
})

it('delete-segment-override deletes one, and knows when there is none', async () => {
  const flag = await addFlag(world, place)
  const [segment = 0] = await addSegments(world, place, 1)
  const body = { feature: { name: await nameOf(flag.id) }, segment: { id: segment } }
  await done(call('update-flag-v1', { ...body, ...on }))
  expect((await call('delete-segment-override', body)).status).toBe(204)
  expect((await flag.read()).segment_overrides).toEqual([])
  expect(await call('delete-segment-override', body)).toMatchObject({
    status: 404,
    body: { detail: 'Segment override not found.' },
  })
})

it('what is wrong is named where it stands, and changes nothing', async () => {
  const flag = await addFlag(world, place)
  const feature = { id: flag.id }
  const elsewhere = await addFlag(world, await addEnvironment(world, 'Elsewhere'))
  const required = ['This field is required.']
  const unknown = { feature: ['Feature not found.'] }
  const twoNames = { feature: ['Name the feature by its id or by its name.'] }
  const noSegment = { segment: { id: ['Segment not found.'] } }
  const wrong: [string, object, object][] = [
    ['update-flag-v1', {}, { feature: required, enabled: required, value: required }],
    ['update-flag-v1', { ...on, feature: {} }, twoNames],
    ['update-flag-v1', { ...on, feature: { ...feature, name: 'x' } }, twoNames],
    ['update-flag-v1', { ...on, feature: { name: 'unknown' } }, unknown],
    ['update-flag-v1', { ...on, feature: { id: elsewhere.id } }, unknown],
    ['update-flag-v1', { ...on, feature, segment: { id: 987_654 } }, noSegment],
    [
      'update-flag-v1',
      { feature, enabled: true, value: text('x'.repeat(20_001)) },
      { value: [expect.stringContaining('maximum allowed')] },
    ],
    ['update-flag-v2', { feature }, { environment_default: required }],
    [
      'update-flag-v2',
      { feature, environment_default: on, segment_overrides: [{ segment_id: 987_654, ...on }] },
      { segment_overrides: [noSegment] },
    ],
    ['delete-segment-override', { feature }, { segment: required }],
    ['delete-segment-override', { feature: { id: 987_654 }, segment: { id: 1 } }, unknown],
  ]
  const before = await dumpAtRest()
  for (const [route, body, errors] of wrong) {
    const { status, body: answer } = await call(route, body)
    expect([route, status, answer]).toEqual([route, 400, errors])
  }
  expect(await dumpAtRest()).toBe(before)
})

it('UPDATE_FEATURE_STATE opens all three, and nothing less', async () => {
  const flag = await addFlag(world, place)
  const [segment = 0] = await addSegments(world, place, 1)
  const feature = { id: flag.id }
  const calls: [string, object][] = [
    ['update-flag-v1', { feature, segment: { id: segment }, ...on }],
    ['update-flag-v2', { feature, environment_default: on }],
    ['delete-segment-override', { feature, segment: { id: segment } }],
  ]
  const as = async (permissions: string[]) => {
    const person = await addColleague(world)
    const at = { organisationId: world.organisation.id, projectId: place.project.id }
    await grant({ ...at, userId: person.id, permissions: ['VIEW_PROJECT'] })
    const environmentId = place.environment.id
    await grant({ ...at, environmentId, userId: person.id, permissions })
    return person.auth
  }
  const viewer = await as(['VIEW_ENVIRONMENT', 'MANAGE_SEGMENT_OVERRIDES'])
  const switcher = await as(['VIEW_ENVIRONMENT', 'UPDATE_FEATURE_STATE'])
  const stranger = (await createWorld('Neighbours')).keyAuth
  for (const [route, body] of calls) {
    expect([route, (await call(route, body, viewer)).status]).toEqual([route, 403])
    expect([route, (await call(route, body, stranger)).status]).toEqual([route, 404])
    expect([route, (await call(route, body, switcher)).status]).toEqual([route, 204])
  }
})
