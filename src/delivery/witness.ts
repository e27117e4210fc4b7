/**
 * The signed checkpoint that goes along with every attempt, so that whoever receives webhooks can later say
 * what the audit log was (contract audit-and-webhooks §9.4). Promises nothing itself: it tells what was
 * promised last, and nothing where that is nothing.
 */
import { encodeBase64 } from 'hono/utils/encode'
import { logError, reasonOf } from '../log.ts'
import type { Assignment } from '../storage/assignments.ts'
import type { OrganisationPromise } from '../storage/checkpoints.ts'
import type { HeaderLines } from './headers.ts'

export const checkpointHeader = 'x-audit-checkpoint'

/** Whoever keeps the log signs: the promise as a note. */
export type Sign = (promised: OrganisationPromise) => Promise<string>

/** A note that cannot be made keeps back no event: it goes without. */
export async function witnessHeaders(
  sign: Sign,
  { promised }: Pick<Assignment, 'promised'>,
): Promise<HeaderLines> {
  if (promised === null) return {}
  try {
    const note = new TextEncoder().encode(await sign(promised))
    return { [checkpointHeader]: encodeBase64(note.buffer) }
  } catch (error) {
    logError('delivery.no-checkpoint', { organisation: promised.id, error: reasonOf(error) })
    return {}
  }
}
