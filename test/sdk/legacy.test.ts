/** The legacy endpoints with an identifier or a feature in their path (sdk-api §2.3). */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  asObject,
  byName,
  createIdentityWorld,
  type Flag,
  type IdentityView,
  type IdentityWorld,
  traits,
} from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const notFound = { detail: 'Not found.' }

describe('GET /identities/{identifier}/', () => {
  it('answers flags, traits and all matching segments, whatever follows the slash', async () => {
    await world.identify({ identifier: 'anna@example.com', traits: traits({ plan: 'gold' }) })
    for (const rest of ['', '/', '/anything', '/any/thing/']) {
      const response = await world.get(`/identities/anna@example.com${rest}`)
      expect(response.status).toBe(200)
      const body = (await response.json()) as IdentityView & { segments: unknown }
      expect(Object.keys(body)).toEqual(['flags', 'traits', 'segments'])
      expect(byName(body.flags, 'banner')).toMatchObject({
        enabled: true,
        feature_state_value: 'golden',
        feature_segment: world.featureSegmentId,
      })
      expect(asObject(body.traits)).toEqual({ plan: 'gold' })
      expect(body.segments).toEqual([{ id: world.segmentId, name: 'gold', description: 'pays' }])
    }
  })

  it('makes the identity, and serves the control value without a variant', async () => {
    for (let n = 0; n < 5; n++) {
      const body: IdentityView = await (await world.get(`/identities/new-${n}/`)).json()
      const flag = byName(body.flags, 'checkout')
      expect(flag.feature_state_value).toBe('control value')
      expect(flag).not.toHaveProperty('variant')
    }
    expect(await world.storedIdentity('new-1')).toBeDefined()
  })

  it('takes letters, digits, _ - @ % and ., encoded or not, and nothing else', async () => {
    for (const name of ['zo%C3%AB', 'a%25b', 'a.b_c-d']) {
      expect((await world.get(`/identities/${name}/`)).status).toBe(200)
    }
    for (const name of ['a%20b', 'a%2Fb', 'a%00b', 'a+b', '%F0%9F%98%80', 'x'.repeat(2_001)]) {
      const response = await world.get(`/identities/${name}/`)
      expect([response.status, await response.json()]).toEqual([404, notFound])
    }
  })
})

describe('POST /identities/{identifier}/traits/{trait_key}', () => {
  const path = '/identities/berta/traits/plan'

  it('stores the trait and answers it with its id', async () => {
    const response = await world.sendJson('POST', path, { trait_value: 'gold' })
    expect(response.status).toBe(200)
    expect(await response.text()).toMatch(
      /^{"id":\d+,"trait_key":"plan","trait_value":"gold","transient":false}$/,
    )
    expect(await world.storedTraits('berta')).toEqual({ plan: '"gold"' })
  })

  it('refuses a missing value with a detail, a bad one by field, a bad key as no path', async () => {
    const post = async (body: unknown, at = path) => {
      const response = await world.sendJson('POST', at, body)
      return [response.status, await response.json()]
    }
    const missing = [400, { detail: 'Trait value not provided' }]
    for (const body of [{}, [], 'x', null]) expect(await post(body)).toEqual(missing)
    expect(await post({ trait_value: null })).toEqual([
      400,
      { trait_value: ['This field may not be null.'] },
    ])
    expect(await post({ trait_value: 2 ** 40 })).toEqual([
      400,
      { trait_value: ['Ensure this value is less than or equal to 2147483647.'] },
    ])
    expect(await post({ trait_value: 1 }, '/identities/berta/traits/a%20b')).toEqual([
      404,
      notFound,
    ])
    expect(await post({ trait_value: 1 }, `/identities/berta/traits/${'x'.repeat(201)}`)).toEqual([
      400,
      { trait_key: ['Ensure this field has no more than 200 characters.'] },
    ])
  })
})

describe('GET /flags/{identifier}', () => {
  it('answers the flags with overrides resolved, control values and no variant', async () => {
    await world.identify({ identifier: 'cora', traits: traits({ plan: 'gold' }) })
    for (const path of ['/flags/cora', '/flags/cora/']) {
      const flags: Flag[] = await (await world.get(path)).json()
      expect(byName(flags, 'banner').feature_state_value).toBe('golden')
      expect(byName(flags, 'checkout').feature_state_value).toBe('control value')
      expect(flags[0]).not.toHaveProperty('variant')
    }
    await world.get('/flags/brand-new')
    expect(await world.storedIdentity('brand-new')).toBeDefined()
  })

  it('gotcha 16: ?feature= is one object, whatever its case, or 404', async () => {
    const one = (await (await world.get('/flags/cora?feature=BANNER')).json()) as Flag
    expect(one.feature.name).toBe('banner')
    const none = await world.get('/flags/cora?feature=nothing')
    expect([none.status, await none.json()]).toEqual([404, { detail: 'Given feature not found' }])
  })
})

describe('GET /flags/{feature_id}/multivariate-options/', () => {
  it('answers the control value and the values of the options', async () => {
    for (const slash of ['', '/']) {
      const path = `/flags/${world.checkoutId}/multivariate-options${slash}`
      expect(await (await world.get(path)).json()).toEqual({
        control_value: 'control value',
        options: [{ value: 'short form' }, { value: 'long form' }],
      })
    }
  })

  it('answers 404 for a feature that is unknown or of another project', async () => {
    const other = await createIdentityWorld()
    for (const id of ['999999', 'x', '0', '__proto__', String(other.checkoutId)]) {
      const response = await world.get(`/flags/${id}/multivariate-options/`)
      expect([response.status, await response.json()]).toEqual([
        404,
        { detail: 'No Feature matches the given query.' },
      ])
    }
  })
})
