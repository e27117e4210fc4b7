/** How long events are kept to be seen and replayed. Their bodies name people, so it is not for ever. */
import type { Env } from '../env.ts'
import { logInfo } from '../log.ts'
import { openDatabase } from '../storage/database.ts'
import { deleteOldEvents } from '../storage/old-events.ts'

const day = 24 * 60 * 60 * 1_000

/** A delivery is given up after three days: this leaves people four weeks to replay it. */
export const keptMs = 30 * day

/** The next cron goes on. */
const atOnce = 1_000

export async function expireEvents(env: Env, now: number): Promise<void> {
  const at = { before: now - keptMs, limit: atOnce }
  const gone = await deleteOldEvents(openDatabase(env.DB), at)
  if (gone > 0) logInfo('delivery.expired', { events: gone })
}
