/**
 * The ledger: the one Durable Object through which an organisation's admin changes pass, one at a
 * time. It plans, arms its alarm, commits one D1 batch and then acts on the outbox. It decides no
 * rules; those are the writes' (domain).
 */
import { DurableObject } from 'cloudflare:workers'
import type { AnyWrite } from '../domain/register.ts'
import { writes } from '../domain/register.ts'
import type { Context, Plan } from '../domain/write.ts'
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { type Outcome, ok } from '../outcome.ts'
import { type Database, openDatabase, runBatch } from '../storage/database.ts'
import { findHead, findHeadOfChange, type Head } from '../storage/entries.ts'
import { reserveIds } from '../storage/ids.ts'
import { clearOutbox, type Desk, retryMs } from './act.ts'
import { type Change, noHash } from './chain.ts'
import type { Order } from './client.ts'
import { toBatch } from './commit.ts'
import { createTurns } from './turns.ts'

/** If nothing else happens, the alarm looks after a change this long after it was armed. */
const safetyMs = 2_000
/** A batch that lost against another live object of the same ledger is planned anew. */
const maxAttempts = 5

export class Ledger extends DurableObject<Env> {
  readonly #take = createTurns()
  readonly #publishedAt = new Map<string, number>()
  #head: Head | null = null
  #acting: Promise<void> | null = null

  /**
   * Applies one write in its turn. Refusals are values; a throw means that the outcome is unknown,
   * and says why without the values of any statement.
   */
  async commit(order: Order): Promise<Outcome<unknown>> {
    const done = await this.#take(() => this.#apply(order)).catch((error) => {
      throw new Error(reasonOf(error))
    })
    if (done.kind === 'ok' && done.value.owes) await this.#actOrRetryLater(order.ledger)
    return done.kind === 'ok' ? ok(done.value.result) : done
  }

  /** The second driver: the cron calls it for a ledger whose outbox grows old. */
  async sweep(ledger: string): Promise<void> {
    await this.#remember(ledger)
    await this.#actOrRetryLater(ledger)
  }

  /** Never throws: a handler that keeps throwing is dropped, and its work with it. */
  override async alarm(): Promise<void> {
    try {
      const ledger = await this.ctx.storage.get<string>('ledger')
      if (ledger !== undefined) await this.#actOrRetryLater(ledger)
    } catch (error) {
      logError('ledger.alarm-failed', { error: reasonOf(error) })
      await this.ctx.storage.setAlarm(Date.now() + retryMs).catch(() => undefined)
    }
  }

  async #apply(order: Order): Promise<Outcome<{ result: unknown; owes: boolean }>> {
    const db = openDatabase(this.env.DB)
    const change: Change = { ...order, id: crypto.randomUUID(), now: Date.now() }
    for (let attempt = 1; ; attempt++) {
      // Read before the plan's own reads: whatever another object commits in between then collides.
      const head = this.#head ?? (await findHead(db, order.ledger)) ?? { sequence: 0, hash: noHash }
      const planned = await this.#plan(db, change, order)
      if (planned.kind !== 'ok') return planned
      const plan = planned.value
      if (plan.entries.length === 0) return ok({ result: plan.result, owes: false })
      await this.#remember(order.ledger)
      await this.#arm(Date.now() + safetyMs)
      try {
        const batch = await toBatch(db, change, { plan, head })
        this.#head = null
        await runBatch(db, batch.statements)
        this.#head = batch.head
      } catch (error) {
        // The answer may be lost although the batch took effect: only the log itself knows.
        const committed = await findHeadOfChange(db, change.id)
        if (committed === undefined) {
          if (attempt < maxAttempts && /UNIQUE constraint/.test(reasonOf(error))) continue
          throw error
        }
        this.#head = committed
      }
      return ok({ result: plan.result, owes: plan.publish.length + plan.events.length > 0 })
    }
  }

  #plan(db: Database, change: Change, order: Order): Promise<Outcome<Plan<unknown>>> {
    const context: Context = {
      db,
      now: change.now,
      actor: order.actor,
      secret: this.env.BURGEE_SECRET,
      reserve: (counts) => reserveIds(db, counts),
    }
    const write: AnyWrite = writes[order.write] as AnyWrite
    return write(context, order.input)
  }

  /** An alarm knows no name: the object keeps its own. */
  async #remember(ledger: string): Promise<void> {
    if ((await this.ctx.storage.get('ledger')) === undefined) {
      await this.ctx.storage.put('ledger', ledger)
    }
  }

  /** Sets the alarm unless an earlier one is already ahead; one that is overdue counts as lost. */
  async #arm(at: number): Promise<void> {
    const armed = await this.ctx.storage.getAlarm()
    if (armed === null || armed > at || armed <= Date.now()) await this.ctx.storage.setAlarm(at)
  }

  /** Runs the effects once at a time; what fails stays in the outbox and the alarm comes back. */
  async #actOrRetryLater(ledger: string): Promise<void> {
    while (this.#acting !== null) await this.#acting
    this.#acting = this.#act(ledger).finally(() => {
      this.#acting = null
    })
    await this.#acting
  }

  async #act(ledger: string): Promise<void> {
    const desk: Desk = {
      env: this.env,
      db: openDatabase(this.env.DB),
      ledger,
      publishedAt: this.#publishedAt,
    }
    try {
      const wake = await clearOutbox(desk)
      if (wake !== null) await this.#arm(wake)
    } catch (error) {
      logError('ledger.effects-failed', { ledger, error: reasonOf(error) })
      await this.#arm(Date.now() + retryMs).catch(() => undefined)
    }
  }
}
