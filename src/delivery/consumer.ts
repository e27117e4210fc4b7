/**
 * The queue's two consumers. Each message stands alone: none can fail, delay or repeat another, and
 * none is lost to an error of ours. Decides nothing about deliveries; D1 holds their truth.
 */
import type { DeliveryMessage, Env } from '../env.ts'
import { logError, logInfo, reasonOf } from '../log.ts'
import type { Assignment } from '../storage/assignments.ts'
import { type Attempted, attempt, type Tools } from './attempt.ts'
import { claim, leaseMs } from './claim.ts'
import { ring, ringLater } from './ring.ts'
import type { Sign } from './witness.ts'

/** After the lease of an attempt that may have begun, so that the repeat can take it. */
const retrySeconds = Math.ceil(leaseMs / 1_000) + 5
/** A dead letter has been rung in vain for minutes: whatever is wrong gets a while to pass. */
const deadLetterSeconds = 60
/**
 * What follows the handler may take thirty seconds, and an attempt sixteen: after this long a lane hands
 * what is left to the queue.
 */
const laneMs = 8_000

type Given = Omit<Tools, 'sign'>

/** `fetch` is wrapped because the runtime's own refuses to be called as a member of an object. */
const realTools: Given = {
  fetch: (input, init) => fetch(input, init),
  now: Date.now,
  random: Math.random,
}

/** What the consumer is given from outside. */
export type Surroundings = {
  /** Keeps the invocation alive while attempts are under way; the queue does not wait for them. */
  waitUntil: (work: Promise<unknown>) => void
  /** An endpoint has said that it is gone: whoever may switch it off does, now or later. */
  gone: () => Promise<void>
  /** Makes the note that tells receivers what the audit log is. */
  sign: Sign
}

/** What fails here is recorded in D1, and the sweep comes back to it. */
async function orLeave(deliveryId: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    logError('delivery.not-rung', { deliveryId, error: reasonOf(error) })
  }
}

/** Rings for what the attempt leaves to others. */
async function ringAfter(env: Env, { assignment, wait, due, ...after }: Attempted): Promise<void> {
  const { deliveryId } = assignment
  if (wait !== null) await orLeave(deliveryId, ringLater(env, deliveryId, wait))
  const { trial } = after
  // One is enough to try the endpoint again; what it answers decides about the others.
  if (trial !== null) {
    await orLeave(trial.deliveryId, ringLater(env, trial.deliveryId, trial.wait))
  }
  if (after.released && due.length > 1) await orLeave(deliveryId, ring(env, due.slice(1)))
}

/**
 * Sends to one endpoint, one after the other, what waits for it: an endpoint with a backlog has as many
 * lanes as it may, and needs no message for each delivery.
 */
async function drive(
  env: Env,
  first: Assignment,
  { tools, gone }: { tools: Tools; gone: Surroundings['gone'] },
): Promise<void> {
  const until = Date.now() + laneMs
  for (let assignment: Assignment | undefined = first; assignment !== undefined; ) {
    const { deliveryId } = assignment
    try {
      const goesOn = () => Date.now() <= until
      const done: Attempted = await attempt(env, assignment, { ...tools, goesOn })
      await ringAfter(env, done)
      if (done.failure === 'gone') await gone()
      if (done.taken !== null) {
        assignment = done.taken
        continue
      }
      if (done.opened || done.due.length === 0) return
      if (!goesOn()) return orLeave(deliveryId, ring(env, done.due.slice(0, 1)))
      ;[assignment] = await claim(env, done.due, { now: tools.now(), most: 1 })
    } catch (error) {
      logError('delivery.attempt-broke', { deliveryId, error: reasonOf(error) })
      return orLeave(deliveryId, ringLater(env, deliveryId, retrySeconds * 1_000))
    }
  }
}

const idOf = ({ body }: Message<DeliveryMessage>): string | null =>
  typeof body?.deliveryId === 'string' ? body.deliveryId : null

type Messages = readonly Message<DeliveryMessage>[]

/** Where a claim of several fails each is tried alone, because one that cannot be must not keep others. */
async function take(env: Env, messages: Messages, tools: Given): Promise<Assignment[]> {
  const ids = messages.flatMap((message) => idOf(message) ?? [])
  const again = { delaySeconds: retrySeconds }
  try {
    const assignments = await claim(env, ids, { now: tools.now() })
    for (const message of messages) message.ack()
    return assignments
  } catch (error) {
    logError('delivery.claim-broke', { messages: messages.length, error: reasonOf(error) })
  }
  // The claim may stand although its answer was lost: what is not taken now comes back after its lease.
  const taken: Assignment[] = []
  for (const [index, message] of messages.entries()) {
    const mine =
      messages.length === 1
        ? []
        : await claim(env, ids.slice(index, index + 1), { now: tools.now() }).catch(() => [])
    if (mine.length > 0) message.ack()
    else message.retry(again)
    taken.push(...mine)
  }
  return taken
}

/**
 * Acknowledges as soon as D1 holds the claim: from then on the lease and the sweep look after it, and
 * a receiver that hangs holds up no message behind it.
 */
export async function consumeDeliveries(
  batch: MessageBatch<DeliveryMessage>,
  env: Env,
  { waitUntil, gone, sign, tools = realTools }: Surroundings & { tools?: Given },
): Promise<void> {
  for (const message of batch.messages) {
    if (idOf(message) !== null) continue
    logError('delivery.unreadable-message', { message: message.id })
    message.ack()
  }
  const readable = batch.messages.filter((message) => idOf(message) !== null)
  const assignments = await take(env, readable, tools)
  waitUntil(
    Promise.all(assignments.map((one) => drive(env, one, { tools: { ...tools, sign }, gone }))),
  )
}

/** A dead letter is a doorbell that was rung in vain too often. It is rung again, after a while. */
export async function consumeDeadLetters(
  batch: MessageBatch<DeliveryMessage>,
  env: Env,
): Promise<void> {
  for (const message of batch.messages) {
    const deliveryId = idOf(message)
    logInfo('delivery.dead-letter', { deliveryId })
    if (deliveryId !== null) {
      await orLeave(deliveryId, ringLater(env, deliveryId, deadLetterSeconds * 1_000))
    }
    message.ack()
  }
}
