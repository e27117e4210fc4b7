/** Anonymous, transient and persisted identities: what each reads, writes and answers (§2.2, §7). */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import {
  asObject,
  byName,
  createIdentityWorld,
  type IdentityWorld,
  traits,
} from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const countIdentities = async (): Promise<number> => {
  const row = await env.DB.prepare('SELECT count(*) AS n FROM identities').first<{ n: number }>()
  return row?.n ?? 0
}

/**
 * How often the database is asked for an identity while something is done: every round trip, to read
 * or to write, selects its row once. What else the server does meanwhile does not count.
 */
async function countRoundTrips(work: () => Promise<unknown>): Promise<number> {
  const prepare = vi.spyOn(env.DB, 'prepare')
  try {
    await work()
    const queries = prepare.mock.calls.map(([query]) => query)
    return queries.filter((query) => /^select [^(]* from "identities"/.test(query)).length
  } finally {
    prepare.mockRestore()
  }
}

describe('an anonymous identity', () => {
  it('gotcha 7: is named by the SHA-256 of its traits, in the order of their keys', async () => {
    const sent = traits({ plan: 'gold', age: 30, share: 0.5, admin: true, gone: null })
    for (const identifier of [undefined, null, '', '  ']) {
      const body = await world.identify({ identifier, traits: sent })
      expect(body.identifier).toBe(await sha256Hex('adminTrueage30plangoldshare0.5'))
    }
    const shuffled = await world.identify({ traits: sent.toReversed() })
    expect(shuffled.identifier).toBe(await sha256Hex('adminTrueage30plangoldshare0.5'))
  })

  it('gotcha 7: orders keys by code points, and counts traits that are all null as traits', async () => {
    const sent = traits({ '😀': 1, '\uffff': 2, a: 3, ab: 4 })
    const { identifier } = await world.identify({ traits: sent })
    expect(identifier).toBe(await sha256Hex('a3ab4\uffff2😀1'))
    const none = await world.identify({ traits: traits({ a: null }) })
    expect(none.identifier).toBe(await sha256Hex(''))
  })

  it('without traits is somebody else each time, 32 hex digits', async () => {
    const first = await world.identify({})
    const second = await world.identify({ traits: [] })
    expect(first.identifier).toMatch(/^[0-9a-f]{32}$/)
    expect(second.identifier).not.toBe(first.identifier)
  })

  it('is evaluated with its traits, which come back transient and without those that are null', async () => {
    const body = await world.identify({ traits: traits({ plan: 'gold', gone: null }) })
    expect(body.traits).toEqual([
      { id: null, trait_key: 'plan', trait_value: 'gold', transient: true },
    ])
    expect(byName(body.flags, 'banner')).toMatchObject({ enabled: true, identity: null })
  })

  it('neither reads nor writes the database', async () => {
    const before = await countIdentities()
    expect(await countRoundTrips(() => world.identify({ traits: traits({ plan: 'gold' }) }))).toBe(
      0,
    )
    expect(await countIdentities()).toBe(before)
  })
})

describe('a transient identity', () => {
  it('that nobody stored is evaluated with what it brings, and not stored', async () => {
    const body = await world.identify({
      identifier: 'passing',
      transient: true,
      traits: traits({ plan: 'gold', gone: null }),
    })
    expect(body.identifier).toBe('passing')
    expect(body.traits).toEqual([
      { id: null, trait_key: 'plan', trait_value: 'gold', transient: true },
    ])
    expect(byName(body.flags, 'banner').enabled).toBe(true)
    expect(await world.storedIdentity('passing')).toBeUndefined()
  })

  it('that is stored has its traits and overrides; what it brings wins and is not stored', async () => {
    await world.identify({ identifier: 'tess', traits: traits({ plan: 'gold', age: 30 }) })
    const body = await world.identify({
      identifier: 'tess',
      transient: true,
      traits: traits({ plan: 'silver', city: 'Rome' }),
    })
    expect(body.traits).toEqual([
      { id: null, trait_key: 'plan', trait_value: 'silver', transient: true },
      { id: expect.any(Number), trait_key: 'age', trait_value: 30, transient: false },
      { id: null, trait_key: 'city', trait_value: 'Rome', transient: true },
    ])
    expect(byName(body.flags, 'banner').enabled).toBe(false)
    expect(await world.storedTraits('tess')).toEqual({ plan: '"gold"', age: '30' })
  })

  it('costs one round trip on POST, none again within a second, and none on GET', async () => {
    await world.identify({ identifier: 'uwe' })
    const posted = () => world.identify({ identifier: 'uwe', transient: true })
    expect(await countRoundTrips(posted)).toBe(1)
    expect(await countRoundTrips(posted)).toBe(0)
    const got = () => world.get('/identities/?identifier=uwe&transient=1')
    expect(await countRoundTrips(got)).toBe(0)
  })

  it('is answered with what this isolate stored last, and with overrides as they are published', async () => {
    const look = () => world.identify({ identifier: 'ute', transient: true })
    expect((await look()).traits).toEqual([])
    await world.identify({ identifier: 'ute', traits: traits({ a: 1 }) })
    expect(asObject((await look()).traits)).toEqual({ a: 1 })
    const one = { identity: { identifier: 'ute' }, trait_key: 'a', trait_value: 2 }
    await world.sendJson('POST', '/traits/', one)
    expect(asObject((await look()).traits)).toEqual({ a: 2 })
    await world.sendJson('PUT', '/traits/bulk/', [{ ...one, trait_value: 3 }])
    expect(asObject((await look()).traits)).toEqual({ a: 3 })
    const increment = { identifier: 'ute', trait_key: 'a', increment_by: 1 }
    await world.sendJson('POST', '/traits/increment-value/', increment)
    expect(asObject((await look()).traits)).toEqual({ a: 4 })
    await world.override('ute', world.featureId, { value: 'own' })
    await world.publish()
    expect(byName((await look()).flags, 'banner').feature_state_value).toBe('own')
  })

  it('is never older than a second, whoever changed it', async () => {
    const look = () => world.identify({ identifier: 'udo', transient: true })
    await world.identify({ identifier: 'udo', traits: traits({ a: 1 }) })
    await look()
    await env.DB.prepare("DELETE FROM identities WHERE identifier = 'udo'").run()
    await new Promise((resolve) => setTimeout(resolve, 1_001))
    expect((await look()).traits).toEqual([])
  })
})

describe('a persisted identity', () => {
  it('costs one round trip when nothing differs, and a second one to write what does', async () => {
    const sent = { identifier: 'vera', traits: traits({ a: 1, b: 'x' }) }
    expect(await countRoundTrips(() => world.identify(sent))).toBe(2)
    expect(await countRoundTrips(() => world.identify(sent))).toBe(1)
    expect(await countRoundTrips(() => world.get('/identities/?identifier=vera'))).toBe(1)
    const changed = { ...sent, traits: traits({ a: 2 }) }
    expect(await countRoundTrips(() => world.identify(changed))).toBe(2)
  })

  it('of a deleted and remade identity does not inherit the overrides of the former', async () => {
    await world.identify({ identifier: 'walt' })
    await world.override('walt', world.featureId, { enabled: true, value: 'old' })
    await env.DB.prepare('DELETE FROM identities WHERE identifier = ?').bind('walt').run()
    for (const time of ['made', 'found']) {
      const { flags } = await world.identify({ identifier: 'walt' })
      expect([time, byName(flags, 'banner')]).toMatchObject([
        time,
        { enabled: false, identity: null },
      ])
    }
  })
})

describe('an organisation that stores no traits', () => {
  it('gets them evaluated and answered over the stored ones, and none written or deleted', async () => {
    await world.identify({ identifier: 'xena', traits: traits({ plan: 'silver', age: 30 }) })
    await world.configureOrganisation({ persistTraitData: false })
    try {
      const sent = traits({ plan: 'gold', city: 'Rome', age: null })
      const body = await world.identify({ identifier: 'xena', traits: sent })
      expect(asObject(body.traits)).toEqual({ plan: 'gold', age: 30, city: 'Rome' })
      expect(byName(body.flags, 'banner').enabled).toBe(true)
      expect(await world.storedTraits('xena')).toEqual({ plan: '"silver"', age: '30' })
      await world.identify({ identifier: 'yann', traits: sent })
      expect(await world.storedIdentity('yann')).toBeDefined()
      expect(await world.storedTraits('yann')).toEqual({})
    } finally {
      await world.configureOrganisation({ persistTraitData: true })
    }
  })
})

describe('splitting (sdk-api §6.1)', () => {
  /** The variant of `checkout`, for several identities. */
  const variants = async (body: (n: number) => object): Promise<(string | null)[]> =>
    Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        return byName((await world.identify(body(n))).flags, 'checkout').variant
      }),
    )

  it('gotcha 34: hashes the composite key with the client-side key, whichever key asks', async () => {
    const withServerKey = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const { flags } = await world.identify({ identifier: `key ${n}` }, world.serverKey)
        return byName(flags, 'checkout').variant
      }),
    )
    expect(await variants((n) => ({ identifier: `key ${n}` }))).toEqual(withServerKey)
    expect(new Set(withServerKey).size).toBe(2)
    expect(await variants((n) => ({ identifier: `key ${n}`, transient: true }))).toEqual(
      withServerKey,
    )
  })

  it('without composite keys hashes the id, and one key for all who have none', async () => {
    await world.configure({ useIdentityCompositeKeyForHashing: false })
    try {
      const stored = await variants((n) => ({ identifier: `id ${n}` }))
      expect(new Set(stored).size).toBe(2)
      expect(await variants((n) => ({ identifier: `id ${n}`, transient: true }))).toEqual(stored)
      const passing = await variants((n) => ({ identifier: `nobody ${n}`, transient: true }))
      expect(new Set(passing).size).toBe(1)
    } finally {
      await world.configure({ useIdentityCompositeKeyForHashing: true })
    }
  })
})
