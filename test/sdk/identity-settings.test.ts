/** Settings that change what an identity sees or may say (sdk-api §3, §4), and the attack on them. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
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

afterEach(async () => {
  await world.configure({
    hideDisabledFlags: null,
    hideSensitiveData: false,
    allowClientTraits: true,
  })
})

const names = (flags: Flag[]) => flags.map((flag) => flag.feature.name)

/** Every way to a flag of `identifier`, as the names of what is seen. */
const seenBy = async (identifier: string, key: string) => {
  const posted = await world.identify({ identifier }, key)
  const legacy: IdentityView = await (await world.get(`/identities/${identifier}/`, key)).json()
  const listed: Flag[] = await (await world.get(`/flags/${identifier}`, key)).json()
  expect([names(legacy.flags), names(listed)]).toEqual([names(posted.flags), names(posted.flags)])
  return names(posted.flags)
}

describe('hide_disabled_flags', () => {
  it('gotcha 18: hides what is off after overrides, for both kinds of key', async () => {
    await world.identify({ identifier: 'ada', traits: traits({ plan: 'gold' }) })
    await world.override('ada', world.checkoutId, { enabled: false })
    await world.configure({ hideDisabledFlags: true })
    expect(await seenBy('ada', world.clientKey)).toEqual(['banner'])
    expect(await seenBy('ada', world.serverKey)).toEqual(['banner', 'secret_limit'])
    expect(await seenBy('ben', world.clientKey)).toEqual(['checkout'])
    const one = await world.get('/identities/?identifier=ada&feature=checkout')
    expect(one.status).toBe(404)
  })

  it('gotcha 18: of the environment, when it is set, goes before the project', async () => {
    const project = (hideDisabledFlags: boolean) => world.configureProject({ hideDisabledFlags })
    await project(true)
    expect(await seenBy('cleo', world.clientKey)).toEqual(['checkout'])
    await world.configure({ hideDisabledFlags: false })
    expect(await seenBy('cleo', world.clientKey)).toEqual(['banner', 'checkout', 'off'])
    await project(false)
  })
})

describe('a server-key-only feature', () => {
  it('gotcha 17: is not there for client-side keys, whatever hides or shows', async () => {
    for (const hideDisabledFlags of [false, true]) {
      await world.configure({ hideDisabledFlags })
      expect(await seenBy('dan', world.clientKey)).not.toContain('secret_limit')
      expect(await seenBy('dan', world.serverKey)).toContain('secret_limit')
    }
    for (const path of [
      '/identities/?identifier=dan&feature=secret_limit',
      '/flags/dan?feature=secret_limit',
      `/flags/${world.secretId}/multivariate-options/`,
    ]) {
      expect((await world.get(path)).status).toBe(404)
      expect((await world.get(path, world.serverKey)).status).toBe(200)
    }
  })
})

describe('hide_sensitive_data', () => {
  const hidden = {
    id: null,
    environment: null,
    identity: null,
    feature_segment: null,
    feature: {
      created_date: null,
      description: null,
      initial_value: null,
      default_enabled: null,
      id: expect.any(Number),
      name: expect.any(String),
      type: expect.any(String),
    },
    enabled: expect.any(Boolean),
  }

  it('gotcha 19: nulls the same on every flag and empties traits, on GET and POST', async () => {
    const sent = { identifier: 'eva', traits: traits({ plan: 'gold' }) }
    await world.identify(sent)
    await world.override('eva', world.checkoutId, { value: 'own' })
    await world.configure({ hideSensitiveData: true })
    const got: IdentityView = await (await world.get('/identities/?identifier=eva')).json()
    for (const body of [
      got,
      await world.identify(sent),
      await world.identify(sent, world.serverKey),
    ]) {
      expect(body.identifier).toBe('eva')
      expect(body.traits).toEqual([])
      for (const flag of body.flags) expect(flag).toMatchObject(hidden)
      expect(byName(body.flags, 'banner').feature_state_value).toBe('golden')
      expect(byName(body.flags, 'checkout').variant).not.toBeUndefined()
    }
    const one = await (await world.get('/identities/?identifier=eva&feature=banner')).json()
    expect(one).toMatchObject(hidden)
  })

  it('holds on the legacy endpoints too, where the original forgets it', async () => {
    await world.identify({ identifier: 'finn', traits: traits({ plan: 'gold', visits: 3 }) })
    await world.configure({ hideSensitiveData: true })
    const legacy = (await (await world.get('/identities/finn/')).json()) as IdentityView & {
      segments: unknown[]
    }
    expect([legacy.traits, legacy.segments]).toEqual([[], []])
    const listed: Flag[] = await (await world.get('/flags/finn')).json()
    for (const flag of [...legacy.flags, ...listed]) expect(flag).toMatchObject(hidden)
    const bulk = [{ identity: { identifier: 'finn' }, trait_key: 'a', trait_value: 1 }]
    expect(await (await world.sendJson('PUT', '/traits/bulk/', bulk)).json()).toEqual([])
    const increment = { identifier: 'finn', trait_key: 'visits', increment_by: 1 }
    const sum = await world.sendJson('POST', '/traits/increment-value/', increment)
    expect(await sum.json()).toEqual({ trait_key: 'visits', trait_value: null, identifier: 'finn' })
    expect(await world.storedTraits('finn')).toMatchObject({ a: '1', visits: '4' })
  })
})

describe('allow_client_traits off: the attack of raising plan=silver to gold from a browser', () => {
  /** Every request a browser could try, as mallory. */
  const attempts: [string, string, string, unknown][] = [
    ['a trait', 'POST', '/identities/', { identifier: 'mal', traits: traits({ plan: 'gold' }) }],
    [
      'a transient trait',
      'POST',
      '/identities/',
      { identifier: 'mal', traits: [{ trait_key: 'plan', trait_value: 'gold', transient: true }] },
    ],
    [
      'a transient identity',
      'POST',
      '/identities/',
      { identifier: 'mal', transient: true, traits: traits({ plan: 'gold' }) },
    ],
    ['a deletion', 'POST', '/identities/', { identifier: 'mal', traits: traits({ plan: null }) }],
    ['an anonymous identity', 'POST', '/identities/', { traits: traits({ plan: 'gold' }) }],
    [
      'the legacy trait',
      'POST',
      '/traits/',
      { identity: { identifier: 'mal' }, trait_key: 'plan', trait_value: 'gold' },
    ],
    [
      'the legacy list of traits',
      'PUT',
      '/traits/bulk/',
      [{ identity: { identifier: 'mal' }, trait_key: 'plan', trait_value: 'gold' }],
    ],
    [
      'the legacy list with a deletion',
      'PUT',
      '/traits/bulk/',
      [{ identity: { identifier: 'mal' }, trait_key: 'plan', trait_value: null }],
    ],
    [
      'an increment',
      'POST',
      '/traits/increment-value/',
      { identifier: 'mal', trait_key: 'credits', increment_by: 1_000 },
    ],
    ['the trait by its path', 'POST', '/identities/mal/traits/plan', { trait_value: 'gold' }],
    [
      'an overwrite in bulk',
      'POST',
      '/bulk-identities/',
      { data: [{ identifier: 'mal', traits: traits({ plan: 'gold' }) }] },
    ],
    [
      'a merge in bulk',
      'PUT',
      '/bulk-identities',
      { data: [{ identifier: 'mal', traits: traits({ plan: 'gold' }) }] },
    ],
  ]

  it.each(attempts)('fails with %s', async (_name, method, path, body) => {
    const stored = { plan: 'silver', credits: 1 }
    await world.identify({ identifier: 'mal', traits: traits(stored) }, world.serverKey)
    await world.configure({ allowClientTraits: false })
    const response = await world.sendJson(method, path, body)
    const answer = (await response.json()) as Partial<IdentityView>
    if (path === '/identities/') {
      // gotcha 10: silently ignored here, refused elsewhere.
      expect(response.status).toBe(200)
      expect(byName(answer.flags ?? [], 'banner').enabled).toBe(false)
      if (answer.identifier === 'mal') expect(asObject(answer.traits ?? [])).toEqual(stored)
    } else {
      expect(response.status).toBe(400)
      expect(answer).toEqual({ non_field_errors: ['Setting traits not allowed with client key.'] })
    }
    expect(await world.storedTraits('mal')).toEqual({ plan: '"silver"', credits: '1' })
  })

  it('leaves server-side keys free on every endpoint', async () => {
    await world.configure({ allowClientTraits: false })
    for (const [, method, path, body] of attempts) {
      const response = await world.sendJson(method, path, body, world.serverKey)
      expect(response.status).toBeLessThan(300)
    }
    expect(await world.storedTraits('mal')).toEqual({ plan: '"gold"' })
  })

  it('still makes the identity, and gives an anonymous one a new name each time', async () => {
    await world.configure({ allowClientTraits: false })
    await world.identify({ identifier: 'mona', traits: traits({ plan: 'gold' }) })
    expect(await world.storedIdentity('mona')).toBeDefined()
    const sent = { traits: traits({ plan: 'gold' }) }
    const [first, second] = [await world.identify(sent), await world.identify(sent)]
    expect(first.identifier).not.toBe(second.identifier)
    const wrong = await world.post({ identifier: 'mona', traits: [{}] })
    expect(wrong.status).toBe(400)
  })
})

describe('an organisation that is stopped', () => {
  it('is refused on every endpoint with its own text', async () => {
    await world.configureOrganisation({ stopServingFlags: true })
    for (const [method, path] of [
      ['GET', '/identities/?identifier=a'],
      ['POST', '/identities/'],
      ['GET', '/identities/a/'],
      ['GET', '/flags/a'],
      ['POST', '/traits/'],
      ['PUT', '/traits/bulk/'],
      ['POST', '/traits/increment-value/'],
      ['POST', '/identities/a/traits/b'],
      ['PUT', '/bulk-identities'],
    ] as const) {
      const response = await world.send(method, path)
      expect(response.status).toBe(403)
      expect(await response.json()).toEqual({
        detail: 'Organisation is disabled from serving flags.',
      })
    }
    await world.configureOrganisation({ stopServingFlags: false })
  })
})
