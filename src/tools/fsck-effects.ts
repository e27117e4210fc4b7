/**
 * Checks what stands beside the log: the outbox is empty or young, every event is of a change that is in
 * the log, deliveries and attempts tell one story.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Findings } from './fsck-findings.ts'

/** Effects are tried at once, and again by alarm and cron: what waits longer is stuck. */
const outboxMs = 5 * 60_000

type Debt = { ledger: string; kind: string; count: number; oldest: number }

const inWords = (ms: number) =>
  ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`

/** Lines for people: what is owed, and since when. */
export function checkOutbox(db: DatabaseSync, now: number, { find }: Findings): string[] {
  const debts = db
    .prepare(
      `SELECT ledger, kind, count(*) AS count, min(created_at) AS oldest
       FROM outbox GROUP BY ledger, kind ORDER BY oldest`,
    )
    .all() as Debt[]
  for (const { ledger, kind, count, oldest } of debts) {
    if (now - oldest <= outboxMs) continue
    find(`outbox of ${ledger}`, `${count} × ${kind}, the oldest for ${inWords(now - oldest)}`)
  }
  if (debts.length === 0) return ['outbox: empty']
  return debts.map(
    ({ ledger, kind, count, oldest }) =>
      `outbox of ${ledger}: ${count} × ${kind}, the oldest for ${inWords(now - oldest)}`,
  )
}

/** `prunedUpTo`: changes of up to then may have lost their entries. */
export function checkEvents(
  db: DatabaseSync,
  prunedUpTo: number,
  { find }: Findings,
): { count: number; pruned: number } {
  const strays = db.prepare(
    `SELECT id, change_id, created_at FROM events
     WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.change_id = events.change_id)`,
  )
  let pruned = 0
  for (const row of strays.iterate()) {
    if (Number(row.created_at) <= prunedUpTo) pruned++
    else find(`events ${row.id}`, `its change ${row.change_id} is not in the log`)
  }
  const { count } = db.prepare('SELECT count(*) AS count FROM events').get() as { count: number }
  return { count, pruned }
}

type Attempted = { id: string; state: string; attempts: number; leased_until: number }
type Numbers = { count: number; first: number | null; last: number | null; open: number | null }

/** Attempts are numbered 1, 2, 3 …; one without an end is under way, or its sender died. */
export function checkDeliveries(db: DatabaseSync, now: number, { find }: Findings): string {
  const deliveries = db.prepare(
    `SELECT deliveries.id, state, attempts, leased_until,
       count(number) AS count, min(number) AS first, max(number) AS last,
       max(CASE WHEN ended_at IS NULL THEN number END) AS open
     FROM deliveries LEFT JOIN attempts ON attempts.delivery_id = deliveries.id
     GROUP BY deliveries.id`,
  )
  let all = 0
  let unknown = 0
  for (const row of deliveries.iterate()) {
    const { id, state, attempts, leased_until, ...numbers } = row as Attempted & Numbers
    const { count, first, last, open } = numbers
    const place = `deliveries ${id}`
    all++
    if (count > 0 && (first !== 1 || last !== count)) {
      find(place, `its ${count} attempts are numbered ${first} to ${last}`)
    }
    if (attempts !== count) find(place, `says ${attempts} attempts and has ${count}`)
    if (open === null) continue
    if (open === last && state === 'delivered') {
      find(place, `is delivered, and its last attempt has no end`)
    } else if (open < (last ?? 0) || leased_until <= now) unknown++
  }
  return `deliveries: ${all}${unknown === 0 ? '' : `, ${unknown} with an attempt of unknown outcome`}`
}
