/** Keeps an endpoint's health true while several attempts change it at once. Decides nothing itself. */

import type { Assignment } from '../storage/assignments.ts'
import type { Database } from '../storage/database.ts'
import { changeHealth, findHealth } from '../storage/webhook-health.ts'
import { afterAttempt, type Health, type Heard, isNews, unknownHealth } from './breaker.ts'

/** Others may change the row meanwhile; after so many tries their word has to do. */
const mostTries = 5

const unknownRow = { ...unknownHealth, webhookId: 0, goneAt: null, revision: 0 }

/** What the attempt did to the breaker. */
export type Turn = { kind: 'none' } | { kind: 'closed' } | { kind: 'opened'; until: number }

/** Now, and when the delivery was taken: what was decided by the breaker of then is to be let go, too. */
const wasClosed = (now: Health, then: Health | null) =>
  now.breakerState === 'closed' && (then === null || then.breakerState === 'closed')

export async function noteHealth(
  db: Database,
  { webhookId, health, ordered }: Pick<Assignment, 'webhookId' | 'health' | 'ordered'>,
  heard: Heard,
): Promise<Turn> {
  let row = health ?? undefined
  for (let left = mostTries; left > 0; left--) {
    const { revision, goneAt: _, webhookId: __, ...was } = row ?? unknownRow
    const is = afterAttempt(was, heard, ordered)
    if (!isNews(was, is)) return { kind: 'none' }
    const changed = await changeHealth(db, { webhookId, revision }, is)
    if (changed.length > 0) {
      if (is.breakerUntil === null) return { kind: wasClosed(was, health) ? 'none' : 'closed' }
      return is.breakerState === was.breakerState
        ? { kind: 'none' }
        : { kind: 'opened', until: is.breakerUntil }
    }
    row = await findHealth(db, webhookId)
  }
  return { kind: 'none' }
}
