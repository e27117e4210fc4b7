/**
 * Turns a plan into one D1 batch: guarded state rows, audit entries, version bumps, events and the
 * outbox rows that drive everything after it. Nothing is executed here.
 */

import { eventBody } from '../delivery/body.ts'
import type { Plan } from '../domain/write.ts'
import { type Database, insertRows, type Statement } from '../storage/database.ts'
import { entries, type Head } from '../storage/entries.ts'
import { bumpVersions } from '../storage/environments.ts'
import { events } from '../storage/events.ts'
import { bumpFeatureVersions } from '../storage/features.ts'
import { type OutboxKind, outbox } from '../storage/outbox.ts'
import { type Change, chainEntries } from './chain.ts'

/** The statements of the change, and the head that the ledger has once they are committed. */
export async function toBatch(
  db: Database,
  change: Change,
  at: { plan: Plan<unknown>; head: Head },
): Promise<{ statements: Statement[]; head: Head }> {
  const { plan } = at
  const chained = await chainEntries(change, plan.entries, at.head)
  const eventRows = plan.events.map((event) => ({
    id: `evt_${crypto.randomUUID().replaceAll('-', '')}`,
    type: event.type,
    environmentId: event.environmentId,
    changeId: change.id,
    body: eventBody(event.type, event.data),
    createdAt: change.now,
  }))
  const owe = (kind: OutboxKind, target: string) => ({
    ledger: change.ledger,
    kind,
    target,
    createdAt: change.now,
  })
  const outboxRows = [
    ...plan.publish.map((id) => owe('publish', String(id))),
    ...eventRows.map((event) => owe('deliver', event.id)),
  ]
  const statements = [
    // The guard stands first: a stale head fails the batch before it has touched a state row.
    ...insertRows(db, entries, chained.rows),
    ...plan.statements,
    ...(plan.features?.length ? [bumpFeatureVersions(db, plan.features)] : []),
    ...(plan.publish.length > 0 ? [bumpVersions(db, plan.publish, change.now)] : []),
    ...insertRows(db, events, eventRows),
    ...insertRows(db, outbox, outboxRows),
  ]
  return { statements, head: chained.head }
}
