/** Changes that are committed together stay changes of their own. */
import { env } from 'cloudflare:workers'
import { asc, eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { commit, commitVersioned, ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { findEnvironment } from '../../src/storage/environments.ts'
import { events } from '../../src/storage/events.ts'
import { findFeatureState } from '../../src/storage/feature-states.ts'
import { checkDocument, expectChain, expectFold, settle } from '../support/invariants.ts'
import { createFlagWorld, write } from '../support/world.ts'
import { addStates, orderOf } from './states.ts'

const db = openDatabase(env.DB)

const listRecords = async (ledger: string) =>
  (
    await db.select().from(entries).where(eq(entries.ledger, ledger)).orderBy(asc(entries.sequence))
  ).map((row) => JSON.parse(row.record))

describe('sixty-four writers at once', () => {
  it('each get an entry with the true before and after, an event and a version', async () => {
    const world = await createFlagWorld()
    const states = await addStates(world, 16)
    const { organisationId } = world
    const ledger = ledgerOf(organisationId)
    // Events are for endpoints that hear of them.
    await write(organisationId, 'webhook.create', {
      home: { organisationId, environmentId: world.environment.id },
      settings: { url: 'http://127.0.0.1:9/' },
    })
    const before = await listRecords(ledger)
    const versionBefore = (await findEnvironment(db, world.environment.id))?.version ?? 0
    const eventsBefore = await db.$count(events)
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        commitVersioned(env, orderOf(world, states[index % 16] ?? 0, `value ${index}`)),
      ),
    )
    const added = (await listRecords(ledger)).slice(before.length)
    expect(added.map((record) => record.sequence)).toEqual(
      Array.from({ length: 64 }, (_, index) => before.length + 1 + index),
    )
    await expectChain(ledger)
    await expectFold()
    expect(new Set(added.map((record) => record.change)).size).toBe(64)
    expect((await findEnvironment(db, world.environment.id))?.version).toBe(versionBefore + 64)
    expect((await db.$count(events)) - eventsBefore).toBe(64)
    for (const [place, id] of states.entries()) {
      const told = added.filter((record) => record.resource.id === String(id))
      const values = told.map((record) => record.after.string_value)
      expect(values).toEqual([0, 16, 32, 48].map((turn) => `value ${turn + place}`))
      const befores = told.map((record) => record.before.string_value)
      expect(befores).toEqual(['blue', ...values.slice(0, -1)])
      expect((await findFeatureState(db, id))?.stringValue).toBe(values.at(-1))
      const versions = outcomes
        .filter((_, index) => index % 16 === place)
        .map((outcome) => (outcome.kind === 'ok' ? outcome.value.features[0]?.version : null))
      expect(versions).toEqual([2, 3, 4, 5])
    }
    await settle(ledger)
    expect(await checkDocument(world.environment.id)).toEqual([])
  })
})

describe('a group', () => {
  it('suffers nothing from one order whose statement fails, nor from one that is refused', async () => {
    const world = await createFlagWorld()
    const states = await addStates(world, 6)
    const ledger = ledgerOf(world.organisationId)
    const before = (await listRecords(ledger)).length
    await env.DB.prepare(
      `CREATE TRIGGER poisoned BEFORE UPDATE ON feature_states WHEN new.string_value = 'poison'
       BEGIN SELECT RAISE(ABORT, 'poisoned'); END`,
    ).run()
    const values = ['first', 'a', 'poison', 'b', 'blue', 'c']
    const orders = values.map((value, index) => orderOf(world, states[index] ?? 0, value))
    const stranger = orderOf(world, 987_654, 'nobody')
    const results = await Promise.allSettled(
      [...orders, stranger].map((order) => commit(env, order)),
    )
    await env.DB.prepare('DROP TRIGGER poisoned').run()
    expect(
      results.map((result) =>
        result.status === 'fulfilled' ? result.value.kind : result.reason.message,
      ),
    ).toEqual(['ok', 'ok', expect.stringContaining('poisoned'), 'ok', 'ok', 'ok', 'not-found'])
    const told = (await listRecords(ledger)).slice(before)
    // What asked for what is has no entry, nor has what failed.
    expect(told.map((record) => record.after.string_value).sort()).toEqual(['a', 'b', 'c', 'first'])
    await expectChain(ledger)
    await expectFold()
    await settle(ledger)
    expect(await checkDocument(world.environment.id)).toEqual([])
  })

  it('is told of nothing that is not in the log, where another object of the ledger was quicker', async () => {
    const world = await createFlagWorld()
    const states = await addStates(world, 8)
    const ledger = ledgerOf(world.organisationId)
    const objects = [env.LEDGER.getByName(ledger), env.LEDGER.getByName(`${ledger} twin`)]
    const outcomes = await Promise.allSettled(
      states.flatMap((id, index) =>
        objects.map((object, twin) => object.commit(orderOf(world, id, `twin ${twin} ${index}`))),
      ),
    )
    const told = new Set((await listRecords(ledger)).map((record) => record.after.string_value))
    for (const [index, outcome] of outcomes.entries()) {
      const value = `twin ${index % 2} ${index >> 1}`
      expect([value, told.has(value)]).toEqual([value, outcome.status === 'fulfilled'])
    }
    await expectChain(ledger)
    await expectFold()
  })
})
