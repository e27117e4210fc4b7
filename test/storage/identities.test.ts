/** Identities and traits as rows: sets of them in single statements. */
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import {
  deleteOtherTraits,
  deleteTraits,
  guardTraitCount,
  incrementTrait,
  insertIdentities,
  isTraitCountExceeded,
  maxTraits,
  selectIdentities,
  selectTraits,
  upsertTraits,
} from '../../src/storage/identities.ts'

let lastEnvironment = 1_000

/** An environment that no other test knows, with one identity `ann`. */
async function start() {
  const db = openDatabase(env.DB)
  const environmentId = ++lastEnvironment
  await insertIdentities(db, environmentId, { identifiers: ['ann'], now: 1 })
  const set = (traits: Record<string, string>, identifier = 'ann') =>
    upsertTraits(db, environmentId, {
      rows: [
        { identifier, traits: Object.entries(traits).map(([key, value]) => ({ key, value })) },
      ],
      now: 2,
    })
  const stored = async (identifier = 'ann') =>
    Object.fromEntries(
      (await selectTraits(db, { environmentId, identifier })).map(({ key, value }) => [key, value]),
    )
  return { db, environmentId, set, stored }
}

it('values keep the text they were written with: types, fractions and escapes', async () => {
  const { set, stored } = await start()
  const values = {
    text: '"x"',
    quoted: '"a\\"b\\\\c\\n"',
    unicode: '"größe 😀"',
    integer: '5',
    float: '5.0',
    large: '1e+16',
    no: 'false',
    numeric: '"5"',
  }
  await set(values)
  expect(await stored()).toEqual(values)
})

it('an upsert touches only what differs and answers the ids of what it touched', async () => {
  const { set, stored } = await start()
  const [first, second] = await set({ a: '1', b: '2' })
  expect([first?.key, second?.key]).toEqual(['a', 'b'])
  expect(await set({ a: '1', b: '3' })).toEqual([{ id: second?.id, key: 'b' }])
  expect(await stored()).toEqual({ a: '1', b: '3' })
})

it('an identity inserted again keeps its id', async () => {
  const { db, environmentId } = await start()
  const before = await selectIdentities(db, environmentId, ['ann', 'bob'])
  await insertIdentities(db, environmentId, { identifiers: ['bob', 'ann'], now: 9 })
  const after = await selectIdentities(db, environmentId, ['ann', 'bob'])
  expect(after).toEqual([...before, expect.objectContaining({ identifier: 'bob' })])
})

it('the same identifier in two environments is two identities', async () => {
  const here = await start()
  const there = await start()
  await here.set({ plan: '"gold"' })
  expect(await there.stored()).toEqual({})
})

it('traits are deleted by key, or all but those named, for several identities at once', async () => {
  const { db, environmentId, set, stored } = await start()
  await insertIdentities(db, environmentId, { identifiers: ['bob'], now: 1 })
  await set({ a: '1', b: '2', c: '3' })
  await set({ a: '1', b: '2' }, 'bob')
  await deleteTraits(db, environmentId, [{ identifier: 'ann', keys: ['a', 'nothing'] }])
  expect(await stored()).toEqual({ b: '2', c: '3' })
  await deleteOtherTraits(db, environmentId, [
    { identifier: 'ann', keys: ['c'] },
    { identifier: 'bob', keys: [] },
  ])
  expect([await stored(), await stored('bob')]).toEqual([{ c: '3' }, {}])
})

it('the guard fails the batch that would leave an identity with too many traits', async () => {
  const { db, environmentId, set, stored } = await start()
  const many = (count: number, prefix: string) => ({
    identifier: 'ann',
    traits: Array.from({ length: count }, (_, n) => ({ key: `${prefix}${n}`, value: '1' })),
  })
  const add = (count: number, prefix: string) =>
    db.batch([
      upsertTraits(db, environmentId, { rows: [many(count, prefix)], now: 3 }),
      guardTraitCount(db, environmentId, ['ann']),
    ])
  await set({ first: '1' })
  await add(maxTraits - 1, 'x')
  const error = await add(1, 'y').catch((reason: unknown) => reason)
  expect(isTraitCountExceeded(error)).toBe(true)
  expect(isTraitCountExceeded(new Error('D1_ERROR: no such table'))).toBe(false)
  expect(Object.keys(await stored())).toHaveLength(maxTraits)
})

it('increments of one trait at the same time all count, and none leaves 32 bits', async () => {
  const { db, environmentId, set, stored } = await start()
  const add = (by: number, key = 'visits') =>
    incrementTrait(db, { environmentId, identifier: 'ann', key }, { by, now: 1 })
  await Promise.all(Array.from({ length: 20 }, () => add(1)))
  expect(await stored()).toEqual({ visits: '20' })
  expect(await add(2147483647)).toEqual([])
  await set({ text: '"5"', float: '5.0', flag: 'true' })
  for (const key of ['text', 'float', 'flag']) expect(await add(1, key)).toEqual([])
})
