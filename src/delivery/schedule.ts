/**
 * When a delivery that failed is tried again, and when it is given up. Pure: the time and the dice
 * are arguments.
 */

export type Failure =
  /** The URL policy refused the target, or its name did not resolve to public addresses. */
  | 'refused'
  /** No connection, or it was lost before an answer came. */
  | 'connection'
  | 'timeout'
  /** 3xx: never followed, because the policy has not seen where it leads. */
  | 'redirect'
  /** Any other answer that is not 2xx. */
  | 'status'
  /** 410: the receiver says that it will never want anything again. */
  | 'gone'
  /** The receiver says that it will never want this event, whatever else it wants. */
  | 'aborted'
  /** The stored secret does not open with the instance's secret: nothing may go out unsigned. */
  | 'sealed'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** The waits after attempts 1, 2, … : the series that Standard Webhooks advises, 75 hours in all. */
const waits = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

export const maxAttempts = waits.length + 1

/** From the first attempt to the last. */
export const scheduleMs = waits.reduce((sum, wait) => sum + wait, 0)

/** What a receiver asked for, in milliseconds: a day at most. */
export const askedWait = (retryAfter: number | null): number =>
  Math.min((retryAfter ?? 0) * second, day)

export type Failed = {
  /** The number of the attempt that failed, from 1. */
  attempt: number
  failure: Failure
  /** Seconds the receiver asked for, if it did. */
  retryAfter: number | null
  /** 0 to 1. */
  random: number
}

/**
 * Milliseconds until the next attempt, or null to give up. Every status but 2xx and 410 is tried again,
 * also 4xx: a 404 or a 401 ends with the deployment that caused it. Retry-After only ever lengthens the
 * wait: a receiver that answers "0" would otherwise burn all its attempts within a second.
 */
export function nextDelay({ attempt, failure, retryAfter, random }: Failed): number | null {
  const wait = waits[attempt - 1]
  if (failure === 'gone' || failure === 'aborted' || wait === undefined) return null
  const jittered = Math.round(wait * (0.8 + 0.4 * random))
  return Math.max(jittered, askedWait(retryAfter))
}

const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/

/** Retry-After as seconds from `now`; null for what is neither whole seconds nor an HTTP date. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text)
  const at = httpDate.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / second))
}
