/** Many requests for one identity at the same time: nothing is doubled and nothing lost. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createIdentityWorld, type IdentityWorld, traits } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const rowsOf = async (identifier: string) => {
  const { results } = await env.DB.prepare('SELECT id FROM identities WHERE identifier = ?')
    .bind(identifier)
    .all()
  return results.length
}

const times = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)))

describe('fifty requests at once', () => {
  it('for one new identity make one row, and every trait is stored', async () => {
    const answers = await times(50, (n) =>
      world.identify({ identifier: 'crowd', traits: traits({ [`k${n}`]: n, shared: n }) }),
    )
    expect(await rowsOf('crowd')).toBe(1)
    const stored = await world.storedTraits('crowd')
    for (let n = 0; n < 50; n++) expect(stored[`k${n}`]).toBe(String(n))
    expect(Object.keys(stored)).toHaveLength(51)
    expect(Number(stored.shared)).toBeGreaterThanOrEqual(0)
    for (const [n, { traits: own }] of answers.entries()) {
      expect(own).toContainEqual({
        id: expect.any(Number),
        trait_key: `k${n}`,
        trait_value: n,
        transient: false,
      })
    }
  })

  it('that only read one new identity make one row', async () => {
    const responses = await times(50, () => world.get('/identities/?identifier=looked-at'))
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]))
    expect(await rowsOf('looked-at')).toBe(1)
  })

  it('through every endpoint that makes an identity still make one', async () => {
    const identity = { identifier: 'everywhere' }
    await times(
      40,
      (n) =>
        [
          (): Promise<unknown> => world.identify(identity),
          () => world.get('/identities/everywhere/'),
          () => world.get('/flags/everywhere'),
          () => world.sendJson('POST', '/traits/', { identity, trait_key: 'a', trait_value: n }),
          () => world.sendJson('POST', '/identities/everywhere/traits/b', { trait_value: n }),
          () => world.sendJson('POST', '/bulk-identities', { data: [identity] }),
        ][n % 6]?.() ?? Promise.resolve(),
    )
    expect(await rowsOf('everywhere')).toBe(1)
  })

  it('that set and delete leave each trait as one of them left it', async () => {
    await times(50, (n) =>
      world.identify({ identifier: 'torn', traits: traits({ a: n % 2 ? null : n, b: n }) }),
    )
    const stored = await world.storedTraits('torn')
    expect(Number(stored.b)).toBeLessThan(50)
    await world.identify({ identifier: 'torn', traits: traits({ a: null, b: 7 }) })
    expect(await world.storedTraits('torn')).toEqual({ b: '7' })
  })

  it('never bring an identity above its thousand traits', async () => {
    const hundred = (n: number) =>
      traits(Object.fromEntries(Array.from({ length: 100 }, (_, k) => [`k${n}-${k}`, 1])))
    const responses = await times(20, (n) =>
      world.post({ identifier: 'greedy', traits: hundred(n) }),
    )
    const statuses = responses.map((response) => response.status).sort()
    expect(statuses).toEqual([...Array(10).fill(200), ...Array(10).fill(400)])
    expect(Object.keys(await world.storedTraits('greedy'))).toHaveLength(1_000)
  })
})

it('an identity deleted between the read and the write of a request is made again', async () => {
  await world.identify({ identifier: 'ghost', traits: traits({ a: 1 }) })
  await times<unknown>(20, (n) =>
    n % 2
      ? world.identify({ identifier: 'ghost', traits: traits({ a: n }) })
      : env.DB.prepare('DELETE FROM identities WHERE identifier = ?').bind('ghost').run(),
  )
  await world.identify({ identifier: 'ghost', traits: traits({ a: 5 }) })
  expect(await rowsOf('ghost')).toBe(1)
  expect(await world.storedTraits('ghost')).toEqual({ a: '5' })
})
