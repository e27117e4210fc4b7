/** The Worker's entry: HTTP, queues and cron, each handed to its room. No logic here. */
import { app } from './app.ts'
import { consumeDeadLetters, consumeDeliveries } from './delivery/consumer.ts'
import { ringOverdue } from './delivery/ring.ts'
import type { DeliveryMessage, Env } from './env.ts'
import { sweepLedgers } from './ledger/sweep.ts'

export { Ledger } from './ledger/ledger.ts'

export default {
  fetch: app.fetch,
  queue: (batch, env) =>
    batch.queue.endsWith('dead-letters')
      ? consumeDeadLetters(batch, env)
      : consumeDeliveries(batch, env),
  async scheduled(_controller, env) {
    await Promise.all([sweepLedgers(env, Date.now()), ringOverdue(env, Date.now())])
  },
} satisfies ExportedHandler<Env, DeliveryMessage>
