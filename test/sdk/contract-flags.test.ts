/** `/flags/` and analytics, row by row (contract sdk-api §2.1, §2.5). */
import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { newFeature, write } from '../support/world.ts'
import { byName, createIdentityWorld, type Flag, type IdentityWorld } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
  for (const [name, initialValue] of [
    ['an integer', '12'],
    ['a negative integer', '-3'],
    ['a boolean', 'true'],
    ['a fraction', '12.34'],
    ['nothing', null],
  ] as const) {
    await write(world.organisationId, 'feature.create', {
      projectId: world.projectId,
      feature: { ...newFeature(name), initialValue, description: name },
    })
  }
  await world.publish()
})

afterEach(async () => {
  await world.configure({ hideDisabledFlags: null })
})

const list = async (key = world.clientKey): Promise<Flag[]> =>
  (await world.get('/flags/', key)).json()

const names = (flags: Flag[]) => flags.map((flag) => flag.feature.name)

const keys = [
  'id',
  'feature',
  'feature_state_value',
  'environment',
  'identity',
  'feature_segment',
  'enabled',
]
const featureKeys = [
  'id',
  'name',
  'created_date',
  'description',
  'initial_value',
  'default_enabled',
  'type',
]

it('§2.1: the list has every default once, by id, with the keys in their order', async () => {
  const flags = await list(world.serverKey)
  expect(names(flags).slice(0, 4)).toEqual(['banner', 'secret_limit', 'checkout', 'off'])
  const ids = flags.map((flag) => flag.id ?? 0)
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))
  for (const flag of flags) {
    expect(Object.keys(flag)).toEqual(keys)
    expect(Object.keys(flag.feature)).toEqual(featureKeys)
    expect([flag.identity, flag.feature_segment]).toEqual([null, null])
  }
})

it.each([
  ['an integer', 12, '12'],
  ['a negative integer', -3, '-3'],
  ['a boolean', true, 'true'],
  ['a fraction', '12.34', '12.34'],
  ['nothing', null, null],
])(
  '§2.1: a value that is %s is %j, its initial value text or null',
  async (name, value, initial) => {
    const flag = byName(await list(), name)
    expect(flag.feature_state_value).toBe(value)
    expect(flag.feature).toMatchObject({ initial_value: initial, description: name })
  },
)

it('§2.1: asks for neither segments nor identities, and makes none', async () => {
  await world.identify({
    identifier: 'ann',
    traits: [{ trait_key: 'plan', trait_value: 'gold' }],
  })
  const before = await env.DB.prepare('SELECT count(*) AS n FROM identities').first('n')
  const response = await world.get('/flags/?identifier=ann')
  expect(byName(await response.json(), 'banner').feature_state_value).toBe('blue')
  expect(await env.DB.prepare('SELECT count(*) AS n FROM identities').first('n')).toBe(before)
})

describe('§2.1: the filters', () => {
  it('gotcha 17: hiding disabled flags does not bring server-only ones back', async () => {
    await world.configure({ hideDisabledFlags: true })
    expect(names(await list(world.clientKey))).toEqual(['checkout'])
    expect(names(await list(world.serverKey))).toEqual(['secret_limit', 'checkout'])
  })

  it('§2.1: apply to ?feature= too, which is a 404 then', async () => {
    const notFound = [404, { detail: 'Given feature not found' }]
    const ask = async (name: string, key: string) => {
      const response = await world.get(`/flags/?feature=${name}`, key)
      return [response.status, await response.json()]
    }
    expect(await ask('secret_limit', world.clientKey)).toEqual(notFound)
    expect((await ask('secret_limit', world.serverKey))[0]).toBe(200)
    await world.configure({ hideDisabledFlags: true })
    expect(await ask('banner', world.serverKey)).toEqual(notFound)
  })
})

describe('§2.1: ?feature=', () => {
  it.each(['banner', 'BANNER', 'BaNNer'])(
    '§2.1: %s is one object, whatever its case',
    async (name) => {
      const flag = (await (await world.get(`/flags/?feature=${name}`)).json()) as Flag
      expect([Object.keys(flag), flag.feature.name]).toEqual([keys, 'banner'])
    },
  )

  it('§2.1: empty is the first flag', async () => {
    const flag = (await (await world.get('/flags/?feature=')).json()) as Flag
    expect(flag.feature.name).toBe('banner')
  })

  it.each(['bann', 'banner%20', 'banner%25', '__proto__'])('§2.1: %s is nobody', async (name) => {
    const response = await world.get(`/flags/?feature=${name}`)
    expect([response.status, await response.json()]).toEqual([
      404,
      { detail: 'Given feature not found' },
    ])
  })
})

describe('POST /api/v1/analytics/flags/', () => {
  const post = (body: string, key = world.clientKey) =>
    world.send('POST', '/analytics/flags/', { key, body, type: 'application/json' })

  it('§2.5: is 200 with neither body nor type, for either key', async () => {
    for (const key of [world.clientKey, world.serverKey]) {
      const response = await post('{"banner":2,"unknown":1}', key)
      expect([response.status, await response.text()]).toEqual([200, ''])
      expect(response.headers.get('Content-Type')).toBeNull()
    }
  })

  it.each(['true', '"1"', '1.5', '1.0', 'null', '[]', '{}'])(
    '§2.5: skips the count %s in silence',
    async (count) => {
      expect((await post(`{"banner":${count},"checkout":1}`)).status).toBe(200)
    },
  )

  it.each([
    ['[]', 'Expected a JSON object.'],
    ['"x"', 'Expected a JSON object.'],
    ['1', 'Expected a JSON object.'],
    ['1.0', 'Expected a JSON object.'],
    ['true', 'Expected a JSON object.'],
    ['null', 'No data provided'],
  ])('§2.5: refuses %s', async (body, message) => {
    const response = await post(body)
    expect([response.status, await response.json()]).toEqual([400, { non_field_errors: [message] }])
  })
})

describe('POST /api/v2/analytics/flags/', () => {
  const post = async (body: unknown) => {
    const response = await exports.default.fetch('http://localhost/api/v2/analytics/flags/', {
      method: 'POST',
      headers: { 'X-Environment-Key': world.clientKey, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    return [response.status, text === '' ? '' : JSON.parse(text)]
  }
  const evaluation = { feature_name: 'banner', enabled_when_evaluated: true, count: 1 }
  const required = ['This field is required.']

  it.each<[string, unknown[]]>([
    ['an empty list', []],
    ['a known feature', [evaluation]],
    ['an identity', [{ ...evaluation, identity_identifier: 'ann' }]],
    ['an unknown feature', [{ ...evaluation, feature_name: 'unknown' }]],
  ])('§2.5: version 2 takes %s with an empty 204', async (_name, evaluations) => {
    expect(await post({ evaluations })).toEqual([204, ''])
  })

  it.each<[string, unknown, unknown]>([
    ['no list', {}, { evaluations: required }],
    [
      'an item without fields',
      { evaluations: [{}] },
      {
        evaluations: [
          { feature_name: required, enabled_when_evaluated: required, count: required },
        ],
      },
    ],
    [
      'a null identity',
      { evaluations: [{ ...evaluation, identity_identifier: null }] },
      { evaluations: [{ identity_identifier: ['This field may not be null.'] }] },
    ],
  ])('§2.5: version 2 refuses %s', async (_name, body, errors) => {
    expect(await post(body)).toEqual([400, errors])
  })
})
