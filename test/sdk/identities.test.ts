/** `/identities/`: shapes, modes, what is stored and what is not (contract sdk-api §2.2, §7). */
import { beforeAll, describe, expect, it } from 'vitest'
import { timestamp } from '../support/admin.ts'
import {
  asObject,
  byName,
  createIdentityWorld,
  type IdentityView,
  type IdentityWorld,
  traits,
} from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

describe('POST /identities/', () => {
  it('answers identifier, traits and flags in the contract shape and order', async () => {
    for (const path of ['/identities/', '/identities']) {
      const response = await world.sendJson('POST', path, {
        identifier: 'ann',
        traits: traits({ plan: 'silver' }),
      })
      expect(response.status).toBe(200)
      expect(response.headers.get('Content-Type')).toBe('application/json')
      const text = await response.text()
      const body = JSON.parse(text)
      expect(Object.keys(body)).toEqual(['identifier', 'traits', 'flags'])
      expect(body.traits).toEqual([
        { id: expect.any(Number), trait_key: 'plan', trait_value: 'silver', transient: false },
      ])
      expect(body.flags[0]).toEqual({
        id: world.stateId,
        feature: {
          id: world.featureId,
          name: 'banner',
          created_date: timestamp,
          description: null,
          initial_value: 'blue',
          default_enabled: false,
          type: 'STANDARD',
        },
        feature_state_value: 'blue',
        environment: world.environmentId,
        identity: null,
        feature_segment: null,
        enabled: false,
        variant: null,
      })
      expect(Object.keys(body.flags[0]).at(-1)).toBe('variant')
      expect(text).not.toContain(': ')
    }
  })

  it('serves the segment override to those its traits lead to', async () => {
    const { flags } = await world.identify({ identifier: 'gina', traits: traits({ plan: 'gold' }) })
    const banner = byName(flags, 'banner')
    expect(banner).toMatchObject({ enabled: true, feature_state_value: 'golden' })
    expect(banner.feature_segment).toBe(world.featureSegmentId)
    expect(banner.id).not.toBe(world.stateId)
  })

  it('gotcha 40: an identity override beats the segment, and names identity and state', async () => {
    await world.identify({ identifier: 'olaf', traits: traits({ plan: 'gold' }) })
    const { state } = await world.override('olaf', world.featureId, {
      value: 'own',
      enabled: false,
    })
    const { flags } = await world.identify({ identifier: 'olaf' })
    const { id: identity } = (await world.storedIdentity('olaf')) ?? {}
    expect(byName(flags, 'banner')).toMatchObject({
      id: state.id,
      identity,
      feature_segment: null,
      feature_state_value: 'own',
      enabled: false,
    })
    const other = await world.identify({ identifier: 'olga' })
    expect(byName(other.flags, 'banner').feature_state_value).toBe('blue')
  })

  it('gotcha 11: lists the full merged set, in stored order, each with a boolean transient', async () => {
    await world.identify({ identifier: 'carl', traits: traits({ a: 1, b: 2 }) })
    const body = await world.identify({
      identifier: 'carl',
      traits: [
        { trait_key: 'c', trait_value: 3 },
        { trait_key: 'a', trait_value: 9, transient: true },
      ],
    })
    expect(body.traits).toEqual([
      { id: null, trait_key: 'a', trait_value: 9, transient: true },
      { id: expect.any(Number), trait_key: 'b', trait_value: 2, transient: false },
      { id: expect.any(Number), trait_key: 'c', trait_value: 3, transient: false },
    ])
    expect(await world.storedTraits('carl')).toEqual({ a: '1', b: '2', c: '3' })
  })

  it('gotcha 8: a null value deletes the stored trait, and one that is not there is no error', async () => {
    await world.identify({ identifier: 'dora', traits: traits({ plan: 'gold', age: 30 }) })
    const body = await world.identify({
      identifier: 'dora',
      traits: traits({ plan: null, nothing: null }),
    })
    expect(asObject(body.traits)).toEqual({ age: 30 })
    expect(byName(body.flags, 'banner').enabled).toBe(false)
    expect(await world.storedTraits('dora')).toEqual({ age: '30' })
  })

  it('a transient null masks a stored trait for this evaluation only', async () => {
    await world.identify({ identifier: 'emma', traits: traits({ plan: 'gold' }) })
    const sent = [{ trait_key: 'plan', trait_value: null, transient: true }]
    const masked = await world.identify({ identifier: 'emma', traits: sent })
    expect(masked.traits).toEqual([
      { id: null, trait_key: 'plan', trait_value: null, transient: true },
    ])
    expect(byName(masked.flags, 'banner').enabled).toBe(false)
    const after = await world.identify({ identifier: 'emma' })
    expect(byName(after.flags, 'banner').enabled).toBe(true)
    expect((await world.identify({ identifier: 'emma2', traits: sent })).traits).toEqual([])
  })

  it('a trait with the same value keeps its row; a changed one keeps its id', async () => {
    const first = await world.identify({ identifier: 'fred', traits: traits({ a: 1, b: 'x' }) })
    const again = await world.identify({ identifier: 'fred', traits: traits({ a: 1, b: 'y' }) })
    expect(again.traits.map((trait) => trait.id)).toEqual(first.traits.map((trait) => trait.id))
    expect(await world.storedTraits('fred')).toEqual({ a: '1', b: '"y"' })
  })

  it('of a key sent twice the last value counts, once', async () => {
    const { traits: answered } = await world.identify({
      identifier: 'hans',
      traits: [...traits({ a: 1, b: 2 }), ...traits({ a: 3 })],
    })
    expect(answered.map((trait) => [trait.trait_key, trait.trait_value])).toEqual([
      ['a', 3],
      ['b', 2],
    ])
  })

  it('gotcha 12: trims identifier and trait key, never the value', async () => {
    const body = await world.identify({
      identifier: '  ivan ',
      traits: [{ trait_key: ' plan\n', trait_value: ' gold ' }],
    })
    expect(body.identifier).toBe('ivan')
    expect(asObject(body.traits)).toEqual({ plan: ' gold ' })
    expect(byName(body.flags, 'banner').enabled).toBe(false)
    expect(await world.storedIdentity('ivan')).toBeDefined()
  })

  it('escapes what is not ASCII in identifier and traits', async () => {
    const response = await world.post({ identifier: 'jörg', traits: traits({ größe: '😀' }) })
    const text = await response.text()
    expect(text).toContain('"identifier":"j\\u00f6rg"')
    expect(text).toContain('"trait_key":"gr\\u00f6\\u00dfe","trait_value":"\\ud83d\\ude00"')
    expect((JSON.parse(text) as IdentityView).identifier).toBe('jörg')
  })

  it('is never cached and tells of the document as a float', async () => {
    const { headers } = await world.post({ identifier: 'kate' })
    expect(headers.get('X-Flagsmith-Document-Updated-At')).toMatch(/^\d+\.\d+$/)
    expect(headers.get('Cache-Control')).toContain('no-store')
    expect(headers.get('Vary')).toContain('X-Environment-Key')
    expect(headers.get('Flagsmith-Version')).toMatch(/^\d+\.\d+\.\d+$/)
  })
})

describe('GET /identities/', () => {
  it('gotcha 4: without an identifier it is 200 with a detail, and without the header', async () => {
    for (const path of ['/identities/', '/identities/?identifier=', '/identities']) {
      const response = await world.get(path)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ detail: 'Missing identifier' })
      expect(response.headers.has('X-Flagsmith-Document-Updated-At')).toBe(false)
    }
  })

  it('makes the identity, and answers the stored traits of one that is there', async () => {
    await world.get('/identities/?identifier=lena')
    expect(await world.storedIdentity('lena')).toBeDefined()
    await world.identify({ identifier: 'lena', traits: traits({ plan: 'gold' }) })
    const body: IdentityView = await (await world.get('/identities?identifier=lena')).json()
    expect(asObject(body.traits)).toEqual({ plan: 'gold' })
    expect(byName(body.flags, 'banner').enabled).toBe(true)
  })

  it('gotcha 12: takes the identifier verbatim', async () => {
    const body: IdentityView = await (await world.get('/identities/?identifier=%20mia%20')).json()
    expect(body.identifier).toBe(' mia ')
    expect(await world.storedIdentity(' mia ')).toBeDefined()
  })

  it('gotcha 5: any value of transient is transient', async () => {
    for (const value of ['true', 'false', '0', 'x']) {
      const path = `/identities/?identifier=nina${value}&transient=${value}`
      expect((await world.get(path)).status).toBe(200)
      expect(await world.storedIdentity(`nina${value}`)).toBeUndefined()
    }
    await world.get('/identities/?identifier=nina&transient=')
    expect(await world.storedIdentity('nina')).toBeDefined()
  })

  it('gotcha 6: transient here ignores the stored identity, on POST it loads it', async () => {
    await world.identify({ identifier: 'otto', traits: traits({ plan: 'gold' }) })
    await world.override('otto', world.checkoutId, { value: 'own' })
    const got: IdentityView = await (
      await world.get('/identities/?identifier=otto&transient=true')
    ).json()
    expect(got.traits).toEqual([])
    expect(byName(got.flags, 'banner').enabled).toBe(false)
    expect(byName(got.flags, 'checkout').identity).toBeNull()
    const posted = await world.identify({ identifier: 'otto', transient: true })
    expect(asObject(posted.traits)).toEqual({ plan: 'gold' })
    expect(byName(posted.flags, 'banner').enabled).toBe(true)
    expect(byName(posted.flags, 'checkout').identity).not.toBeNull()
  })

  it('gotcha 16: ?feature= compares exactly, answers one object, and the header on both', async () => {
    const one = await world.get('/identities/?identifier=paul&feature=banner')
    expect(one.status).toBe(200)
    expect(((await one.json()) as { variant: null }).variant).toBeNull()
    const none = await world.get('/identities/?identifier=paul&feature=BANNER')
    expect(none.status).toBe(404)
    expect(await none.json()).toEqual({ detail: 'Given feature not found' })
    for (const { headers } of [one, none]) {
      expect(headers.get('X-Flagsmith-Document-Updated-At')).toMatch(/^\d+\.\d+$/)
    }
  })

  it('refuses an identifier that cannot be stored', async () => {
    const errors = async (identifier: string) => {
      const response = await world.get(`/identities/?identifier=${identifier}`)
      return [response.status, await response.json()]
    }
    expect(await errors('x'.repeat(2_001))).toEqual([
      400,
      { identifier: ['Ensure this field has no more than 2000 characters.'] },
    ])
    expect(await errors('a%00b')).toEqual([
      400,
      { identifier: ['Null characters are not allowed.'] },
    ])
  })
})

describe('variants', () => {
  it('gotcha 14: the key of the option, control for none, null for keyless and for standard', async () => {
    const flagsOf = async (identifier: string) => (await world.identify({ identifier })).flags
    const seen = new Set<string>()
    for (let n = 0; n < 20; n++) {
      const flag = byName(await flagsOf(`split ${n}`), 'checkout')
      seen.add(`${flag.variant}: ${flag.feature_state_value}`)
    }
    expect([...seen].sort()).toEqual(['control: control value', 'short: short form'])
    const standard = byName(await flagsOf('split 1'), 'banner')
    expect(standard.variant).toBeNull()
  })

  it('an identity override of a multivariate feature can choose an option without a key', async () => {
    await world.identify({ identifier: 'quin' })
    const { shares } = await world.override('quin', world.checkoutId, {})
    const [short, long] = shares
    await world.identify({ identifier: 'rosa' })
    await world.override('rosa', world.checkoutId, {
      shares: [
        { optionId: short?.optionId ?? 0, percentageAllocation: 0 },
        { optionId: long?.optionId ?? 0, percentageAllocation: 100 },
      ],
    })
    const { flags } = await world.identify({ identifier: 'rosa' })
    expect(byName(flags, 'checkout')).toMatchObject({
      feature_state_value: 'long form',
      variant: null,
    })
  })
})
