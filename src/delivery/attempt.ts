/**
 * One attempt of a delivery from claim to recorded outcome. Nothing is sent before D1 holds the
 * started attempt, and nothing is sent that the URL policy refuses or that cannot be signed.
 */
import type { Env } from '../env.ts'
import { logInfo } from '../log.ts'
import { openDatabase } from '../storage/database.ts'
import {
  type Assignment,
  claimDelivery,
  type Ended,
  recordDelivered,
  recordFailed,
} from '../storage/deliveries.ts'
import { unseal } from '../storage/seal.ts'
import { type Failure, maxAttempts, nextDelay } from './schedule.ts'
import { type SendResult, send } from './send.ts'
import { attemptHeaders } from './signing.ts'
import { checkTarget } from './target.ts'

export type Tools = { fetch: typeof globalThis.fetch; now: () => number; random: () => number }

/** Longer than an attempt can take: two look-ups, the request and the batch that records it. */
export const leaseMs = 30_000
/** Two machines' clocks differ; a doorbell that comes a moment early must not be lost. */
const slackMs = 2_000

type Result = SendResult & { note?: string }

const notSent = (failure: Failure, note: string): Result => ({
  delivered: false,
  status: null,
  failure,
  retryAfter: null,
  snippet: '',
  note,
})

async function openSecret(env: Env, sealed: string | null): Promise<string | null | undefined> {
  if (sealed === null) return null
  return unseal(env.BURGEE_SECRET, sealed).catch(() => undefined)
}

async function perform(env: Env, assignment: Assignment, tools: Tools): Promise<Result> {
  const { fetch, now } = tools
  const allowPrivate = env.ALLOW_PRIVATE_WEBHOOKS === 'true'
  const refusal = await checkTarget(assignment.url, { allowPrivate, fetch })
  if (refusal !== null) return notSent('refused', refusal)
  const secret = await openSecret(env, assignment.sealedSecret)
  if (secret === undefined) return notSent('sealed', 'The stored secret cannot be opened.')
  const { eventId: id, body, url } = assignment
  const timestamp = Math.floor(now() / 1_000)
  const headers = await attemptHeaders({ id, timestamp, body }, secret)
  return send({ url, headers, body }, { fetch, now })
}

/**
 * Answers milliseconds until the next attempt, or null when there is nothing more to do here: taken,
 * parked, or somebody else's. Throws only when D1 fails.
 */
export async function attemptDelivery(
  env: Env,
  deliveryId: string,
  tools: Tools,
): Promise<number | null> {
  const db = openDatabase(env.DB)
  const now = tools.now()
  const { parked, assignment } = await claimDelivery(db, {
    id: deliveryId,
    now,
    dueBy: now + slackMs,
    leasedUntil: now + leaseMs,
    maxAttempts,
  })
  if (parked) logInfo('delivery.parked', { deliveryId })
  if (assignment === null) return null

  const { number } = assignment
  const result = await perform(env, assignment, tools)
  const { failure, retryAfter, status } = result
  const ended: Ended = {
    deliveryId,
    number,
    endedAt: tools.now(),
    responseStatus: status,
    responseBody: result.snippet,
    error: failure && (result.note ? `${failure}: ${result.note}` : failure),
  }
  logInfo('delivery.attempted', { deliveryId, number, status, failure })
  if (failure === null) {
    await recordDelivered(db, ended)
    return null
  }
  const wait = nextDelay({ attempt: number, failure, retryAfter, random: tools.random() })
  const counted = await recordFailed(db, ended, wait === null ? null : ended.endedAt + wait)
  return counted ? wait : null
}
