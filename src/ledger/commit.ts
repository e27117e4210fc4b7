/**
 * Turns plans into one D1 batch: guarded state rows, audit entries, version bumps, events and the
 * outbox rows that drive everything after it. Nothing is executed here.
 */

import { aroundChange } from '../delivery/around.ts'
import { type Frozen, freeze, isHeardAsAudit, type NewEntry } from '../delivery/freeze.ts'
import type { Plan } from '../domain/write.ts'
import { type Database, insertRows, type Statement } from '../storage/database.ts'
import { entries, type Head } from '../storage/entries.ts'
import { insertEvents, type Listener } from '../storage/events.ts'
import { type OutboxKind, outbox } from '../storage/outbox.ts'
import { raiseEnvironments, raiseFeatures } from '../storage/versions.ts'
import { type Change, chainEntries, type Raised } from './chain.ts'
import { rangeTarget } from './tell.ts'

export type Planned = { change: Change; plan: Plan<unknown> }

/**
 * Endpoints change through their ledger only: who listens is right as long as the head is, and a batch
 * on a head that is not the last one fails.
 */
export type Standing = { head: Head; listeners: Listener[] }

export type Batch = {
  statements: Statement[]
  /** The last entry once they are committed. */
  head: Head
  /** How the ledger stands then; null where they change who listens. */
  standing: Standing | null
  /** Whether there is anything to deliver. */
  isHeard: boolean
  /** For each change, which statement answers the new versions of its features. */
  raised: (number | null)[]
}

type Chained = Planned & { rows: NewEntry[] }

const nothingAround = { projects: [], environments: [], users: [] }

/** What listeners are to hear, with its bytes. What entries name is read only where that is told. */
async function freezeAll(
  db: Database,
  chained: Chained[],
  { listeners, idMark }: { listeners: Listener[]; idMark: string },
): Promise<Frozen> {
  const frozen: Frozen = { events: [], bodies: [] }
  if (listeners.length === 0) return frozen
  const rows = chained.flatMap((one) => one.rows)
  const around = isHeardAsAudit(listeners) ? await aroundChange(db, rows) : nothingAround
  for (const { plan, rows } of chained) {
    const told = { entries: rows, flags: plan.events, listeners, around, idMark }
    const { events, bodies } = freeze(told)
    frozen.events.push(...events)
    frozen.bodies.push(...bodies)
  }
  return frozen
}

/** What the batch below raises for this change; undefined for nothing. */
function raisedOf({ publish, features = [] }: Plan<unknown>): Raised | undefined {
  const once = (ids: number[]) => [...new Set(ids)]
  if (publish.length + features.length === 0) return undefined
  return {
    ...(publish.length > 0 && { environments: once(publish) }),
    ...(features.length > 0 && { features: once(features) }),
  }
}

/** The changes of a batch belong to one ledger and happen at one time and in their order, one after the other. */
export async function toBatch(
  db: Database,
  planned: Planned[],
  { head, listeners }: Standing,
): Promise<Batch> {
  const chained: Chained[] = []
  let last = head
  for (const one of planned) {
    const raised = raisedOf(one.plan)
    const told = raised === undefined ? one.change : { ...one.change, raised }
    const { rows, head } = await chainEntries(told, one.plan.entries, last)
    chained.push({ ...one, rows })
    last = head
  }
  const entryRows = chained.flatMap(({ rows }) => rows)
  const idMark = `@${crypto.randomUUID()}@`
  const frozen = await freezeAll(db, chained, { listeners, idMark })
  // The guard stands first: a stale head fails the batch before it has touched a state row.
  const statements: Statement[] = insertRows(db, entries, entryRows)
  const raised = planned.map(({ plan }) => {
    statements.push(...plan.statements)
    if (!plan.features?.length) return null
    return statements.push(raiseFeatures(db, plan.features)) - 1
  })
  const published = planned.flatMap(({ plan }) => [...new Set(plan.publish)])
  const [first] = planned
  if (first !== undefined) {
    const { ledger, now } = first.change
    const owe = (kind: OutboxKind, target: string) => ({ ledger, kind, target, createdAt: now })
    const owed = [
      ...[...new Set(published)].map((id) => owe('publish', String(id))),
      ...frozen.events.map((event) => owe('deliver', event.id)),
      ...planned.flatMap(({ plan }) => plan.debts ?? []).map((debt) => owe(debt.kind, debt.target)),
    ]
    if (published.length > 0) statements.push(raiseEnvironments(db, published, now))
    statements.push(
      ...insertEvents(db, frozen, { ledger, idMark }),
      ...insertRows(db, outbox, owed),
    )
  }
  const isOfEndpoints = entryRows.some(({ resourceType }) => resourceType === 'WEBHOOK')
  return {
    statements,
    head: last,
    standing: isOfEndpoints ? null : { head: last, listeners },
    isHeard: frozen.events.length > 0,
    raised,
  }
}

/** One debt for the batch: its entries stand in one row. */
export function oweLines(db: Database, [first]: Planned[], [before, last]: [Head, Head]) {
  if (first === undefined) return []
  const target = rangeTarget(before.sequence + 1, last.sequence)
  const { ledger, now } = first.change
  return insertRows(db, outbox, [{ ledger, kind: 'tell', target, createdAt: now }])
}
