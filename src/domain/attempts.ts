/**
 * What was tried and refused, as an entry of the log. It changes nothing else, and it holds nothing of
 * the request's body, query or path: what was sent without right may be a secret.
 */
import { ok } from '../outcome.ts'
import type { About, Write } from './write.ts'

export type Attempt = {
  action: 'request.denied' | 'session.denied' | 'user.denied' | 'membership.denied'
  about: About
  log: string
  /** How many were left out since the last one that was recorded (attempt-limit.ts). */
  unrecorded: number
}

export const recordAttempt: Write<Attempt, null> = async (_, { action, about, log, unrecorded }) =>
  ok({
    result: null,
    statements: [],
    entries: [
      {
        ...about,
        action,
        outcome: 'denied',
        log,
        before: null,
        after: unrecorded === 0 ? null : { unrecorded },
      },
    ],
    publish: [],
    events: [],
  })
