/**
 * Turns plans into one D1 batch: guarded state rows, audit entries, version bumps, events and the
 * outbox rows that drive everything after it. Nothing is executed here.
 */

import { eventBody } from '../delivery/body.ts'
import type { Plan } from '../domain/write.ts'
import { type Database, insertRows, type Statement } from '../storage/database.ts'
import { entries, type Head } from '../storage/entries.ts'
import { events } from '../storage/events.ts'
import { type OutboxKind, outbox } from '../storage/outbox.ts'
import { raiseEnvironments, raiseFeatures } from '../storage/versions.ts'
import { type Change, chainEntries } from './chain.ts'
import { rangeTarget } from './tell.ts'

export type Planned = { change: Change; plan: Plan<unknown> }

export type Batch = {
  statements: Statement[]
  /** The head that the ledger has once they are committed. */
  head: Head
  /** For each change, which statement answers the new versions of its features. */
  raised: (number | null)[]
}

/** An event tells of its change as a whole, which its first entry names. */
const eventRowsOf = ({ change, plan }: Planned): (typeof events.$inferInsert)[] =>
  plan.events.map((event) => ({
    id: `evt_${crypto.randomUUID().replaceAll('-', '')}`,
    type: event.type,
    organisationId: plan.entries[0]?.organisationId ?? 0,
    environmentId: event.environmentId,
    action: plan.entries[0]?.action ?? '',
    changeId: change.id,
    body: eventBody(event.type, event.data),
    createdAt: change.now,
  }))

/** The changes of a batch belong to one ledger and happen in their order, one after the other. */
export async function toBatch(db: Database, planned: Planned[], head: Head): Promise<Batch> {
  const entryRows: (typeof entries.$inferInsert)[] = []
  let last = head
  for (const { change, plan } of planned) {
    const chained = await chainEntries(change, plan.entries, last)
    entryRows.push(...chained.rows)
    last = chained.head
  }
  // The guard stands first: a stale head fails the batch before it has touched a state row.
  const statements: Statement[] = insertRows(db, entries, entryRows)
  const raised = planned.map(({ plan }) => {
    statements.push(...plan.statements)
    if (!plan.features?.length) return null
    return statements.push(raiseFeatures(db, plan.features)) - 1
  })
  const published = planned.flatMap(({ plan }) => [...new Set(plan.publish)])
  const eventRows = planned.flatMap(eventRowsOf)
  const [first] = planned
  if (first !== undefined) {
    const { ledger, now } = first.change
    const owe = (kind: OutboxKind, target: string) => ({ ledger, kind, target, createdAt: now })
    const owed = [
      ...[...new Set(published)].map((id) => owe('publish', String(id))),
      ...eventRows.map((event) => owe('deliver', event.id)),
      ...planned.flatMap(({ plan }) => plan.debts ?? []).map((debt) => owe(debt.kind, debt.target)),
    ]
    if (published.length > 0) statements.push(raiseEnvironments(db, published, now))
    statements.push(...insertRows(db, events, eventRows), ...insertRows(db, outbox, owed))
  }
  return { statements, head: last, raised }
}

/** One debt for the batch: its entries stand in one row. */
export function oweLines(db: Database, [first]: Planned[], [before, last]: [Head, Head]) {
  if (first === undefined) return []
  const target = rangeTarget(before.sequence + 1, last.sequence)
  const { ledger, now } = first.change
  return insertRows(db, outbox, [{ ledger, kind: 'tell', target, createdAt: now }])
}
