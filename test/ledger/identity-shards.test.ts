/**
 * Changes of identities that live in databases of their own: no change without its entry, none lost
 * while the database is away, and what an SDK wrote later stays.
 */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Env } from '../../src/env.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import { writeIdentity } from '../../src/sdk/identity-store.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { applyIdentityChange, identityChanges } from '../../src/storage/identity-changes.ts'
import { findNamed, identityHomes } from '../../src/storage/identity-homes.ts'
import { pageIdentities } from '../../src/storage/identity-pages.ts'
import { findTraitByKey } from '../../src/storage/traits.ts'
import { expectChain, settle } from '../support/invariants.ts'
import { createFlagWorld, type World, write } from '../support/world.ts'

/** The same database through bindings of its own, that can be away when it is written. */
const away = { now: false }
const shard = (): D1Database =>
  ({
    prepare: (query: string) => env.DB.prepare(query),
    batch: <T>(statements: D1PreparedStatement[]) =>
      away.now ? Promise.reject(new Error('the database is away')) : env.DB.batch<T>(statements),
  }) as unknown as D1Database

const sharded = { ...env, IDENTITIES_0: shard(), IDENTITIES_1: shard() } as Env
const homes = identityHomes(sharded)

let world: World
let environmentId: number

beforeEach(async () => {
  away.now = false
  world = await createFlagWorld()
  environmentId = world.environment.id
  const ledger = env.LEDGER.getByName(ledgerOf(world.organisationId))
  await runInDurableObject(ledger, (instance) => {
    Object.assign(instance, { env: sharded })
  })
})

const create = (identifier: string) =>
  write(world.organisationId, 'identity.create', { environmentId, identifier })

const keptChanges = () => openDatabase(env.DB).select().from(identityChanges)

const lastEntry = async () => {
  const found = env.DB.prepare('SELECT action FROM entries ORDER BY id DESC LIMIT 1')
  return (await found.first<{ action: string }>())?.action
}

const traitOf = async (identityId: number) =>
  (await findTraitByKey(openDatabase(env.DB), { identityId, key: 'plan' }))?.value

describe('with databases of their own', () => {
  it('identities and traits are made, changed and deleted there', async () => {
    const { id, identifier } = await create('ada')
    expect(await findNamed(homes, { environmentId, identifier })).toMatchObject({ id })
    const at = { environmentId, identityId: id }
    const trait = await write(world.organisationId, 'trait.create', {
      ...at,
      key: 'plan',
      value: '"gold"',
    })
    const changes = { value: '"silver"' }
    await write(world.organisationId, 'trait.update', { ...at, id: trait.id, changes })
    expect(await traitOf(id)).toBe('"silver"')
    await write(world.organisationId, 'trait-key.delete', { environmentId, key: 'plan' })
    expect(await traitOf(id)).toBeUndefined()
    await write(world.organisationId, 'identity.delete', { environmentId, id })
    expect(await findNamed(homes, { environmentId, identifier })).toBeUndefined()
    expect(await keptChanges()).toEqual([])
    await expectChain(ledgerOf(world.organisationId))
  })

  it('an identifier stays, because where the identity lives follows from it', async () => {
    const { id } = await create('stays')
    await expect(
      write(world.organisationId, 'identity.update', { environmentId, id, identifier: 'moves' }),
    ).rejects.toThrow('cannot be changed')
  })

  it('a change waits for its database and arrives when it is back', async () => {
    const { id } = await create('patient')
    away.now = true
    await write(world.organisationId, 'identity.delete', { environmentId, id })
    expect(await lastEntry()).toBe('identity.deleted')
    const key = { environmentId, identifier: 'patient' }
    expect(await findNamed(homes, key)).toMatchObject({ id })
    expect(await keptChanges()).toHaveLength(1)
    away.now = false
    await settle(ledgerOf(world.organisationId))
    expect(await findNamed(homes, key)).toBeUndefined()
    expect(await keptChanges()).toEqual([])
  })

  it('a change that is done twice undoes nothing that came in between', async () => {
    const { id, identifier } = await create('twice')
    const at = { environmentId, identityId: id }
    const made = { ...at, key: 'plan', value: '"gold"' }
    const trait = await write(world.organisationId, 'trait.create', made)
    away.now = true
    const changes = { value: '"silver"' }
    await write(world.organisationId, 'trait.update', { ...at, id: trait.id, changes })
    const [kept] = await keptChanges()
    away.now = false
    await settle(ledgerOf(world.organisationId))
    expect(await traitOf(id)).toBe('"silver"')
    const set = [{ key: 'plan', value: '"platinum"' }]
    await writeIdentity(sharded, { environmentId, identifier }, { set, remove: [] })
    if (kept === undefined) throw new Error('no change was kept')
    await openDatabase(env.DB).insert(identityChanges).values(kept)
    await applyIdentityChange(sharded, kept.id)
    expect(await traitOf(id)).toBe('"platinum"')
  })

  it('a row that an SDK was quicker to make is left to it', async () => {
    const key = { environmentId, identifier: 'quick' }
    const statement = {
      sql: 'INSERT INTO identities (id, environment_id, identifier, created_at) VALUES (?, ?, ?, 1)',
      params: [90_000_001, environmentId, key.identifier],
    }
    const written = await writeIdentity(sharded, key, { set: [], remove: [] })
    const change = { id: 'late', shard: 1, statements: [statement], createdAt: 1 }
    await openDatabase(env.DB).insert(identityChanges).values(change)
    await applyIdentityChange(sharded, 'late')
    expect(await findNamed(homes, key)).toMatchObject({ id: written?.id })
    expect(await keptChanges()).toEqual([])
  })
})

it('pages go from one database to the next and leave nothing out', async () => {
  const names = Array.from({ length: 7 }, (_, n) => `n${n}`)
  for (const identifier of names) {
    await writeIdentity(env, { environmentId, identifier }, { set: [], remove: [] })
  }
  // Both homes are the same database here: each shows all seven, one after the other.
  const asked = { environmentId, search: undefined }
  const pages = await Promise.all(
    [0, 5, 10, 15].map((offset) => pageIdentities(homes, asked, { limit: 5, offset })),
  )
  expect(pages.map(({ count }) => count)).toEqual([14, 14, 14, 14])
  expect(pages.flatMap(({ rows }) => rows.map((row) => row.identifier))).toEqual([
    ...names,
    ...names,
  ])
  const exact = { environmentId, search: { kind: 'exact' as const, text: 'n3' } }
  expect((await pageIdentities(homes, exact, { limit: 5, offset: 0 })).count).toBe(1)
})
