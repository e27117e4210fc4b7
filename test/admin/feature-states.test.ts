import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  timestamp,
  type World,
} from '../support/admin.ts'
import { addState, type State, split } from '../support/flags.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place
let path: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  path = `environments/${place.environment.api_key}/featurestates/`
})

const read = (id: number) => done(world.api<State>('GET', `${path}${id}/`))

describe('a feature state', () => {
  it('reads with every key of the contract, from the list and alone', async () => {
    const state = await addState(world, place, split)
    expect(state).toEqual({
      id: expect.any(Number),
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      feature_state_value: 'blue',
      multivariate_feature_state_values: [30, 20].map((percentage_allocation) => ({
        id: expect.any(Number),
        multivariate_feature_option: expect.any(Number),
        percentage_allocation,
      })),
      enabled: false,
      created_at: timestamp,
      updated_at: timestamp,
      live_from: timestamp,
      version: 1,
      deleted_at: null,
      feature: expect.any(Number),
      environment: place.environment.id,
      identity: null,
      feature_segment: null,
      change_request: null,
      environment_feature_version: null,
    })
    expect(await read(state.id)).toEqual(state)
  })

  it('is found by feature and by name, and features of other projects are not', async () => {
    const other = await addEnvironment(world, 'Other')
    const [own, foreign] = [
      await addState(world, place, { name: 'named' }),
      await addState(world, other),
    ]
    const found = (query: string) => done(world.api<object>('GET', `${path}${query}`))
    const none = { count: 0, next: null, previous: null, results: [] }
    const one = { ...none, count: 1, results: [own] }
    expect(await found(`?feature=${own.feature}`)).toEqual(one)
    expect(await found('?feature_name=named')).toEqual(one)
    expect(await found(`?feature=${foreign.feature}`)).toEqual(none)
    expect(await found(`?feature_name=${encodeURIComponent("' OR 1=1 --")}`)).toEqual(none)
    expect((await world.api('GET', `${path}?feature=abc`)).status).toBe(400)
  })
})

describe.each(['PUT', 'PATCH'])('%s by environment key', (method) => {
  const change = (state: State, body: unknown) =>
    world.api<State>(method, `${path}${state.id}/`, body)

  it('takes the state’s own feature, and no other', async () => {
    const [state, other] = [await addState(world, place), await addState(world, place)]
    const body = { feature: ['Cannot change the feature of a feature state'] }
    expect(await change(state, { feature: other.feature })).toMatchObject({ status: 400, body })
    expect(await read(state.id)).toEqual(state)
    expect((await change(state, { feature: state.feature })).status).toBe(200)
  })

  it('changes what is sent, leaves the rest, and answers the whole object', async () => {
    const before = await addState(world, place, split)
    const { status, body } = await change(before, { enabled: 'true' })
    expect(status).toBe(200)
    expect(body).toEqual({ ...before, enabled: true, updated_at: timestamp })
    expect((await change(before, { feature_state_value: 'red' })).body).toMatchObject({
      enabled: true,
      feature_state_value: 'red',
    })
    expect((await change(before, {})).body).toEqual(await read(before.id))
  })

  it.each([
    ['text', 'text'],
    ['', ''],
    [' x ', ' x '],
    ['7', '7'],
    [7, 7],
    [-2147483648, -2147483648],
    [2147483647, 2147483647],
    [2147483648, '2147483648'],
    [1.5, '1.5'],
    [true, true],
    [false, false],
    [null, null],
    ['__proto__', '__proto__'],
    ['🚩', '🚩'],
    ['x'.repeat(20_000), 'x'.repeat(20_000)],
    ['🚩'.repeat(5_000), '🚩'.repeat(5_000)],
  ])('takes the value %j', async (sent, value) => {
    const state = await addState(world, place)
    const { body } = await change(state, { feature_state_value: sent })
    expect(body.feature_state_value).toBe(value)
    expect((await read(state.id)).feature_state_value).toBe(value)
  })

  it.each([
    ['x'.repeat(20_001)],
    ['🚩'.repeat(5_001)],
    [{ type: 'unicode', string_value: 'x' }],
    [['x']],
    ['a\u0000b'],
    ['\ud800'],
    [2 ** 60],
  ])('refuses the value %j', async (feature_state_value) => {
    const state = await addState(world, place)
    expect(await change(state, { feature_state_value })).toMatchObject({
      status: 400,
      body: { feature_state_value: [expect.stringMatching(/./)] },
    })
    expect(await read(state.id)).toEqual(state)
  })

  it('refuses what is no boolean', async () => {
    const state = await addState(world, place)
    for (const [enabled, message] of [
      [null, 'This field may not be null.'],
      ['maybe', 'Must be a valid boolean.'],
    ]) {
      expect(await change(state, { enabled })).toMatchObject({
        status: 400,
        body: { enabled: [message] },
      })
    }
  })

  it('shares out variants, and never more than 100 %', async () => {
    const state = await addState(world, place, split)
    const [a, b] = state.multivariate_feature_state_values
    const shares = (first: unknown, second: unknown) => ({
      multivariate_feature_state_values: [
        {
          multivariate_feature_option: a?.multivariate_feature_option,
          percentage_allocation: first,
        },
        {
          multivariate_feature_option: b?.multivariate_feature_option,
          percentage_allocation: second,
        },
      ],
    })
    const percentages = async () =>
      (await read(state.id)).multivariate_feature_state_values.map(
        (share) => share.percentage_allocation,
      )
    for (const [first, second] of [
      [33.3, 66.7],
      ['0', '99.5'],
      [100, 0],
    ]) {
      expect((await change(state, shares(first, second))).status).toBe(200)
      expect(await percentages()).toEqual([Number(first), Number(second)])
    }
    expect(await change(state, shares(60, 41))).toMatchObject({
      status: 400,
      body: {
        multivariate_feature_state_values: ['Multivariate percentage values exceed 100%.'],
      },
    })
    const one = {
      multivariate_feature_state_values: shares(0, 1).multivariate_feature_state_values.slice(1),
    }
    expect((await change(state, one)).status).toBe(400)
    for (const bad of [-1, 101, 'x', null, undefined]) {
      expect((await change(state, shares(bad, 0))).status).toBe(400)
    }
    expect(await percentages()).toEqual([100, 0])
  })

  it('refuses options of other features', async () => {
    const [state, other] = [
      await addState(world, place, split),
      await addState(world, place, split),
    ]
    const foreign = other.multivariate_feature_state_values[0]?.multivariate_feature_option
    const body = {
      multivariate_feature_state_values: [
        { multivariate_feature_option: foreign, percentage_allocation: 1 },
      ],
    }
    expect(await change(state, body)).toMatchObject({
      status: 400,
      body: {
        multivariate_feature_state_values: [
          { multivariate_feature_option: ['Not an option of this feature.'] },
        ],
      },
    })
    expect(await read(other.id)).toEqual(other)
  })

  it('moves a state to no other environment or id', async () => {
    const [state, other] = [await addState(world, place), await addState(world, place)]
    const body = { environment: 1, identity: 1, id: other.id, uuid: 'x' }
    expect((await change(state, body)).body).toEqual(state)
    expect(await read(other.id)).toEqual(other)
  })

  it('finds states of its own environment only', async () => {
    const other = await addEnvironment(world, `Elsewhere ${method}`)
    const foreign = await addState(world, other)
    const before = await dumpAtRest()
    expect((await change(foreign, { enabled: true })).status).toBe(404)
    expect((await world.api('GET', `${path}${foreign.id}/`)).status).toBe(404)
    expect(await dumpAtRest()).toBe(before)
  })
})

it('an update that changes nothing leaves the state, its time and the version alone', async () => {
  const state = await addState(world, place, split)
  const version = env.DB.prepare('SELECT version, updated_at FROM environments WHERE id = ?').bind(
    place.environment.id,
  )
  const before = await version.first()
  await done(world.api('PUT', `${path}${state.id}/`, state))
  expect(await read(state.id)).toEqual(state)
  expect(await version.first()).toEqual(before)
})
