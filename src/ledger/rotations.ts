/**
 * The cron's part of rotations, by the system, in the ledger of their organisation: key rotations that
 * ended by themselves are written down (the old key is dead by then), webhook secrets whose time has
 * come are promoted.
 */
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { openDatabase } from '../storage/database.ts'
import { listEndedRotations } from '../storage/key-rotations.ts'
import { listDuePromotions } from '../storage/webhooks.ts'
import { commitAsSystem } from './system.ts'

/** The rest waits for the next minute. */
const atOnce = 50

export async function endRotations(env: Env, now: number): Promise<void> {
  const ended = await listEndedRotations(openDatabase(env.DB), now, atOnce)
  for (const { environmentId, organisationId } of ended) {
    try {
      await commitAsSystem(env, organisationId, {
        write: 'environment-key.end-rotation',
        input: { environmentId },
      })
    } catch (error) {
      const facts = { environment: environmentId, error: reasonOf(error) }
      logError('key-rotation.end-failed', facts)
    }
  }
}

export async function promoteSecrets(env: Env, now: number): Promise<void> {
  const due = await listDuePromotions(openDatabase(env.DB), now, atOnce)
  for (const { id, ...home } of due) {
    try {
      await commitAsSystem(env, home.organisationId, {
        write: 'webhook.end-rotation',
        input: { home, id },
      })
    } catch (error) {
      logError('webhook.promote-failed', { webhook: id, error: reasonOf(error) })
    }
  }
}
