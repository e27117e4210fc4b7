/**
 * The Worker on the run's clock, with bindings that fail: whatever ledger, queue consumer and cron ask of D1, KV,
 * the queue and the ledger's own storage, and the ledger's alarm. Routes see the real ones.
 */

// Before the Worker, which keeps the clock in constants.
import './worker-clock.ts'
import type { DeliveryMessage } from '../../src/env.ts'
import worker, { Ledger as RealLedger } from '../../src/index.ts'
import { type ChaosEnv, guarded, guardFor, withFaults } from './faults.ts'
import { onClock, setAhead } from './worker-clock.ts'

export class Ledger extends RealLedger {
  constructor(ctx: DurableObjectState, env: ChaosEnv) {
    super(ctx, withFaults(env))
    const storage = guarded(onClock(ctx.storage), guardFor(env), 'storage')
    this.ctx = { storage } as unknown as typeof this.ctx
  }

  /** The runtime calls it again when it throws. */
  override alarm(): Promise<void> {
    return guardFor(this.env as ChaosEnv)('alarm', () => super.alarm())
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/chaos/ahead') return worker.fetch(request, env, ctx)
    setAhead(Number(await request.text()))
    return new Response()
  },
  queue: (batch, env, ctx) => worker.queue(batch, withFaults(env), ctx),
  scheduled: (controller, env) => worker.scheduled(controller, withFaults(env)),
} satisfies ExportedHandler<ChaosEnv, DeliveryMessage>
