/** Reads the stored database after the last stop and names every broken promise. */
import { checkDatabase } from '../../src/tools/fsck-check.ts'
import { openSource } from '../../src/tools/fsck-source.ts'
import type { Load } from './load.ts'
import type { Receiver } from './receiver.ts'

type Checked = {
  persistTo: string
  load: Load
  receiver: Receiver
  /** What the server served last, by feature state id. */
  served: Map<number, string>
}

type Row = Record<string, string | number | null>

function checkChanges(entries: Row[], events: Row[], load: Load): string[] {
  const newValue = (entry: Row) => JSON.parse(String(entry.record)).after?.string_value
  const told = Map.groupBy(entries, newValue)
  const frozen = Map.groupBy(events, (event) => String(event.change_id))
  const updates = entries.filter((entry) => entry.action === 'feature-state.updated')
  return [
    ...[...load.acknowledged]
      .filter((value) => told.get(value)?.length !== 1)
      .map((value) => `${value} was acknowledged and has ${told.get(value)?.length ?? 0} entries`),
    ...[...load.unknown]
      .filter((value) => (told.get(value)?.length ?? 0) > 1)
      .map((value) => `${value} was applied more than once`),
    ...updates
      .filter((entry) => frozen.get(String(entry.change_id))?.length !== 1)
      .map((entry) => `the change of entry ${entry.sequence} has not exactly one event`),
  ]
}

function checkReceived(events: Row[], webhookSince: number, receiver: Receiver): string[] {
  const bodies = new Map(events.map((event) => [String(event.id), String(event.body)]))
  return [
    ...events
      .filter((event) => Number(event.created_at) > webhookSince && event.type === 'FLAG_UPDATED')
      .filter((event) => !receiver.received.has(String(event.id)))
      .map((event) => `event ${event.id} never arrived`),
    ...[...receiver.received].flatMap(([id, copies]) => {
      if (!bodies.has(id)) return [`event ${id} arrived and does not exist`]
      return copies.every((copy) => copy === bodies.get(id)) ? [] : [`event ${id}: bytes differ`]
    }),
  ]
}

export async function check({ persistTo, load, receiver, served }: Checked) {
  const { db, close } = await openSource({ kind: 'local', folder: persistTo })
  const { shown } = checkDatabase(db, Date.now()).findings
  const all = (sql: string) => db.prepare(sql).all() as Row[]
  const entries = all('SELECT * FROM entries ORDER BY ledger, sequence')
  const events = all(
    'SELECT events.*, body FROM events JOIN event_bodies ON event_bodies.event_id = events.id',
  )
  const since = Number(all('SELECT max(created_at) AS at FROM webhooks')[0]?.at)
  const owed = Number(all('SELECT count(*) AS n FROM outbox')[0]?.n)
  const states = all('SELECT * FROM feature_states')
  const started = all("SELECT count(*) AS n FROM attempts WHERE outcome = 'started'")[0]?.n
  const versions = all('SELECT sum(version) AS n FROM environments')[0]?.n
  close()
  const copies = [...receiver.received.values()].map((bodies) => bodies.length)
  const found = [
    ...shown.map(({ place, text }) => `${place}: ${text}`),
    ...checkChanges(entries, events, load),
    ...checkReceived(events, since, receiver),
    ...(owed === 0 ? [] : [`${owed} rows stay in the outbox`]),
    ...states
      .filter((state) => served.has(Number(state.id)) && state.type === 'unicode')
      .filter((state) => served.get(Number(state.id)) !== String(state.string_value))
      .map((state) => `state ${state.id} is not served as stored`),
  ]
  const counts = {
    entries: entries.length,
    events: events.length,
    'sum of versions': versions,
    'webhooks received': copies.length,
    duplicates: copies.reduce((sum, count) => sum + count - 1, 0),
    'attempts of unknown outcome': started,
  }
  return { found, counts }
}
