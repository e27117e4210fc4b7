/**
 * Several changes of one organisation at once, under one fault of one I/O call; then repair, then
 * every invariant for each of them. Only the ledger's alarm and the queue may repair.
 */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { and, asc, eq, like } from 'drizzle-orm'
import { vi } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { eventBodies } from '../../src/storage/events.ts'
import { findFeatureState } from '../../src/storage/feature-states.ts'
import { webhooks } from '../../src/storage/webhooks.ts'
import { type Fault, type Mode, type Mutant, type Rig, rigLedger } from '../support/faults.ts'
import { checkFold } from '../support/fold.ts'
import { checkChain, checkDocument, settleByAlarm } from '../support/invariants.ts'
import { createFlagWorld, type World } from '../support/world.ts'
import { addStates, orderOf } from './states.ts'

type Received = { id: string; body: string }
const received: Received[] = []

/** What the log sink has written, and nothing else comes by `console.log`. */
const lines: string[] = []
const logSink = { AUDIT_LOG_SINK: 'true', AUDIT_LOG_SINK_EVENTS: 'flag:updated' }

/** No socket can listen inside the runtime, so network and log end here. Answers how to undo it. */
export function receiveEffects(): () => void {
  const realFetch = globalThis.fetch
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line))
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    received.push({
      id: request.headers.get('webhook-id') ?? '',
      body: await request.text(),
    })
    return new Response('thanks')
  }
  return () => {
    globalThis.fetch = realFetch
    log.mockRestore()
  }
}

async function arrives(eventId: string): Promise<Received[]> {
  for (let round = 0; round < 300; round++) {
    const copies = received.filter((copy) => copy.id === eventId)
    if (copies.length > 0) return copies
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return []
}

async function checkDelivery(value: string, applied: boolean): Promise<string[]> {
  const frozen = await openDatabase(env.DB)
    .select({ id: eventBodies.eventId, body: eventBodies.body })
    .from(eventBodies)
    .where(like(eventBodies.body, `%"${value}"%`))
  const own = frozen.filter(
    (row) => JSON.parse(row.body).data.new_state.feature_state_value === value,
  )
  if (own.length !== (applied ? 1 : 0)) return [`${own.length} events`]
  const [event] = own
  if (event === undefined) return []
  const copies = await arrives(event.id)
  if (copies.length === 0) return ['the webhook never arrived']
  return copies.every((copy) => copy.body === event.body) ? [] : ['the bytes differ']
}

let worlds = 0

/** The world's flag and more beside it, as many as there are orders. */
async function createWorld(orders: number): Promise<World & { stateIds: number[] }> {
  const world = await createFlagWorld()
  const stateIds = await addStates(world, orders)
  await openDatabase(env.DB).insert(webhooks).values({
    id: ++worlds,
    organisationId: world.organisationId,
    environmentId: world.environment.id,
    url: 'http://127.0.0.1:9/hook',
    createdAt: 1,
    updatedAt: 1,
  })
  const ledger = ledgerOf(world.organisationId)
  // A fresh object remembers no publish that it would have to keep its distance from. On a slow machine
  // nothing may be left to do, and no object that does it.
  const evict = () => evictDurableObject(env.LEDGER.getByName(ledger)).catch(() => undefined)
  await evict()
  await settleByAlarm(ledger)
  await evict()
  return { ...world, stateIds }
}

/** Every change of this run has its line, however often; the first of each are in the log's order. */
async function checkLines(ledger: string): Promise<string[]> {
  const rows = await openDatabase(env.DB)
    .select()
    .from(entries)
    .where(and(eq(entries.ledger, ledger), eq(entries.action, 'feature-state.updated')))
    .orderBy(asc(entries.sequence))
  const applied = rows.map((row) => JSON.parse(row.record).resource.name)
  const told = [...new Set(lines.map((line) => JSON.parse(line).payload.key))]
  return JSON.stringify(told) === JSON.stringify(applied)
    ? []
    : [`applied: ${applied}, lines: ${told}`]
}

/** What is wrong with one of the changes. */
async function checkChange(
  ledger: string,
  { stateId, value, acknowledged }: { stateId: number; value: string; acknowledged: boolean },
): Promise<string[]> {
  const db = openDatabase(env.DB)
  const applied = (await findFeatureState(db, stateId))?.stringValue === value
  const rows = await db.select().from(entries).where(eq(entries.ledger, ledger))
  const told = rows.filter((row) => JSON.parse(row.record).after?.string_value === value)
  return [
    ...(applied || !acknowledged ? [] : ['acknowledged but not applied']),
    ...(told.length === (applied ? 1 : 0) ? [] : [`${told.length} entries, applied: ${applied}`]),
    ...(await checkDelivery(value, applied)),
  ]
}

export type Plan = { orders: number; fault: Fault | null; mutant: Mutant | null }
export type Run = { rig: Rig; found: string[]; acknowledged: number }

export async function run({ orders, fault, mutant }: Plan): Promise<Run> {
  const world = await createWorld(orders)
  const ledger = ledgerOf(world.organisationId)
  const stub = env.LEDGER.getByName(ledger)
  const gate = Promise.withResolvers<void>()
  const rig = await runInDurableObject(stub, (instance, state) =>
    rigLedger(instance, state, { ledger, fault, mutant, gate: gate.promise, settings: logSink }),
  )
  lines.length = 0
  setTimeout(gate.resolve, orders > 1 ? 30 : 0)
  // Has the turn while the others come, so that they go together in the next.
  const lead = orders > 1 ? stub.commit(orderOf(world, 0, 'nobody')).catch(() => null) : null
  const changes = await Promise.all(
    world.stateIds.map(async (stateId, index) => {
      const value = `after ${worlds} ${index}`
      const answer = await stub.commit(orderOf(world, stateId, value)).catch(() => null)
      return { stateId, value, acknowledged: answer !== null }
    }),
  )
  await lead
  const left = await settleByAlarm(ledger)
  const found = [
    ...(left === 0 ? [] : [`${left} rows stay in the outbox`]),
    ...(await checkChain(ledger)),
    ...(await checkDocument(world.environment.id)),
    ...(await checkLines(ledger)),
    ...(await checkFold(['organisations', 'webhooks'])),
  ]
  for (const change of changes) found.push(...(await checkChange(ledger, change)))
  return { rig, found, acknowledged: changes.filter((change) => change.acknowledged).length }
}

/** Fails each call in turn until a run has fewer calls than that, or an invariant is broken. */
export async function enumerate(mode: Mode, { orders, mutant }: Omit<Plan, 'fault'>) {
  for (let at = 1; ; at++) {
    const { rig, found } = await run({ orders, fault: { at, mode }, mutant })
    if (found.length > 0) {
      return {
        runs: at,
        found: found.map((text) => `${mode} call ${at} (${rig.calls[at - 1]}): ${text}`),
      }
    }
    if (!rig.fired) return { runs: at - 1, found }
  }
}
