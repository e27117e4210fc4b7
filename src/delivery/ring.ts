/**
 * Rings the queue for deliveries. A message is a doorbell: losing one costs time, never a delivery,
 * because the sweep rings again for whatever is overdue.
 */
import type { Env } from '../env.ts'
import { openDatabase } from '../storage/database.ts'
import { listOverdue } from '../storage/deliveries.ts'

/** Queues takes this many messages in one call. */
const batchSize = 100
/** A sweep rings for no more than this; the next one, a minute later, goes on. */
const sweepLimit = 1_000
/** What is due for less than this is still on its way through the queue. */
const graceMs = 30_000
/** A longer wait than this is left to the sweep: messages do not live for days everywhere. */
const longestRingMs = 12 * 60 * 60 * 1_000

export async function ring(env: Env, deliveryIds: string[]): Promise<void> {
  for (let start = 0; start < deliveryIds.length; start += batchSize) {
    const ids = deliveryIds.slice(start, start + batchSize)
    await env.DELIVERIES.sendBatch(ids.map((deliveryId) => ({ body: { deliveryId } })))
  }
}

export async function ringLater(env: Env, deliveryId: string, waitMs: number): Promise<void> {
  if (waitMs > longestRingMs) return
  await env.DELIVERIES.send({ deliveryId }, { delaySeconds: Math.ceil(waitMs / 1_000) })
}

/** The cron's part: rings for lost messages, long waits and attempts whose sender died. */
export async function ringOverdue(env: Env, now: number): Promise<number> {
  const at = { dueBy: now - graceMs, now, limit: sweepLimit }
  const overdue = await listOverdue(openDatabase(env.DB), at)
  await ring(env, overdue)
  return overdue.length
}
