/** Reads the stored database after the last kill and names every broken promise. */
import { checkDatabase } from '../../src/tools/fsck-check.ts'
import { openSource } from '../../src/tools/fsck-source.ts'
import { checkArrivals, type Row } from './arrivals.ts'
import type { Load } from './load.ts'
import type { Receiver } from './receiver.ts'

type Checked = {
  persistTo: string
  load: Load
  receiver: Receiver
  /** What the server served last, by feature state id. */
  served: Map<number, string>
  /** By the run's clock. */
  now: number
}

function checkChanges(entries: Row[], load: Load) {
  const newValue = (entry: Row) => JSON.parse(String(entry.record)).after?.string_value
  const told = Map.groupBy(entries, newValue)
  const found = [
    ...[...load.acknowledged]
      .filter((value) => told.get(value)?.length !== 1)
      .map((value) => `${value} was acknowledged and has ${told.get(value)?.length ?? 0} entries`),
    ...[...load.unknown]
      .filter((value) => (told.get(value)?.length ?? 0) > 1)
      .map((value) => `${value} was applied more than once`),
  ]
  return { found, applied: [...load.unknown].filter((value) => told.has(value)).length }
}

export async function check({ persistTo, load, receiver, served, now }: Checked) {
  const { db, close } = await openSource({ kind: 'local', folder: persistTo })
  const { shown } = checkDatabase(db, now).findings
  const all = (sql: string) => db.prepare(sql).all() as Row[]
  const numberOf = (sql: string) => Number(all(sql)[0]?.n)
  const entries = all('SELECT * FROM entries ORDER BY ledger, sequence')
  const events = all(
    'SELECT events.*, format, body FROM events JOIN event_bodies ON event_bodies.event_id = events.id',
  )
  const owed = numberOf('SELECT count(*) AS n FROM outbox')
  const undelivered = all(
    "SELECT id, state, reason FROM deliveries WHERE state <> 'delivered' ORDER BY id",
  )
  const states = all('SELECT * FROM feature_states')
  const started = numberOf("SELECT count(*) AS n FROM attempts WHERE outcome = 'started'")
  const attempts = numberOf('SELECT count(*) AS n FROM attempts')
  const most = numberOf('SELECT max(attempts) AS n FROM deliveries')
  close()
  const changes = checkChanges(entries, load)
  const arrivals = checkArrivals({ entries, events, load, receiver })
  const found = [
    ...load.findings,
    ...receiver.findings,
    ...shown.map(({ place, text }) => `${place}: ${text}`),
    ...changes.found,
    ...arrivals.found,
    ...(owed === 0 ? [] : [`${owed} rows stay in the outbox`]),
    ...undelivered.map(({ id, state, reason }) => `delivery ${id} is ${state}: ${reason}`),
    ...states
      .filter((state) => served.has(Number(state.id)) && state.type === 'unicode')
      .filter((state) => served.get(Number(state.id)) !== String(state.string_value))
      .map((state) => `state ${state.id} is not served as stored`),
  ]
  const lines = [
    `acknowledged ${load.acknowledged.size}, unknown ${load.unknown.size}, of them applied ${changes.applied}`,
    `entries ${entries.length}, events ${new Set(events.map(({ id }) => id)).size}`,
    ...arrivals.lines,
    `attempts ${attempts}, of unknown outcome ${started}, most of one delivery ${most}`,
  ]
  return { found, lines }
}
