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
import { addViewer } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
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

describe('PUT by id alone', () => {
  const change = (state: State, body: object, auth?: string) =>
    world.api<State>(
      'PUT',
      `features/featurestates/${state.id}/`,
      { feature: state.feature, environment: state.environment, ...body },
      auth,
    )
  const typed = (type: string, value: object) => ({
    type,
    string_value: null,
    integer_value: null,
    boolean_value: null,
    ...value,
  })

  it('answers the whole object with a typed value', async () => {
    const state = await addState(world, place, split)
    const value = typed('unicode', { string_value: 'blue' })
    const after = { ...state, feature_state_value: value, enabled: true, updated_at: timestamp }
    expect(await change(state, { enabled: true })).toMatchObject({ status: 200, body: after })
  })

  it.each([
    [typed('int', { integer_value: 5 }), 5],
    [typed('bool', { boolean_value: false }), false],
    [typed('unicode', { string_value: '' }), ''],
    [typed('unicode', {}), null],
    [typed('int', { integer_value: 5, string_value: 'x' }), 5],
    [{ string_value: 'no type' }, 'no type'],
    [{ type: 'bool', boolean_value: 'true' }, true],
    [{ integer_value: 6 }, 6],
    [{ boolean_value: false, string_value: null }, false],
    [typed('int', { integer_value: 0, string_value: '' }), 0],
    [{}, 'blue'],
    [{ type: 'unicode' }, 'blue'],
  ])('takes %j', async (feature_state_value, value) => {
    const state = await addState(world, place)
    expect((await change(state, { feature_state_value })).status).toBe(200)
    expect((await read(state.id)).feature_state_value).toBe(value)
  })

  it('keeps the type where only the value is sent', async () => {
    const state = await addState(world, place, { initial_value: '5' })
    const { body } = await change(state, { feature_state_value: { integer_value: 6 } })
    expect(body.feature_state_value).toEqual(typed('int', { integer_value: 6 }))
  })

  it.each([
    [typed('int', { integer_value: 2147483648 }), { integer_value: [expect.any(String)] }],
    [typed('float', {}), { type: ['"float" is not a valid choice.'] }],
    [typed('unicode', { string_value: 7 }), { string_value: ['Not a valid string.'] }],
    [typed('int', { string_value: '5' }), { integer_value: [expect.stringContaining('"int"')] }],
    [{ type: 'bool', integer_value: 1 }, { boolean_value: [expect.stringContaining('"bool"')] }],
    [
      typed('unicode', { string_value: 'x'.repeat(20_001) }),
      [expect.stringContaining('maximum allowed')],
    ],
  ])('refuses %j', async (feature_state_value, errors) => {
    const state = await addState(world, place)
    expect(await change(state, { feature_state_value })).toMatchObject({
      status: 400,
      body: { feature_state_value: errors },
    })
  })

  it('refuses a time to come, because the change would be live at once', async () => {
    const state = await addState(world, place)
    const later = { enabled: true, live_from: '2099-01-01T00:00:00Z' }
    const refused = { status: 400, body: { live_from: [expect.stringContaining('scheduled')] } }
    expect(await change(state, later)).toMatchObject(refused)
    expect(await world.api('PATCH', `${path}${state.id}/`, later)).toMatchObject(refused)
    const back = await read(state.id)
    expect(back).toEqual(state)
    expect((await world.api('PUT', `${path}${state.id}/`, back)).status).toBe(200)
    expect((await change(state, { live_from: null })).status).toBe(200)
  })

  it('needs the state’s own feature and environment', async () => {
    const [state, other] = [await addState(world, place), await addState(world, place)]
    const required = ['This field is required.']
    expect(await world.api('PUT', `features/featurestates/${state.id}/`, {})).toMatchObject({
      status: 400,
      body: { feature: required, environment: required },
    })
    expect(await change(state, { feature: other.feature })).toMatchObject({
      status: 400,
      body: { feature: ['Cannot change the feature of a feature state'] },
    })
    expect(await change(state, { environment: 999_999 })).toMatchObject({
      status: 400,
      body: { environment: ['Cannot change the environment of a feature state'] },
    })
  })

  it('is closed to other organisations and to mere members', async () => {
    const state = await addState(world, place)
    const other = await createWorld('Other')
    const member = await addColleague(world)
    const before = await dumpAtRest()
    for (const auth of [other.keyAuth, member.auth]) {
      expect((await change(state, { enabled: true }, auth)).status).toBe(404)
    }
    expect((await world.api('GET', path, undefined, member.auth)).status).toBe(404)
    expect(await dumpAtRest()).toBe(before)
  })

  it('is forbidden, not unknown, to who may only see it', async () => {
    const state = await addState(world, place)
    const viewer = await addViewer(world, place)
    const before = await dumpAtRest()
    expect((await change(state, { enabled: true }, viewer.auth)).status).toBe(403)
    expect(await dumpAtRest()).toBe(before)
  })
})
