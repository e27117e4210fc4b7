/**
 * The signed checkpoint that goes along with every attempt, so that whoever receives webhooks can later say
 * what the audit log was (contract audit-and-webhooks §9.4). Promises nothing itself: it tells what was
 * promised last, and nothing where that is nothing.
 */
import { encodeBase64 } from 'hono/utils/encode'
import type { Env } from '../env.ts'
import { logOf, signPromised } from '../ledger/proofs.ts'
import { logError, reasonOf } from '../log.ts'
import type { Assignment } from '../storage/delivery-claims.ts'
import type { HeaderLines } from './headers.ts'

export const checkpointHeader = 'x-audit-checkpoint'

/** A note that cannot be made keeps back no event: it goes without. */
export async function witnessHeaders(
  env: Env,
  { promised }: Pick<Assignment, 'promised'>,
): Promise<HeaderLines> {
  if (promised === null) return {}
  const log = logOf(promised)
  try {
    const note = new TextEncoder().encode(await signPromised(env, log, promised))
    return { [checkpointHeader]: encodeBase64(note.buffer) }
  } catch (error) {
    logError('delivery.no-checkpoint', { ledger: log.ledger, error: reasonOf(error) })
    return {}
  }
}
