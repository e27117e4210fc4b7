/**
 * The cron's part of checkpoints: promises what ledgers have written since they last did, asked for or not,
 * so that the next webhook brings a checkpoint along that covers it. A log without new entries promises
 * nothing again: its checkpoint would be the same, byte for byte.
 */
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { listUnpromised } from '../storage/checkpoints.ts'
import { openDatabase } from '../storage/database.ts'
import { growTree } from './growth.ts'

/** The rest waits for the next minute: an invocation may ask D1 a thousand times, a log takes about five. */
const logsAtOnce = 50

export async function promiseLogs(env: Env): Promise<void> {
  for (const ledger of await listUnpromised(openDatabase(env.DB), logsAtOnce)) {
    try {
      // A log that was changed is refused and says so itself, every minute until somebody has looked.
      await growTree(env, ledger)
    } catch (error) {
      logError('audit.promise-failed', { ledger, error: reasonOf(error) })
    }
  }
}
