/**
 * Lets the last server do what is left. Whenever it only waits for a time to come, the run's clock is moved
 * there: every wait of the schedule is kept, and none is waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openSource } from '../../src/tools/fsck-source.ts'
import type { Clock } from './clock.ts'
import type { Load } from './load.ts'
import type { Receiver } from './receiver.ts'
import type { ChaosServer } from './server.ts'

type Draining = {
  server: ChaosServer
  clock: Clock
  load: Load
  receiver: Receiver
  persistTo: string
}

/** Nothing has moved for so long: whoever is about to do something has begun by now. */
const stillMs = 1_000
/** The sweep leaves what is due for less than thirty seconds to others. */
const graceMs = 31_000
/** When nothing has come of so many moves of the clock, nothing will. */
const mostMoves = 30

/** What is to be done, and when the next of it becomes due that is not yet. */
async function readOwed(persistTo: string, now: number) {
  const { db, close } = await openSource({ kind: 'local', folder: persistTo })
  const row = db
    .prepare(
      `SELECT (SELECT count(*) FROM outbox)
          + (SELECT count(*) FROM deliveries WHERE state = 'waiting') AS owed,
        (SELECT min(at) FROM (
          SELECT next_attempt_at AS at FROM deliveries WHERE state = 'waiting'
          UNION ALL SELECT leased_until FROM deliveries WHERE state = 'waiting'
          UNION ALL SELECT breaker_until FROM webhook_health WHERE breaker_state <> 'closed')
         WHERE at > :now) AS due`,
    )
    .get({ now })
  close()
  return { owed: Number(row?.owed), due: Number(row?.due ?? now) }
}

/** False when something is left that does not move. */
export async function drain({ server, clock, load, receiver, persistTo }: Draining) {
  let before = ''
  let since = Date.now()
  for (let moves = 0; moves < mostMoves; await sleep(250)) {
    // Nobody waits for the minute here: the same sweep that cron runs.
    await server.sweep()
    const { owed, due } = await readOwed(persistTo, clock.now())
    if (owed === 0 && (await load.settled())) return true
    const standing = `${owed} ${receiver.counts.requests}`
    if (standing !== before) moves = 0
    if (standing !== before || receiver.open() > 0) since = Date.now()
    before = standing
    if (Date.now() - since < stillMs) continue
    clock.advance(due - clock.now() + graceMs)
    await server.setAhead(clock.ahead())
    since = Date.now()
    moves++
  }
  return false
}
