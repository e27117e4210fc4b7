/** Taking deliveries to send: how long, how many at once to one endpoint. D1 settles who gets them. */
import type { Env } from '../env.ts'
import { logInfo } from '../log.ts'
import type { Assignment } from '../storage/assignments.ts'
import { openDatabase } from '../storage/database.ts'
import { claimDeliveries } from '../storage/delivery-claims.ts'
import type { Endpoint } from '../storage/delivery-lines.ts'
import type { NextClaim } from '../storage/delivery-results.ts'
import { maxAttempts } from './schedule.ts'

/** Longer than an attempt can take: two look-ups, the request and the batch that records it. */
export const leaseMs = 30_000
/** So many requests are under way to one endpoint at most, whatever waits for it. */
export const lanes = 4
/** Two machines' clocks differ; a doorbell that comes a moment early must not be lost. */
export const slackMs = 2_000

const terms = (now: number) => ({
  now,
  dueBy: now + slackMs,
  leasedUntil: now + leaseMs,
  maxAttempts,
  lanes,
})

/** To take what an endpoint is to get next together with recording what went before. */
export const nextClaim = (named: Endpoint, now: number): NextClaim => ({
  named,
  most: 1,
  ...terms(now),
})

/** Takes what may be sent now. Throws only when D1 fails. */
export async function claim(
  env: Env,
  ids: string[],
  { now, most = lanes }: { now: number; most?: number },
): Promise<Assignment[]> {
  const { assignments, settled } = await claimDeliveries(openDatabase(env.DB), {
    named: ids,
    most,
    ...terms(now),
  })
  for (const { id, state } of settled) logInfo('delivery.settled', { deliveryId: id, state })
  return assignments
}
