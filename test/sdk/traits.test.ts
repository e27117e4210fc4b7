/** The legacy `/traits/` endpoints (sdk-api §2.3). */
import { beforeAll, describe, expect, it } from 'vitest'
import { createIdentityWorld, type IdentityWorld, traits } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const trait = (identifier: string, trait_key: string, trait_value: unknown) => ({
  identity: { identifier },
  trait_key,
  trait_value,
})

const answer = async (method: string, path: string, body: unknown) => {
  const response = await world.sendJson(method, path, body)
  return [response.status, await response.json()]
}

const required = ['This field is required.']

describe('POST /traits/', () => {
  const post = (body: unknown) => answer('POST', '/traits/', body)

  it('stores the trait, makes the identity, and echoes in its own key order', async () => {
    for (const path of ['/traits/', '/traits']) {
      const response = await world.sendJson('POST', path, trait(' amy ', 'plan', 'gold'))
      expect(response.status).toBe(200)
      expect(await response.text()).toBe(
        '{"identity":{"identifier":"amy"},"trait_value":"gold","trait_key":"plan"}',
      )
    }
    await post(trait('amy', 'plan', 5))
    expect(await world.storedTraits('amy')).toEqual({ plan: '5' })
  })

  it.each<[string, unknown, unknown]>([
    ['a null value', trait('a', 'k', null), { trait_value: ['This field may not be null.'] }],
    ['no value', { identity: { identifier: 'a' }, trait_key: 'k' }, { trait_value: required }],
    ['no identity', { trait_key: 'k', trait_value: 1 }, { identity: required }],
    [
      'no identifier',
      { identity: {}, trait_key: 'k', trait_value: 1 },
      { identity: { identifier: required } },
    ],
    [
      'an identity that is text',
      { identity: 'a', trait_key: 'k', trait_value: 1 },
      { identity: { non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] } },
    ],
    [
      'a long value',
      trait('a', 'k', 'x'.repeat(2_001)),
      { trait_value: ['Value string is too long. Must be less than 2000 character'] },
    ],
    ['a list', [], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
    ['nothing', null, { non_field_errors: ['No data provided'] }],
  ])('refuses %s', async (_name, body, expected) => {
    expect(await post(body)).toEqual([400, expected])
  })
})

describe('PUT /traits/bulk/', () => {
  const put = (body: unknown) => answer('PUT', '/traits/bulk/', body)

  it('sets and deletes for several identities, and answers all traits of each', async () => {
    await world.identify({ identifier: 'bea', traits: traits({ old: 1, gone: 2 }) })
    const body = [
      trait('bea', 'plan', 'gold'),
      trait('bea', 'gone', null),
      trait('bob', 'plan', 'silver'),
      trait('bob', 'plan', 'bronze'),
      { identity: { identifier: 'nobody' }, trait_key: 'nothing' },
    ]
    const response = await world.sendJson('PUT', '/traits/bulk', body)
    expect(response.status).toBe(200)
    const sent = await response.text()
    expect(sent.startsWith('[{"identity":{"identifier":"bea"},"trait_value":1,')).toBe(true)
    expect(JSON.parse(sent)).toEqual([
      trait('bea', 'old', 1),
      trait('bea', 'plan', 'gold'),
      trait('bob', 'plan', 'bronze'),
    ])
    expect(await world.storedIdentity('nobody')).toBeUndefined()
  })

  it('refuses what is no list of objects with a detail, and items one by one', async () => {
    for (const body of [{}, 'x', null, 5, ['x'], [null], [[]]]) {
      expect(await put(body)).toEqual([400, { detail: 'Invalid request data' }])
    }
    expect(await put([trait('a', 'k', 1), { trait_key: 'k' }, trait('a', ' ', 1)])).toEqual([
      400,
      [{}, { identity: required }, { trait_key: ['This field may not be blank.'] }],
    ])
    expect(await world.storedIdentity('a')).toBeUndefined()
  })

  it('takes an empty list, a thousand items, a hundred identities, and no more', async () => {
    expect(await put([])).toEqual([200, []])
    const many = (count: number, spread: number) =>
      Array.from({ length: count }, (_, n) => trait(`many ${n % spread}`, `k${n}`, n))
    expect((await put(many(1_000, 100)))[0]).toBe(200)
    expect((await put(many(1_001, 1)))[0]).toBe(400)
    expect((await put(many(101, 101)))[0]).toBe(400)
    expect((await put([trait('full', 'one', 1)]))[0]).toBe(200)
    const more = many(1_000, 1).map((item) => ({ ...item, identity: { identifier: 'full' } }))
    expect(await put(more)).toEqual([
      400,
      { non_field_errors: ['Ensure this field has no more than 1000 elements.'] },
    ])
    expect(await world.storedTraits('full')).toEqual({ one: '1' })
  })
})

describe('POST /traits/increment-value/', () => {
  const path = '/traits/increment-value/'
  const post = (body: unknown) => answer('POST', path, body)
  const by = (increment_by: unknown, trait_key = 'visits') => ({
    trait_key,
    increment_by,
    identifier: 'cat',
  })

  it('starts from 0, goes up and down, as JSON and as a form', async () => {
    const first = await world.sendJson('POST', path, by(3))
    expect(await first.text()).toBe('{"trait_key":"visits","trait_value":3,"identifier":"cat"}')
    expect(await post(by(-5))).toEqual([
      200,
      { trait_key: 'visits', trait_value: -2, identifier: 'cat' },
    ])
    const form = await world.send('POST', path, {
      body: 'trait_key=visits&increment_by=4&identifier=cat',
      type: 'application/x-www-form-urlencoded',
    })
    expect(await form.json()).toMatchObject({ trait_value: 2 })
  })

  it('refuses a trait that is no integer with a bare list, and sums beyond 32 bits', async () => {
    await world.identify({ identifier: 'cat', traits: traits({ plan: 'gold', half: 0.5 }) })
    for (const key of ['plan', 'half']) {
      expect(await post(by(1, key))).toEqual([400, ['Trait is not an integer.']])
    }
    await post(by(2147483647, 'max'))
    expect((await post(by(1, 'max')))[0]).toBe(400)
    expect(await world.storedTraits('cat')).toMatchObject({ plan: '"gold"', max: '2147483647' })
  })

  it('refuses bad fields one by one', async () => {
    for (const wrong of ['x', 1.5, true, [], '']) {
      const expected = { increment_by: ['A valid integer is required.'] }
      expect(await post(by(wrong))).toEqual([400, expected])
    }
    expect(await post({})).toEqual([
      400,
      { trait_key: required, increment_by: required, identifier: required },
    ])
    expect(await post(by(2 ** 31))).toEqual([
      400,
      { increment_by: ['Ensure this value is less than or equal to 2147483647.'] },
    ])
  })

  it('counts every one of fifty increments at the same time', async () => {
    await Promise.all(Array.from({ length: 50 }, () => post(by(1, 'clicks'))))
    expect(await world.storedTraits('cat')).toMatchObject({ clicks: '50' })
  })
})

describe('an organisation that stores no traits', () => {
  it('is told so by each of them, before the body is read', async () => {
    await world.configureOrganisation({ persistTraitData: false })
    for (const [method, path] of [
      ['POST', '/traits/'],
      ['PUT', '/traits/bulk/'],
      ['POST', '/traits/increment-value/'],
      ['POST', '/identities/dot/traits/plan'],
    ] as const) {
      expect(await answer(method, path, { trait_value: 1 })).toEqual([
        403,
        { detail: 'Organisation is not authorised to store traits.' },
      ])
    }
    await world.configureOrganisation({ persistTraitData: true })
  })
})
