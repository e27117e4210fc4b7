/**
 * Every I/O call of a change fails once in every way. Whatever happens: the change is applied if and
 * only if there is one entry and one event, the published document becomes what D1 says, and the
 * webhook arrives with the frozen bytes. Only the ledger's alarm and the queue may repair.
 */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq, like } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { events } from '../../src/storage/events.ts'
import { findFeatureState } from '../../src/storage/feature-states.ts'
import { webhooks } from '../../src/storage/webhooks.ts'
import {
  type Fault,
  type Mode,
  type Mutant,
  modes,
  type Rig,
  rigLedger,
} from '../support/faults.ts'
import { checkChain, checkDocument, settleByAlarm } from '../support/invariants.ts'
import { alice, createFlagWorld, source, type World } from '../support/world.ts'

type Received = { id: string; body: string }
const received: Received[] = []
const realFetch = globalThis.fetch

/** No socket can listen inside the runtime, so the network ends here. */
beforeAll(() => {
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    received.push({
      id: request.headers.get('webhook-id') ?? '',
      body: await request.text(),
    })
    return new Response('thanks')
  }
})

afterAll(() => {
  globalThis.fetch = realFetch
})

async function arrives(eventId: string): Promise<Received[]> {
  for (let round = 0; round < 60; round++) {
    const copies = received.filter((copy) => copy.id === eventId)
    if (copies.length > 0) return copies
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return []
}

async function checkDelivery(value: string, applied: boolean): Promise<string[]> {
  const frozen = await openDatabase(env.DB)
    .select()
    .from(events)
    .where(like(events.body, `%"${value}"%`))
  if (frozen.length !== (applied ? 1 : 0)) return [`${frozen.length} events`]
  const [event] = frozen
  if (event === undefined) return []
  const copies = await arrives(event.id)
  if (copies.length === 0) return ['the webhook never arrived']
  return copies.every((copy) => copy.body === event.body) ? [] : ['the bytes differ']
}

let worlds = 0

async function createWorld(): Promise<World> {
  const world = await createFlagWorld()
  await openDatabase(env.DB).insert(webhooks).values({
    id: ++worlds,
    environmentId: world.environment.id,
    url: 'http://127.0.0.1:9/hook',
    createdAt: 1,
    updatedAt: 1,
  })
  const ledger = ledgerOf(world.organisationId)
  // A fresh object remembers no publish that it would have to keep its distance from.
  await evictDurableObject(env.LEDGER.getByName(ledger))
  await settleByAlarm(ledger)
  await evictDurableObject(env.LEDGER.getByName(ledger))
  return world
}

type Run = { rig: Rig; found: string[] }

/** One change under one fault, then repair, then every invariant. */
async function run(fault: Fault | null, mutant: Mutant | null): Promise<Run> {
  const world = await createWorld()
  const ledger = ledgerOf(world.organisationId)
  const stub = env.LEDGER.getByName(ledger)
  const value = `after ${worlds}`
  const rig = await runInDurableObject(stub, (instance, state) =>
    rigLedger(instance, state, { ledger, fault, mutant }),
  )
  const order = {
    ledger,
    write: 'feature-state.update' as const,
    input: {
      environmentId: world.environment.id,
      id: world.stateId,
      changes: { value, enabled: true },
    },
    actor: alice,
    source,
  }
  const answer = await stub.commit(order).catch(() => null)
  const left = await settleByAlarm(ledger)

  const db = openDatabase(env.DB)
  const state = await findFeatureState(db, world.stateId)
  const applied = state?.stringValue === value
  const told = await db
    .select()
    .from(entries)
    .where(eq(entries.ledger, ledger))
    .then((rows) => rows.filter((row) => JSON.parse(row.record).after?.string_value === value))
  const found = [
    ...(applied || answer === null ? [] : ['acknowledged but not applied']),
    ...(told.length === (applied ? 1 : 0) ? [] : [`${told.length} entries, applied: ${applied}`]),
    ...(left === 0 ? [] : [`${left} rows stay in the outbox`]),
    ...(await checkChain(ledger)),
    ...(await checkDocument(world.environment.id)),
    ...(await checkDelivery(value, applied)),
  ]
  return { rig, found }
}

/** Fails each call in turn until a run has fewer calls than that, or an invariant is broken. */
async function enumerate(mode: Mode, mutant: Mutant | null) {
  for (let at = 1; ; at++) {
    const { rig, found } = await run({ at, mode }, mutant)
    if (found.length > 0) {
      return {
        runs: at,
        found: found.map((text) => `${mode} call ${at} (${rig.calls[at - 1]}): ${text}`),
      }
    }
    if (!rig.fired) return { runs: at - 1, found }
  }
}

describe('a change', () => {
  it('keeps every invariant when nothing fails, and touches D1, KV, queue and alarm', async () => {
    const { rig, found } = await run(null, null)
    expect(found).toEqual([])
    const kinds = new Set(rig.calls.map((call) => call.split(/[ .]/)[0]))
    expect(kinds).toEqual(new Set(['D1', 'KV', 'queue', 'storage']))
    expect(rig.calls).toContain('storage.setAlarm')
  })

  for (const mode of modes) {
    it(`keeps every invariant when any one of its calls fails: ${mode}`, async () => {
      const { runs, found } = await enumerate(mode, null)
      expect(found).toEqual([])
      expect(runs).toBeGreaterThan(10)
    }, 120_000)
  }
})

describe('the suite notices', () => {
  it('a ledger that marks its outbox before it sends', async () => {
    const { found } = await enumerate('throw before', 'mark the outbox before sending')
    expect(found.join('\n')).toMatch(/never arrived|not what D1 says/)
  }, 120_000)

  it('a ledger without an alarm', async () => {
    const { found } = await enumerate('abort after', 'no alarm')
    expect(found.join('\n')).toMatch(/stay in the outbox/)
  }, 120_000)
})
