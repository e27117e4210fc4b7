/**
 * Switches endpoints off, by the system, in the ledger of their organisation: those that said that they
 * are gone, and those to which nothing could be delivered for days. The cron comes back to what fails.
 */
import type { Env } from '../env.ts'
import { logError, logInfo, reasonOf } from '../log.ts'
import { openDatabase } from '../storage/database.ts'
import { listHopeless } from '../storage/webhook-health.ts'
import { commitAsSystem } from './system.ts'

const patienceMs = 5 * 24 * 60 * 60 * 1_000
/** One event that fails for days is too little to judge by: it is tried ten times in three. */
const leastAttempts = 5
/** The rest waits for the next minute. */
const atOnce = 50

export async function disableHopeless(env: Env, now: number): Promise<void> {
  const at = { since: now - patienceMs, attempts: leastAttempts, limit: atOnce }
  const hopeless = await listHopeless(openDatabase(env.DB), at)
  for (const { webhookId, home, reason } of hopeless) {
    try {
      const input = { home, id: webhookId, reason }
      const write = 'webhook.disable' as const
      const outcome = await commitAsSystem(env, home.organisationId, { write, input })
      if (outcome.kind === 'ok') logInfo('webhook.disabled', { webhook: webhookId, reason })
    } catch (error) {
      logError('webhook.disable-failed', { webhook: webhookId, error: reasonOf(error) })
    }
  }
}
