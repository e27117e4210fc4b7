/**
 * The run's clock, ahead of the machine's: a server may be down for an hour, or wait five minutes for its next
 * attempt, without anybody waiting for it. Schedules, leases and breakers stay as they are; time passes faster.
 */

export type Clock = {
  /** Milliseconds ahead of the machine. */
  ahead(): number
  now(): number
  advance(ms: number): void
}

export function createClock(): Clock {
  let ahead = 0
  return {
    ahead: () => ahead,
    now: () => Date.now() + ahead,
    advance(ms) {
      ahead += ms
    },
  }
}
