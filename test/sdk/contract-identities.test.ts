/** `/identities/`, row by row (contract sdk-api §2.2, §3, §7). */
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import {
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

const shown = (view: IdentityView) =>
  view.traits.map(({ id, trait_key, trait_value, transient }) => [
    trait_key,
    trait_value,
    transient,
    id === null ? 'no id' : 'id',
  ])

describe('GET /identities/', () => {
  const read = async (query: string): Promise<[number, unknown]> => {
    const response = await world.get(`/identities/${query}`)
    return [response.status, await response.json()]
  }

  it.each(['', '?identifier=', '?identifier', '?other=1'])(
    '§2.2: "%s" has no identifier, which is 200 with a detail',
    async (query) => {
      expect(await read(query)).toEqual([200, { detail: 'Missing identifier' }])
    },
  )

  it.each(['true', 'false', '0', 'no', '%20'])(
    '§2.2: transient=%s reads and stores nothing',
    async (value) => {
      await world.identify({ identifier: 'known', traits: traits({ plan: 'gold' }) })
      const [, known] = await read(`?identifier=known&transient=${value}`)
      expect(known).toMatchObject({ identifier: 'known', traits: [] })
      expect(byName((known as IdentityView).flags, 'banner').enabled).toBe(false)
      await read(`?identifier=passing${value}&transient=${value}`)
      expect(await world.storedIdentity(decodeURIComponent(`passing${value}`))).toBeUndefined()
    },
  )

  it('§2.2: otherwise the identity is fetched or created, with its stored traits', async () => {
    await read('?identifier=made')
    expect(await world.storedIdentity('made')).toBeDefined()
    await world.identify({ identifier: 'made', traits: traits({ plan: 'gold' }) })
    const [, made] = await read('?identifier=made')
    expect(shown(made as IdentityView)).toEqual([['plan', 'gold', false, 'id']])
    expect(byName((made as IdentityView).flags, 'banner').enabled).toBe(true)
  })

  it('§2.2: feature=NAME is one object by its exact name, else 404', async () => {
    const [status, flag] = await read('?identifier=made&feature=checkout')
    expect([status, (flag as Flag).feature.name]).toEqual([200, 'checkout'])
    for (const name of ['Checkout', 'CHECKOUT', 'nothing', 'secret_limit']) {
      expect(await read(`?identifier=made&feature=${name}`)).toEqual([
        404,
        { detail: 'Given feature not found' },
      ])
    }
  })

  it('§2.2: the identifier is taken as it comes, spaces and all', async () => {
    for (const [query, identifier] of [
      ['%20pat%20', ' pat '],
      ['a+b@x', 'a b@x'],
      ['a%2Bb@x', 'a+b@x'],
      ['%F0%9F%98%80', '😀'],
    ]) {
      expect((await read(`?identifier=${query}`))[1]).toMatchObject({ identifier })
    }
  })
})

describe('POST /identities/ of an anonymous identity', () => {
  it.each([undefined, null, '', ' '])(
    '§2.2: identifier %j is named by its traits',
    async (blank) => {
      const sent = traits({ b: 1.5, a: true, c: null, d: 'x' })
      const view = await world.identify({ identifier: blank, traits: sent })
      expect(view.identifier).toBe(await sha256Hex('aTrueb1.5dx'))
      expect(shown(view)).toEqual([
        ['b', 1.5, true, 'no id'],
        ['a', true, true, 'no id'],
        ['d', 'x', true, 'no id'],
      ])
      expect(await world.storedIdentity(view.identifier)).toBeUndefined()
    },
  )

  it('§2.2: without traits it has a random name of 32 hex digits', async () => {
    const names = [await world.identify({}), await world.identify({ traits: [] })].map(
      (view) => view.identifier,
    )
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
    expect(new Set(names).size).toBe(2)
  })
})

describe('POST /identities/ of a transient identity', () => {
  it('§2.2: stored traits merge with those of the request, which win and are transient', async () => {
    await world.identify({ identifier: 'tess', traits: traits({ a: 1, b: 2 }) })
    const sent = { identifier: 'tess', transient: true, traits: traits({ b: 3, c: 4 }) }
    expect(shown(await world.identify(sent))).toEqual([
      ['a', 1, false, 'id'],
      ['b', 3, true, 'no id'],
      ['c', 4, true, 'no id'],
    ])
    expect(await world.storedTraits('tess')).toEqual({ a: '1', b: '2' })
  })

  it('§2.2: one that is not stored stays so', async () => {
    const sent = { identifier: 'nobody', transient: true, traits: traits({ a: 1 }) }
    expect(shown(await world.identify(sent))).toEqual([['a', 1, true, 'no id']])
    expect(await world.storedIdentity('nobody')).toBeUndefined()
  })
})

type WriteRow = [name: string, sent: object[], stored: Record<string, string>, answer: unknown[][]]

const passing = (trait_key: string, trait_value: unknown) => ({
  trait_key,
  trait_value,
  transient: true,
})

const writes: WriteRow[] = [
  [
    'a new key is created, behind the stored ones',
    traits({ new: 1 }),
    { kept: '1', plan: '"gold"', new: '1' },
    [
      ['kept', 1, false],
      ['plan', 'gold', false],
      ['new', 1, false],
    ],
  ],
  [
    'another value updates in its place',
    traits({ kept: 2 }),
    { kept: '2', plan: '"gold"' },
    [
      ['kept', 2, false],
      ['plan', 'gold', false],
    ],
  ],
  [
    'another type of the same value updates',
    traits({ kept: '1' }),
    { kept: '"1"', plan: '"gold"' },
    [
      ['kept', '1', false],
      ['plan', 'gold', false],
    ],
  ],
  [
    'null deletes, and is no error for what is not there',
    traits({ plan: null, nothing: null }),
    { kept: '1' },
    [['kept', 1, false]],
  ],
  [
    'a transient trait counts for this request only',
    [passing('plan', 'silver'), passing('more', 1)],
    { kept: '1', plan: '"gold"' },
    [
      ['kept', 1, false],
      ['plan', 'silver', true],
      ['more', 1, true],
    ],
  ],
  [
    'a transient null masks the stored one and is listed',
    [passing('plan', null)],
    { kept: '1', plan: '"gold"' },
    [
      ['kept', 1, false],
      ['plan', null, true],
    ],
  ],
]

describe('POST /identities/ of a persisted identity', () => {
  it.each(writes)('§2.2: %s', async (name, sent, stored, answer) => {
    const base = traits({ kept: 1, plan: 'gold' })
    await world.identify({ identifier: name, traits: base })
    const view = await world.identify({ identifier: name, traits: sent })
    expect(shown(view).map((row) => row.slice(0, 3))).toEqual(answer)
    expect(await world.storedTraits(name)).toEqual(stored)
  })

  it('§2.2: it is made with a client-side key too, even where client traits are not allowed', async () => {
    await world.configure({ allowClientTraits: false })
    const view = await world.identify({ identifier: 'made anyway', traits: traits({ a: 1 }) })
    expect(view.traits).toEqual([])
    expect(await world.storedIdentity('made anyway')).toBeDefined()
    const server = await world.identify(
      { identifier: 'made anyway', traits: traits({ a: 1 }) },
      world.serverKey,
    )
    expect(server.traits).toHaveLength(1)
    await world.configure({ allowClientTraits: true })
  })

  it('§3: without persist_trait_data traits count and are not stored or deleted', async () => {
    await world.identify({ identifier: 'kept', traits: traits({ plan: 'gold' }) })
    await world.configureOrganisation({ persistTraitData: false })
    const view = await world.identify({ identifier: 'kept', traits: traits({ plan: null, b: 1 }) })
    expect(view.traits.map((trait) => trait.trait_key)).toEqual(['plan', 'b'])
    expect(await world.storedTraits('kept')).toEqual({ plan: '"gold"' })
    await world.configureOrganisation({ persistTraitData: true })
  })
})

describe('the answer of /identities/', () => {
  it('§2.2: has identifier, traits and flags in this order, flags with variant last', async () => {
    const view = await world.identify({ identifier: 'ann', traits: traits({ a: 1 }) })
    expect(Object.keys(view)).toEqual(['identifier', 'traits', 'flags'])
    expect(Object.keys(view.traits[0] ?? {})).toEqual([
      'id',
      'trait_key',
      'trait_value',
      'transient',
    ])
    for (const flag of view.flags) {
      expect(Object.keys(flag)).toEqual([
        'id',
        'feature',
        'feature_state_value',
        'environment',
        'identity',
        'feature_segment',
        'enabled',
        'variant',
      ])
    }
  })

  it('§2.2: names the winning state, its identity and its segment link', async () => {
    const gold = await world.identify({ identifier: 'winner', traits: traits({ plan: 'gold' }) })
    const bySegment = byName(gold.flags, 'banner')
    expect([bySegment.identity, bySegment.feature_segment]).toEqual([null, world.featureSegmentId])
    expect(bySegment.id).not.toBe(world.stateId)
    const { state } = await world.override('winner', world.featureId, { value: 'own' })
    const own = byName((await world.identify({ identifier: 'winner' })).flags, 'banner')
    const { id } = (await world.storedIdentity('winner')) ?? {}
    expect([own.id, own.identity, own.feature_segment]).toEqual([state.id, id, null])
    const { flags } = await world.identify({ identifier: 'loser' })
    expect(byName(flags, 'banner').id).toBe(world.stateId)
  })
})
