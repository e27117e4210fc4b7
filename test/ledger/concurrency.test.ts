import { env } from 'cloudflare:workers'
import { asc, eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { buildDocument } from '../../src/document/build.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { readDocumentRows } from '../../src/storage/document-rows.ts'
import { getDocument } from '../../src/storage/documents.ts'
import { entries } from '../../src/storage/entries.ts'
import { findEnvironment } from '../../src/storage/environments.ts'
import { checkDocument, expectChain, settle } from '../support/invariants.ts'
import { createFlagWorld, write } from '../support/world.ts'
import { addStates, orderOf } from './states.ts'

type Told = {
  sequence: number
  change: string
  resource: { id: string }
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

const listEntries = (ledger: string) =>
  openDatabase(env.DB)
    .select()
    .from(entries)
    .where(eq(entries.ledger, ledger))
    .orderBy(asc(entries.sequence))

it('puts twenty concurrent changes of one flag into one order, each with its true before and after', async () => {
  const world = await createFlagWorld()
  const db = openDatabase(env.DB)
  const ledger = ledgerOf(world.organisationId)
  const before = await listEntries(ledger)
  const versionBefore = (await findEnvironment(db, world.environment.id))?.version ?? 0
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      write(world.organisationId, 'feature-state.update', {
        environmentId: world.environment.id,
        id: world.stateId,
        changes: { value: `value ${index}` },
      }),
    ),
  )
  const added = (await listEntries(ledger)).slice(before.length)
  expect(added.map((entry) => entry.sequence)).toEqual(
    Array.from({ length: 20 }, (_, index) => before.length + 1 + index),
  )
  expect((await findEnvironment(db, world.environment.id))?.version).toBe(versionBefore + 20)
  const told = added.map((entry) => JSON.parse(entry.record))
  expect(new Set(told.map((record) => record.after.string_value)).size).toBe(20)
  let last = 'blue'
  for (const record of told) {
    expect(record.before.string_value).toBe(last)
    last = record.after.string_value
  }
  await expectChain(ledger)
  await settle(ledger)
  const rows = await readDocumentRows(db, world.environment.id)
  const published = await getDocument(env.DOCUMENTS, world.environment.id)
  expect(published).toEqual(rows && buildDocument(rows))
  expect(published?.features[0]?.state.value).toBe(last)
})

/** For each flag the states it went through, as its entries have them; empty when they join without a gap. */
function findBreaks(records: Told[]): string[] {
  const last = new Map<string, string>()
  return records.flatMap(({ sequence, resource, before, after }) => {
    const known = last.get(resource.id)
    last.set(resource.id, JSON.stringify(after))
    return known === undefined || known === JSON.stringify(before) ? [] : [`entry ${sequence}`]
  })
}

it('puts 64 concurrent writers of many flags into one order without gap, fork or lost update', async () => {
  const world = await createFlagWorld()
  const states = await addStates(world, 8)
  const ledger = ledgerOf(world.organisationId)
  const before = await listEntries(ledger)
  const stub = env.LEDGER.getByName(ledger)
  const values = Array.from({ length: 64 }, (_, index) => `writer ${index}`)
  // Each writes twice, the second time another flag: what is in line and what comes in meet.
  const outcomes = await Promise.all(
    values.map(async (value, index) => {
      const stateAt = (place: number) => states[place % states.length] ?? 0
      const first = await stub.commit(orderOf(world, stateAt(index), value))
      const second = await stub.commit(orderOf(world, stateAt(index * 3 + 1), `${value} again`))
      return [first.kind, second.kind]
    }),
  )
  expect(new Set(outcomes.flat())).toEqual(new Set(['ok']))
  const added = (await listEntries(ledger)).slice(before.length)
  expect(added.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 128 }, (_, index) => before.length + 1 + index),
  )
  const told: Told[] = added.map(({ record }) => JSON.parse(record))
  expect(told.map(({ after }) => after?.string_value).toSorted()).toEqual(
    values.flatMap((value) => [value, `${value} again`]).toSorted(),
  )
  expect(findBreaks(told)).toEqual([])
  expect(new Set(told.map(({ change }) => change)).size).toBe(128)
  await expectChain(ledger)
  await settle(ledger)
  expect(await checkDocument(world.environment.id)).toEqual([])
})

it.each([
  ['one flag', 1],
  ['several flags, in groups', 6],
])('keeps one order when two live objects work for the same ledger: %s', async (_, count) => {
  const world = await createFlagWorld()
  const states = await addStates(world, count)
  const ledger = ledgerOf(world.organisationId)
  const before = await listEntries(ledger)
  const objects = [env.LEDGER.getByName(ledger), env.LEDGER.getByName(`${ledger} twin`)]
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) =>
      objects[index % 2]?.commit(
        orderOf(world, states[(index >> 1) % count] ?? 0, `twin ${index}`),
      ),
    ),
  )
  const applied = results.filter((result) => result.status === 'fulfilled').length
  const added = (await listEntries(ledger)).slice(before.length)
  expect(added).toHaveLength(applied)
  expect(applied).toBeGreaterThan(6)
  expect(findBreaks(added.map(({ record }) => JSON.parse(record)))).toEqual([])
  await expectChain(ledger)
})

it('writes nothing for a change that asks for what already is', async () => {
  const world = await createFlagWorld()
  const before = await listEntries(ledgerOf(world.organisationId))
  await write(world.organisationId, 'feature-state.update', {
    environmentId: world.environment.id,
    id: world.stateId,
    changes: { enabled: false, value: 'blue' },
  })
  expect(await listEntries(ledgerOf(world.organisationId))).toEqual(before)
})
