/** `/bulk-identities` (sdk-api §2.8). */
import { beforeAll, describe, expect, it } from 'vitest'
import { createIdentityWorld, type IdentityWorld, traits } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const item = (identifier: string, values: Record<string, unknown>, more: object = {}) => ({
  identifier,
  traits: traits(values),
  ...more,
})

const send = (method: string, data: unknown, key = world.serverKey) =>
  world.sendJson(method, '/bulk-identities/', { data }, key)

describe('bulk identities', () => {
  it('POST leaves each identity with these traits and no others', async () => {
    await world.identify({ identifier: 'ann', traits: traits({ a: 1, b: 2 }) })
    const { id } = (await world.storedIdentity('ann')) ?? {}
    const response = await send('POST', [item('ann', { b: 3, c: 4 }), item('bob', {})])
    expect([response.status, await response.text()]).toEqual([202, ''])
    expect(await world.storedTraits('ann')).toEqual({ b: '3', c: '4' })
    expect((await world.storedIdentity('ann'))?.id).toBe(id)
    expect(await world.storedIdentity('bob')).toBeDefined()
    await send('POST', [{ identifier: 'ann' }])
    expect(await world.storedTraits('ann')).toEqual({})
  })

  it('PUT adds to what an identity has, and null removes', async () => {
    await world.identify({ identifier: 'cid', traits: traits({ a: 1, b: 2 }) })
    expect((await send('PUT', [item('cid', { a: null, b: 3, c: 4 })])).status).toBe(202)
    expect(await world.storedTraits('cid')).toEqual({ b: '3', c: '4' })
  })

  it('takes an identity that is listed twice: the last overwrites, merges add up', async () => {
    await send('POST', [item('dee', { a: 1 }), item('dee', { b: 2 })])
    expect(await world.storedTraits('dee')).toEqual({ b: '2' })
    await send('PUT', [item('dee', { a: 1, c: 1 }), item('dee', { c: 2 })])
    expect(await world.storedTraits('dee')).toEqual({ a: '1', b: '2', c: '2' })
  })

  it('stores nothing that is transient, identity or trait', async () => {
    const passing = { trait_key: 'p', trait_value: 1, transient: true }
    await send('PUT', [
      item('eli', { a: 1 }, { transient: true }),
      { identifier: 'fay', traits: [passing, ...traits({ a: 1 })] },
    ])
    expect(await world.storedIdentity('eli')).toBeUndefined()
    expect(await world.storedTraits('fay')).toEqual({ a: '1' })
  })

  it('takes a hundred and no more, and says so in plain text', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => item(`many ${n}`, { n, plan: 'gold', half: 0.5 }))
    expect((await send('POST', many(100))).status).toBe(202)
    expect(await world.storedTraits('many 99')).toEqual({ n: '99', plan: '"gold"', half: '0.5' })
    const response = await send('POST', many(101))
    expect(response.headers.get('Content-Type')).toContain('text/plain')
    expect([response.status, await response.text()]).toEqual([
      400,
      'Number of identities must not be more than 100',
    ])
  })

  it('makes identities but no traits where the organisation stores none', async () => {
    await world.identify({ identifier: 'gus', traits: traits({ a: 1 }) })
    await world.configureOrganisation({ persistTraitData: false })
    for (const method of ['POST', 'PUT']) {
      const data = [item('gus', { a: 2, b: 2 }), item(`hal ${method}`, { a: 1 })]
      expect((await send(method, data)).status).toBe(202)
      expect(await world.storedTraits('gus')).toEqual({ a: '1' })
      expect(await world.storedTraits(`hal ${method}`)).toEqual({})
      expect(await world.storedIdentity(`hal ${method}`)).toBeDefined()
    }
    await world.configureOrganisation({ persistTraitData: true })
  })

  it('refuses fields item by item and stores none of them', async () => {
    const refusal = async (body: unknown) => {
      const response = await world.sendJson('PUT', '/bulk-identities', body)
      return [response.status, await response.json()]
    }
    const required = ['This field is required.']
    const data = [item('ida', { a: 1 }), {}, 'x', item('jan', { a: 2 ** 40 })]
    expect(await refusal({ data })).toEqual([
      400,
      {
        data: [
          {},
          { identifier: required },
          { non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] },
          {
            traits: [{ trait_value: ['Ensure this value is less than or equal to 2147483647.'] }],
          },
        ],
      },
    ])
    expect(await world.storedIdentity('ida')).toBeUndefined()
    expect(await refusal({})).toEqual([400, { data: required }])
    expect(await refusal({ data: {} })).toEqual([
      400,
      { data: { non_field_errors: ['Expected a list of items but got type "dict".'] } },
    ])
  })

  it('refuses the whole of what would give an identity more than a thousand traits', async () => {
    const many = (prefix: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, n]))
    await send('PUT', [item('kim', many('a', 999))])
    const response = await send('PUT', [item('kim', many('b', 2)), item('leo', { a: 1 })])
    expect(response.status).toBe(400)
    expect(Object.keys(await world.storedTraits('kim'))).toHaveLength(999)
    expect(await world.storedIdentity('leo')).toBeUndefined()
  })
})
