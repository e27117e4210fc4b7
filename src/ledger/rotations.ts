/**
 * The cron's part of key rotations: what ended by itself is written down, by the system, in the ledger
 * of its organisation. The old key is dead by then; this only takes it away and says so.
 */
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { openDatabase } from '../storage/database.ts'
import { listEndedRotations } from '../storage/key-rotations.ts'
import { commit, ledgerOf } from './client.ts'

/** The rest waits for the next minute. */
const atOnce = 50

export async function endRotations(env: Env, now: number): Promise<void> {
  const ended = await listEndedRotations(openDatabase(env.DB), now, atOnce)
  for (const { environmentId, organisationId } of ended) {
    try {
      await commit(env, {
        ledger: ledgerOf(organisationId),
        write: 'environment-key.end-rotation',
        input: { environmentId },
        actor: { kind: 'system', id: null, credential: null, name: '' },
        source: { requestId: crypto.randomUUID(), ip: null, userAgent: null },
      })
    } catch (error) {
      const facts = { environment: environmentId, error: reasonOf(error) }
      logError('key-rotation.end-failed', facts)
    }
  }
}
