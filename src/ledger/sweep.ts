/** The cron's part of the ledger: wakes every ledger whose outbox has grown old. */
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { openDatabase } from '../storage/database.ts'
import { listOverdueLedgers } from '../storage/outbox.ts'

/** Younger work is still in the hands of the request or the alarm that began it. */
const overdueMs = 10_000

export async function sweepLedgers(env: Env, now: number): Promise<void> {
  const ledgers = await listOverdueLedgers(openDatabase(env.DB), now - overdueMs)
  for (const ledger of ledgers) {
    try {
      await env.LEDGER.getByName(ledger).sweep(ledger)
    } catch (error) {
      logError('ledger.sweep-failed', { ledger, error: reasonOf(error) })
    }
  }
}
