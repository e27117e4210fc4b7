/** The legacy endpoints, row by row, with their failures (contract sdk-api §2.3). */
import { beforeAll, describe, expect, it } from 'vitest'
import { createIdentityWorld, type IdentityWorld, traits } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
  await world.identify({ identifier: 'ann', traits: traits({ plan: 'gold', visits: 2 }) })
})

const trait = (trait_value: unknown, rest: object = {}) => ({
  identity: { identifier: 'ann' },
  trait_key: 'k',
  trait_value,
  ...rest,
})

const required = ['This field is required.']
const notInteger = ['A valid integer is required.']
const tooLong = ['Value string is too long. Must be less than 2000 character']
const noClient = { non_field_errors: ['Setting traits not allowed with client key.'] }
const noStorage = { detail: 'Organisation is not authorised to store traits.' }

type Row = [name: string, method: string, path: string, body: unknown, expected: unknown]

const taken: Row[] = [
  ['POST /traits/ echoes the trait', 'POST', '/traits/', trait(5), trait(5)],
  [
    'PUT /traits/bulk/ sets and deletes, and answers all traits of each identity',
    'PUT',
    '/traits/bulk/',
    [trait(6), trait(null, { trait_key: 'visits' })],
    expect.arrayContaining([trait(6), trait('gold', { trait_key: 'plan' })]),
  ],
  [
    'POST /traits/increment-value/ starts from 0',
    'POST',
    '/traits/increment-value/',
    { trait_key: 'fresh', increment_by: 3, identifier: 'ann' },
    { trait_key: 'fresh', trait_value: 3, identifier: 'ann' },
  ],
  [
    'POST /traits/increment-value/ goes down too',
    'POST',
    '/traits/increment-value/',
    { trait_key: 'fresh', increment_by: -5, identifier: 'ann' },
    { trait_key: 'fresh', trait_value: -2, identifier: 'ann' },
  ],
  [
    'POST /identities/{identifier}/traits/{trait_key} answers the trait',
    'POST',
    '/identities/ann/traits/k',
    { trait_value: 7 },
    { id: expect.any(Number), trait_key: 'k', trait_value: 7, transient: false },
  ],
]

it.each(taken)('§2.3: %s', async (_name, method, path, body, expected) => {
  const response = await world.sendJson(method, path, body)
  expect([response.status, await response.json()]).toEqual([200, expected])
})

const refused: Row[] = [
  [
    'a null value',
    'POST',
    '/traits/',
    trait(null),
    { trait_value: ['This field may not be null.'] },
  ],
  [
    'a missing identifier',
    'POST',
    '/traits/',
    trait(1, { identity: {} }),
    { identity: { identifier: required } },
  ],
  ['a value too long', 'POST', '/traits/', trait('x'.repeat(2_001)), { trait_value: tooLong }],
  ['what is no list', 'PUT', '/traits/bulk/', trait(1), { detail: 'Invalid request data' }],
  ['a list of other things', 'PUT', '/traits/bulk/', ['x'], { detail: 'Invalid request data' }],
  [
    // The original fails on it with a 500.
    'a deletion for nobody',
    'PUT',
    '/traits/bulk/',
    [{ trait_key: 'k', trait_value: null }],
    [{ identity: required }],
  ],
  [
    'an increment of text',
    'POST',
    '/traits/increment-value/',
    { trait_key: 'plan', increment_by: 1, identifier: 'ann' },
    ['Trait is not an integer.'],
  ],
  [
    'an increment that is none',
    'POST',
    '/traits/increment-value/',
    { trait_key: 'fresh', increment_by: 'x', identifier: 'ann' },
    { increment_by: notInteger },
  ],
  [
    'a trait without value',
    'POST',
    '/identities/ann/traits/k',
    {},
    { detail: 'Trait value not provided' },
  ],
]

it.each(refused)('§2.3: %s is a 400', async (_name, method, path, body, expected) => {
  const response = await world.sendJson(method, path, body)
  expect([response.status, await response.json()]).toEqual([400, expected])
})

const writers: [string, string, unknown][] = [
  ['POST', '/traits/', trait(1)],
  ['PUT', '/traits/bulk/', [trait(1)]],
  ['POST', '/traits/increment-value/', { trait_key: 'fresh', increment_by: 1, identifier: 'ann' }],
  ['POST', '/identities/ann/traits/k', { trait_value: 1 }],
]

describe.each(writers)('%s %s', (method, path, body) => {
  const answer = async (key: string) => {
    const response = await world.sendJson(method, path, body, key)
    return [response.status, await response.json()]
  }

  it('§2.3: is a 400 for a client-side key that may not set traits, never for a server-side one', async () => {
    await world.configure({ allowClientTraits: false })
    expect(await answer(world.clientKey)).toEqual([400, noClient])
    expect((await answer(world.serverKey))[0]).toBe(200)
    await world.configure({ allowClientTraits: true })
  })

  it('§2.3: is a 403 where the organisation stores no traits', async () => {
    await world.configureOrganisation({ persistTraitData: false })
    expect(await answer(world.serverKey)).toEqual([403, noStorage])
    await world.configureOrganisation({ persistTraitData: true })
  })
})

type Flags = { feature: { name: string }; feature_state_value: unknown; variant?: unknown }[]

const legacy = async (path: string) => (await world.get(path)).json()

it.each(['/identities/ann/', '/identities/ann/x', '/identities/a.b_c-d@e/'])(
  '§2.3: GET %s answers flags, traits and segments',
  async (path) => {
    const body = (await legacy(path)) as object
    expect(Object.keys(body)).toEqual(['flags', 'traits', 'segments'])
  },
)

it('§2.3: GET /identities/{identifier}/ names all matching segments, and makes the identity', async () => {
  expect(await legacy('/identities/ann/')).toMatchObject({
    segments: [{ id: world.segmentId, name: 'gold', description: 'pays' }],
  })
  await world.get('/identities/brand.new/')
  expect(await world.storedIdentity('brand.new')).toBeDefined()
})

it('§2.3: the legacy flags have control values and no variant', async () => {
  for (let n = 0; n < 8; n++) {
    const { flags } = (await legacy(`/identities/split-${n}/`)) as { flags: Flags }
    for (const list of [flags, (await legacy(`/flags/split-${n}`)) as Flags]) {
      const flag = list.find((one) => one.feature.name === 'checkout')
      expect([flag?.feature_state_value, flag && 'variant' in flag]).toEqual([
        'control value',
        false,
      ])
    }
  }
})

it('§2.3: GET /flags/{identifier} resolves overrides; ?feature= is one object or 404', async () => {
  const flags = (await legacy('/flags/ann')) as Flags
  expect(flags.find((one) => one.feature.name === 'banner')?.feature_state_value).toBe('golden')
  expect(await legacy('/flags/ann?feature=banner')).toMatchObject({ feature_state_value: 'golden' })
  const response = await world.get('/flags/ann?feature=x')
  expect([response.status, await response.json()]).toEqual([
    404,
    { detail: 'Given feature not found' },
  ])
})

it('§2.3: GET /flags/{feature_id}/multivariate-options/ answers control and options, or 404', async () => {
  expect(await legacy(`/flags/${world.checkoutId}/multivariate-options/`)).toEqual({
    control_value: 'control value',
    options: [{ value: 'short form' }, { value: 'long form' }],
  })
  const response = await world.get('/flags/999999/multivariate-options/')
  expect([response.status, await response.json()]).toEqual([
    404,
    { detail: 'No Feature matches the given query.' },
  ])
})
