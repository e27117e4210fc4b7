/**
 * Rings the queue for deliveries. A message is a doorbell: losing one costs time, never a delivery,
 * because the sweep rings again for whatever is overdue.
 */
import type { Env } from '../env.ts'
import { openDatabase } from '../storage/database.ts'
import { findEndpoint, listOverdue, selectNext } from '../storage/delivery-lines.ts'
import { lanes } from './claim.ts'

/** Queues takes this many messages in one call. */
const batchSize = 100
/** Endpoints a page of the sweep. */
const pageSize = 250
/** What is due for less than this is still on its way through the queue. */
const graceMs = 30_000
/** A longer wait than this is left to the sweep: messages do not live for days everywhere. */
const longestRingMs = 12 * 60 * 60 * 1_000

/** All at once: whoever changes a flag waits for it. */
export async function ring(env: Env, deliveryIds: string[]): Promise<void> {
  const sends: Promise<unknown>[] = []
  for (let start = 0; start < deliveryIds.length; start += batchSize) {
    const ids = deliveryIds.slice(start, start + batchSize)
    sends.push(env.DELIVERIES.sendBatch(ids.map((deliveryId) => ({ body: { deliveryId } }))))
  }
  await Promise.all(sends)
}

export async function ringLater(env: Env, deliveryId: string, waitMs: number): Promise<void> {
  if (waitMs > longestRingMs) return
  await env.DELIVERIES.send({ deliveryId }, { delaySeconds: Math.ceil(waitMs / 1_000) })
}

/** For an endpoint that was switched on again: as many as go at once, and those take along the rest. */
export async function ringWaiting(env: Env, webhookId: number, now: number): Promise<void> {
  const db = openDatabase(env.DB)
  const endpoint = await findEndpoint(db, webhookId)
  if (endpoint === undefined) return
  const due = await selectNext(db, endpoint, { dueBy: now, now, limit: lanes })
  await ring(
    env,
    due.map(({ id }) => id),
  )
}

/**
 * The cron's part: rings for lost messages, long waits and attempts whose sender died. Of each endpoint
 * only what goes at once, because whoever sends that goes on with what waits behind it: so a backlog of
 * any length neither fills the queue nor keeps others waiting.
 */
export async function ringOverdue(env: Env, now: number): Promise<number> {
  const db = openDatabase(env.DB)
  let rung = 0
  for (let after: number | null = 0; after !== null; ) {
    const page = { dueBy: now - graceMs, now, after, endpoints: pageSize, each: lanes }
    const { ids, last } = await listOverdue(db, page)
    await ring(env, ids)
    rung += ids.length
    after = last
  }
  return rung
}
