/** The Worker's entry: HTTP, queues and cron, each handed to its room. No logic here. */
import { serve } from './app.ts'
import { consumeDeadLetters, consumeDeliveries } from './delivery/consumer.ts'
import { expireEvents } from './delivery/expiry.ts'
import { ringOverdue } from './delivery/ring.ts'
import { useLanes } from './engine/index.ts'
import lanes from './engine/lanes/md5.wasm'
import type { DeliveryMessage, Env } from './env.ts'
import { disableHopeless } from './ledger/disabling.ts'
import { promiseLogs } from './ledger/promising.ts'
import { logOf, signPromised } from './ledger/proofs.ts'
import { pruneLogs } from './ledger/pruning.ts'
import { endRotations, promoteSecrets } from './ledger/rotations.ts'
import { sweepLedgers } from './ledger/sweep.ts'
import { logError, reasonOf } from './log.ts'

export { Ledger } from './ledger/ledger.ts'

// The engine imports nothing: its WebAssembly is handed to it.
useLanes(lanes)

export default {
  fetch: serve,
  queue: (batch, env, ctx) =>
    batch.queue.endsWith('dead-letters')
      ? consumeDeadLetters(batch, env)
      : consumeDeliveries(batch, env, {
          waitUntil: (work) => ctx.waitUntil(work),
          gone: () => disableHopeless(env, Date.now()),
          sign: (promised) => signPromised(env, logOf(promised), promised),
        }),
  async scheduled(_controller, env) {
    const now = Date.now()
    // One sweep that fails must not hide the others, nor its own reason.
    const sweeps = await Promise.allSettled([
      sweepLedgers(env, now),
      ringOverdue(env, now),
      endRotations(env, now),
      pruneLogs(env, now),
      promoteSecrets(env, now),
      promiseLogs(env),
      disableHopeless(env, now),
      expireEvents(env, now),
    ])
    for (const sweep of sweeps) {
      if (sweep.status === 'rejected') logError('sweep.failed', { error: reasonOf(sweep.reason) })
    }
  },
} satisfies ExportedHandler<Env, DeliveryMessage>
