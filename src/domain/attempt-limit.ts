/**
 * How many refused attempts are worth an entry: a bucket of tokens for each ledger and one for each actor
 * in it, so that a stranger can neither flood a log nor hide in it who else was refused. What is left out
 * is counted. In memory and bounded; whatever is forgotten lets more through, never less.
 */

/** Tokens, and when they were counted (epoch milliseconds). */
type Bucket = { tokens: number; at: number }

type Limits = {
  /** As many at once, and as many a minute after that. */
  perLedger: number
  perActor: number
  /** How many buckets and counts are remembered; those that rested longest go first. */
  memory: number
}

export const attemptLimits: Limits = { perLedger: 60, perActor: 10, memory: 1_000 }

type Tried = { ledger: string; actor: string }

export type AttemptLimit = {
  /** Whether an entry is made of it; if not, it is counted as left out. */
  admit: (tried: Tried, now: number) => boolean
  /** Takes what was left out of a ledger's log so far, to be told by the entry that is made. */
  takeLeftOut: (ledger: string) => number
  leaveOut: (ledger: string, count: number) => void
}

const minuteMs = 60_000

/** A full bucket at first. A clock that goes back fills nothing. */
export function refill(bucket: Bucket | undefined, perMinute: number, now: number): Bucket {
  if (bucket === undefined) return { tokens: perMinute, at: now }
  const passed = Math.max(0, now - bucket.at)
  const tokens = Math.min(perMinute, bucket.tokens + (passed * perMinute) / minuteMs)
  return { tokens, at: Math.max(bucket.at, now) }
}

/** What is set again counts as new. */
function remember<V>(memory: Map<string, V>, key: string, value: V, limit: number): void {
  memory.delete(key)
  memory.set(key, value)
  const [oldest] = memory.keys()
  if (memory.size > limit && oldest !== undefined) memory.delete(oldest)
}

export function createAttemptLimit({ perLedger, perActor, memory }: Limits): AttemptLimit {
  const buckets = new Map<string, Bucket>()
  const leftOut = new Map<string, number>()
  const leaveOut = (ledger: string, count: number) => {
    if (count > 0) remember(leftOut, ledger, (leftOut.get(ledger) ?? 0) + count, memory)
  }
  return {
    admit({ ledger, actor }, now) {
      const all = [
        { key: ledger, perMinute: perLedger },
        { key: `${ledger}/${actor}`, perMinute: perActor },
      ].map(({ key, perMinute }) => ({ key, bucket: refill(buckets.get(key), perMinute, now) }))
      const isAdmitted = all.every(({ bucket }) => bucket.tokens >= 1)
      const price = isAdmitted ? 1 : 0
      for (const { key, bucket } of all) {
        remember(buckets, key, { ...bucket, tokens: bucket.tokens - price }, memory)
      }
      if (!isAdmitted) leaveOut(ledger, 1)
      return isAdmitted
    },
    takeLeftOut(ledger) {
      const count = leftOut.get(ledger) ?? 0
      leftOut.delete(ledger)
      return count
    },
    leaveOut,
  }
}
