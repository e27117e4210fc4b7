/**
 * The ledger: the one Durable Object through which an organisation's admin changes pass. It takes
 * turns (plan, arm the alarm, commit one D1 batch) and then acts on the outbox.
 */
import { DurableObject } from 'cloudflare:workers'
import { attemptLimits, createAttemptLimit } from '../domain/attempt-limit.ts'
import { reachOf } from '../domain/reach.ts'
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { type Outcome, ok } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { clearOutbox, retryMs } from './act.ts'
import type { AttemptOrder, Committed, Order } from './client.ts'
import { createLine } from './line.ts'
import { createRounds } from './rounds.ts'
import { type Book, type Done, takeTurn } from './turn.ts'

/** If nothing else happens, the alarm looks after a change this long after it was armed. */
const safetyMs = 2_000
/** As many orders are committed together: their batch must stay far from D1's limits. */
const maxTogether = 64

export class Ledger extends DurableObject<Env> {
  readonly #line = createLine<Order, Done>((orders) => takeTurn(this.#book(), orders), {
    limit: maxTogether,
    // What a caller compares with must not change in its own group.
    reachOf: (order) => (order.ifMatch === undefined ? reachOf(order.write, order.input) : null),
  })
  readonly #act = createRounds(() => this.#actOrRetryLater())
  readonly #publishedAt = new Map<string, number>()
  readonly #told = new Map<string, number>()
  readonly #mailedAt = new Map<string, number>()
  readonly #attempts = createAttemptLimit(attemptLimits)
  readonly #memory: Book['memory'] = { standing: null }
  #name: string | null = null
  /** When the alarm goes off; null when this object does not know. */
  #armedFor: number | null = null

  /**
   * Applies one write in its turn. Refusals are values; a throw means that the outcome is unknown,
   * and says why without the values of any statement.
   */
  async commit(order: Order): Promise<Outcome<Committed<unknown>>> {
    await this.#remember(order.ledger)
    const done = await this.#line.take(order).catch((error) => {
      throw new Error(reasonOf(error))
    })
    if (done.kind !== 'ok') return done
    const { owes, ...committed } = done.value
    if (owes) await this.#act()
    return ok(committed)
  }

  /** Isolates have their limits too, but there may be many of them. Never throws. */
  async recordAttempt(order: AttemptOrder): Promise<void> {
    const { ledger, actor, input } = order
    this.#attempts.leaveOut(ledger, input.unrecorded)
    const tried = { ledger, actor: actor.id ?? actor.name }
    if (!this.#attempts.admit(tried, Date.now())) return
    const unrecorded = this.#attempts.takeLeftOut(ledger)
    try {
      await this.commit({ ...order, write: 'attempt.record', input: { ...input, unrecorded } })
    } catch (error) {
      logError('ledger.attempt-lost', { ledger, error: reasonOf(error) })
      this.#attempts.leaveOut(ledger, unrecorded + 1)
    }
  }

  /** The second driver: the cron calls it for a ledger whose outbox grows old. */
  async sweep(ledger: string): Promise<void> {
    await this.#remember(ledger)
    await this.#act()
  }

  /** Never throws: a handler that keeps throwing is dropped, and its work with it. */
  override async alarm(): Promise<void> {
    this.#armedFor = null
    try {
      // A commit that is under way counts on the alarm that has just gone off.
      if (this.#line.isBusy()) await this.#arm(Date.now() + safetyMs)
      this.#name ??= (await this.ctx.storage.get<string>('ledger')) ?? null
      if (this.#name !== null) await this.#act()
    } catch (error) {
      logError('ledger.alarm-failed', { error: reasonOf(error) })
      await this.ctx.storage.setAlarm(Date.now() + retryMs).catch(() => undefined)
    }
  }

  #book(): Book {
    return {
      env: this.env,
      db: openDatabase(this.env.DB),
      memory: this.#memory,
      arm: () => this.#arm(Date.now() + safetyMs),
    }
  }

  /** An alarm knows no name: the object keeps its own. */
  async #remember(ledger: string): Promise<void> {
    if (this.#name !== null) return
    const stored = await this.ctx.storage.get<string>('ledger')
    if (stored === undefined) await this.ctx.storage.put('ledger', ledger)
    this.#name = stored ?? ledger
  }

  /** Sets the alarm unless an earlier one is already ahead; one that is overdue counts as lost. */
  async #arm(at: number): Promise<void> {
    this.#armedFor ??= await this.ctx.storage.getAlarm()
    const armed = this.#armedFor
    if (armed !== null && armed <= at && armed > Date.now()) return
    await this.ctx.storage.setAlarm(at)
    this.#armedFor = at
  }

  /** Runs the effects; what fails stays in the outbox and the alarm comes back. */
  async #actOrRetryLater(): Promise<void> {
    const { env } = this
    const ledger = this.#name ?? ''
    const memory = { publishedAt: this.#publishedAt, told: this.#told, mailedAt: this.#mailedAt }
    const desk = { env, db: openDatabase(env.DB), ledger, ...memory }
    try {
      const wake = await clearOutbox(desk)
      if (wake !== null) await this.#arm(wake)
    } catch (error) {
      logError('ledger.effects-failed', { ledger, error: reasonOf(error) })
      await this.#arm(Date.now() + retryMs).catch(() => undefined)
    }
  }
}
