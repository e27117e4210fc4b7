/** Where identities live, and that reading and writing follow it. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { Env } from '../../src/env.ts'
import { changeIdentities, readTraitsOf } from '../../src/sdk/identity-batch.ts'
import { readIdentity, writeIdentity } from '../../src/sdk/identity-store.ts'
import { identityDatabase, identityDatabases, shardOf } from '../../src/storage/identity-shard.ts'

const identifiers = Array.from({ length: 20_000 }, (_, n) => `user_${n}@example.com`)

describe('shardOf', () => {
  it('never changes its mind: these answers are stored data', () => {
    const answers = ['', 'a', 'user_1', 'größe', '😀'].map((name) => shardOf(1_000, 7, name))
    expect(answers).toEqual([376, 80, 657, 525, 76])
    expect(identifiers.every((name) => shardOf(1, 1, name) === 0)).toBe(true)
  })

  it('spreads identities evenly, and those of one name over environments', () => {
    const counts = Array<number>(8).fill(0)
    for (const name of identifiers)
      counts[shardOf(8, 1, name)] = (counts[shardOf(8, 1, name)] ?? 0) + 1
    for (const count of counts) expect(Math.abs(count - 2_500)).toBeLessThan(200)
    const environments = new Set(Array.from({ length: 100 }, (_, id) => shardOf(8, id, 'user_1')))
    expect(environments.size).toBe(8)
  })

  it('gives a new shard its own part and moves nothing else', () => {
    const moved = identifiers.filter((name) => shardOf(4, 1, name) !== shardOf(5, 1, name))
    expect(moved.every((name) => shardOf(5, 1, name) === 4)).toBe(true)
    expect(Math.abs(moved.length - 4_000)).toBeLessThan(250)
  })
})

/** The same database through another binding, which remembers whether it was asked. */
function shard(): D1Database & { asked: number } {
  const watched = {
    asked: 0,
    prepare: (query: string) => env.DB.prepare(query),
    batch: <T>(statements: D1PreparedStatement[]) => {
      watched.asked += 1
      return env.DB.batch<T>(statements)
    },
  }
  return watched as unknown as D1Database & { asked: number }
}

describe('identityDatabase', () => {
  it('is the main one without shards, else one of them, counted without gaps', () => {
    const one = shard()
    const two = shard()
    const sharded: Env = { ...env, IDENTITIES_0: one, IDENTITIES_1: two, IDENTITIES_3: shard() }
    expect(identityDatabases(env)).toEqual([env.DB])
    expect(identityDatabase(env, 1, 'a')).toBe(env.DB)
    expect(identityDatabases(sharded)).toEqual([one, two])
    const used = new Set(identifiers.map((name) => identityDatabase(sharded, 1, name)))
    expect(used).toEqual(new Set([one, two]))
  })
})

describe('with databases of their own, identities', () => {
  it('are written and read there, one by one and many at once', async () => {
    const shards = [shard(), shard()]
    const sharded: Env = { ...env, IDENTITIES_0: shards[0], IDENTITIES_1: shards[1] } as Env
    const key = { environmentId: 4_001, identifier: 'ann' }
    const set = [{ key: 'plan', value: '"gold"' }]
    const written = await writeIdentity(sharded, key, { set, remove: [] })
    expect(await readIdentity(sharded, key)).toMatchObject({
      id: written?.id,
      traits: [{ key: 'plan', json: '"gold"', value: 'gold' }],
    })
    expect(shards.map((one) => one.asked).sort()).toEqual([0, 2])

    const names = identifiers.slice(0, 50)
    const changes = names.map((identifier) => {
      return { identifier, set, remove: [], create: true, overwrite: false }
    })
    expect(await changeIdentities(sharded, 4_001, changes)).toBe(true)
    expect(shards.every((one) => one.asked > 0)).toBe(true)
    const read = await readTraitsOf(sharded, 4_001, names)
    expect(read.map((one) => one.identifier)).toEqual(names)
    expect(read.every((one) => one.traits[0]?.json === '"gold"')).toBe(true)
  })
})
