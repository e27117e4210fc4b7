/**
 * The queue's two consumers. Each message stands alone: none can fail, delay or repeat another, and
 * none is lost to an error of ours. Decides nothing about deliveries; D1 holds their truth.
 */
import type { DeliveryMessage, Env } from '../env.ts'
import { logError, logInfo, reasonOf } from '../log.ts'
import { attemptDelivery, leaseMs, type Tools } from './attempt.ts'
import { ringLater } from './ring.ts'

/** An invocation has six connections; an attempt uses one at a time. */
const width = 6
/** After the lease of an attempt that may have begun, so that the repeat can take it. */
const retrySeconds = Math.ceil(leaseMs / 1_000) + 5

/** `fetch` is wrapped because the runtime's own refuses to be called as a member of an object. */
const realTools: Tools = {
  fetch: (input, init) => fetch(input, init),
  now: Date.now,
  random: Math.random,
}

/** Never throws: the attempt is recorded, and what this fails to ring the sweep does. */
async function ringOrLeave(env: Env, deliveryId: string, wait: number): Promise<void> {
  try {
    await ringLater(env, deliveryId, wait)
  } catch (error) {
    logError('delivery.not-rung', { deliveryId, error: reasonOf(error) })
  }
}

async function handle(message: Message<DeliveryMessage>, env: Env, tools: Tools): Promise<void> {
  const deliveryId = message.body?.deliveryId
  if (typeof deliveryId !== 'string') {
    logError('delivery.unreadable-message', { message: message.id })
    return message.ack()
  }
  try {
    const wait = await attemptDelivery(env, deliveryId, tools)
    if (wait !== null) await ringOrLeave(env, deliveryId, wait)
    message.ack()
  } catch (error) {
    logError('delivery.attempt-broke', { deliveryId, error: reasonOf(error) })
    message.retry({ delaySeconds: retrySeconds })
  }
}

export async function consumeDeliveries(
  batch: MessageBatch<DeliveryMessage>,
  env: Env,
  tools: Tools = realTools,
): Promise<void> {
  const waiting = batch.messages.values()
  const work = async () => {
    for (const message of waiting) await handle(message, env, tools)
  }
  await Promise.all(Array.from({ length: width }, work))
}

/**
 * A dead letter is a doorbell that was rung in vain too often. What it was for still waits in D1 and
 * the sweep rings for it, so it is only noted here.
 */
export async function consumeDeadLetters(batch: MessageBatch<DeliveryMessage>): Promise<void> {
  for (const message of batch.messages) {
    logInfo('delivery.dead-letter', { deliveryId: String(message.body?.deliveryId) })
    message.ack()
  }
}
