import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { addColleague } from '../support/people.ts'
import { addSegment, lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

type Option = { id: number; uuid: string; feature: number }

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

/** A feature without options, and the paths of its options. */
async function plain(at = place) {
  const state = await addState(world, at)
  const feature = `projects/${at.project.id}/features/${state.feature}/`
  const list = `${feature}mv-options/`
  const post = (body: object) => world.api<Option>('POST', list, body)
  const shares = async () => {
    const path = `environments/${at.environment.api_key}/featurestates/${state.id}/`
    const { multivariate_feature_state_values: found } = await done(world.api<State>('GET', path))
    return found.map((share) => [share.multivariate_feature_option, share.percentage_allocation])
  }
  const type = async () => (await done(world.api<{ type: string }>('GET', feature))).type
  return { state, feature, list, post, shares, type }
}

describe('the first option of a feature', () => {
  it('makes it multivariate, and every environment gives it its default share', async () => {
    const { state, list, post, shares, type } = await plain()
    const sent = { string_value: 'a', default_percentage_allocation: 30, key: 'a' }
    const { status, body } = await post({ ...sent, feature: 987_654 })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'unicode',
      integer_value: null,
      boolean_value: null,
      ...sent,
      feature: state.feature,
    })
    expect(await type()).toBe('MULTIVARIATE')
    expect(await shares()).toEqual([[body.id, 30]])
    const page = { count: 1, next: null, previous: null, results: [body] }
    expect(await done(world.api('GET', list))).toEqual(page)
    for (const path of [`${list}${body.id}`, `multivariate/options/get-by-uuid/${body.uuid}/`]) {
      expect(await done(world.api('GET', path))).toEqual(body)
    }
  })

  it('weighs 100 unless told otherwise, and takes it all with it when it goes', async () => {
    const { list, post, shares, type } = await plain()
    const option = await done(post({}))
    expect(option).toMatchObject({ default_percentage_allocation: 100, string_value: '' })
    expect((await world.api('DELETE', `${list}${option.id}/`)).status).toBe(204)
    expect([await type(), await shares()]).toEqual(['STANDARD', []])
    expect((await world.api('DELETE', `${list}${option.id}/`)).status).toBe(404)
  })
})

describe('an option', () => {
  it.each([
    [{ type: 'int' }, { type: 'int', integer_value: 0 }],
    [{ type: 'bool' }, { type: 'bool', boolean_value: false }],
    [{ type: 'bool', boolean_value: true }, { boolean_value: true }],
    [{ integer_value: 5 }, { type: 'int', integer_value: 5, string_value: null }],
    [
      { boolean_value: true, string_value: null },
      { type: 'bool', boolean_value: true },
    ],
    [
      { type: 'unicode', integer_value: 0 },
      { type: 'unicode', string_value: '', integer_value: null },
    ],
  ])('has a value of its type: %j', async (sent, read) => {
    const { post } = await plain()
    expect(await done(post(sent))).toMatchObject(read)
  })

  it.each(['PUT', 'PATCH'])('changes by %s where something is sent', async (method) => {
    const { list, post, shares } = await plain()
    const before = await done(post({ string_value: 'a', default_percentage_allocation: 30 }))
    const path = `${list}${before.id}/`
    const change = (body: object) => done(world.api(method, path, body))
    expect(await change({ string_value: 'A' })).toEqual({ ...before, string_value: 'A' })
    expect(await change({ integer_value: 7 })).toMatchObject({ type: 'int', string_value: null })
    expect(await change({ string_value: 'A' })).toEqual({ ...before, string_value: 'A' })
    expect(await change({ type: 'int' })).toMatchObject({ type: 'int', integer_value: 0 })
    expect(await change({ default_percentage_allocation: 40 })).toMatchObject({
      default_percentage_allocation: 40,
      integer_value: 0,
    })
    expect(await shares()).toEqual([[before.id, 30]])
    const entries = await lastEntries(world, place, 3)
    expect(await change({ type: 'int' })).toEqual(await done(world.api('GET', path)))
    expect(await lastEntries(world, place, 3)).toEqual(entries)
  })

  it('that does not fit beside the others is refused', async () => {
    const { list, post, shares } = await plain()
    const a = await done(post({ key: 'a', default_percentage_allocation: 60 }))
    const b = await done(post({ key: 'b', default_percentage_allocation: 40 }))
    const none = { default_percentage_allocation: 0 }
    const wrong: [object, string, string][] = [
      [{}, 'default_percentage_allocation', 'Invalid percentage allocation'],
      [
        { default_percentage_allocation: 1 },
        'default_percentage_allocation',
        'Invalid percentage allocation',
      ],
      [{ default_percentage_allocation: 101 }, 'default_percentage_allocation', '100'],
      [{ ...none, key: 'control' }, 'key', 'reserved'],
      [{ ...none, key: 'a' }, 'key', 'differ'],
      [{ ...none, key: 'no slug' }, 'key', 'slug'],
      [{ type: 'float' }, 'type', '"float" is not a valid choice.'],
      [{ type: null }, 'type', 'This field may not be null.'],
      [{ ...none, type: 'int', string_value: '5' }, 'integer_value', '"int"'],
      [{ ...none, type: 'unicode', integer_value: 5 }, 'string_value', '"unicode"'],
    ]
    const before = await dumpAtRest()
    for (const [body, field, message] of wrong) {
      const errors = { [field]: [expect.stringContaining(message)] }
      expect(await post(body)).toMatchObject({ status: 400, body: errors })
    }
    for (const body of [{ default_percentage_allocation: 41 }, { key: 'a' }]) {
      expect((await world.api('PUT', `${list}${b.id}/`, body)).status).toBe(400)
    }
    expect(await dumpAtRest()).toBe(before)
    expect(await shares()).toEqual([
      [a.id, 60],
      [b.id, 40],
    ])
  })

  it('is told in the log when it comes and when it goes', async () => {
    const { list, post, state } = await plain()
    const option = await done(post({ string_value: 'a' }))
    await done(world.api('DELETE', `${list}${option.id}/`))
    const entries = (await lastEntries(world, place, 6)).filter((entry) =>
      entry.action.startsWith('multivariate-option.'),
    )
    expect(entries).toMatchObject([
      { related_object_type: 'FEATURE', related_object_id: state.feature, before: null },
      { related_object_type: 'FEATURE', related_object_id: state.feature, after: null },
    ])
    expect(entries.map((entry) => entry.log.replace(/'.*'/, "'f'"))).toEqual([
      "Multivariate option added to feature 'f'.",
      "Multivariate option removed from feature 'f'.",
    ])
  })

  it('is unknown to older overrides until one of them gives it a share', async () => {
    const { state, post } = await plain()
    const { feature, environment } = state
    const segment = (await addSegment(world, place)).id
    const path = `environments/${place.environment.api_key}/features/${feature}/`
    const body = { enabled: true, feature_segment: { segment } }
    const override = await done(world.api<State>('POST', `${path}create-segment-override/`, body))
    const option = await done(post({ string_value: 'a', default_percentage_allocation: 30 }))
    const put = (sent: object) =>
      world.api<State>('PUT', `features/featurestates/${override.id}/`, {
        feature,
        environment,
        ...sent,
      })
    const none = await done(put({ enabled: false }))
    expect(none.multivariate_feature_state_values).toEqual([])
    const share = { multivariate_feature_option: option.id, percentage_allocation: 70 }
    const given = await done(put({ multivariate_feature_state_values: [share] }))
    const values = [{ id: expect.any(Number), ...share }]
    expect(given.multivariate_feature_state_values).toEqual(values)
    expect(await done(put({}))).toEqual(given)
  })
})

it('options are closed to neighbours and members, and found under their own feature only', async () => {
  const [own, sibling] = [await plain(), await plain()]
  const elsewhere = await plain(await addEnvironment(world, 'Elsewhere'))
  const option = await done(own.post({ string_value: 'a' }))
  const other = await createWorld('Neighbours')
  const member = await addColleague(world)
  const before = await dumpAtRest()
  const uuid = `multivariate/options/get-by-uuid/${option.uuid}/`
  for (const [auth, status] of [
    [other.keyAuth, 404],
    [member.auth, 404],
  ] as const) {
    for (const [method, path] of [
      ['GET', own.list],
      ['POST', own.list],
      ['GET', `${own.list}${option.id}/`],
      ['PUT', `${own.list}${option.id}/`],
      ['PATCH', `${own.list}${option.id}/`],
      ['DELETE', `${own.list}${option.id}/`],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {}
      expect((await world.api(method, path, body, auth)).status).toBe(status)
    }
    expect((await world.api('GET', uuid, undefined, auth)).status).toBe(404)
  }
  for (const list of [sibling.list, elsewhere.list]) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'PUT' || method === 'PATCH' ? { string_value: 'b' } : undefined
      expect((await world.api(method, `${list}${option.id}/`, body)).status).toBe(404)
    }
  }
  const crossed = `projects/${place.project.id}/features/${elsewhere.state.feature}/mv-options/`
  expect((await world.api('GET', crossed)).status).toBe(404)
  expect((await world.api('POST', crossed, {})).status).toBe(404)
  expect(await dumpAtRest()).toBe(before)
})
