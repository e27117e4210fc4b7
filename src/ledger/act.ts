/**
 * The effects of committed changes, driven from the outbox: publish documents, turn events into
 * deliveries. Every effect reads the present truth and may be repeated; its wake-up goes only after
 * the effect is done.
 */
import { fanOut } from '../delivery/fan-out.ts'
import { publishDocument } from '../document/publish.ts'
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import type { Database } from '../storage/database.ts'
import { type Debt, listDebts, settleDebt } from '../storage/outbox.ts'

/** KV takes one write a second for a key: publishes of one environment keep this distance. */
export const publishIntervalMs = 1_000

export type Desk = {
  env: Env
  db: Database
  ledger: string
  /** When each environment was last published by this object, epoch milliseconds. */
  publishedAt: Map<string, number>
}

const page = 100
/** After this long an effect that failed is tried again. */
export const retryMs = 5_000

async function act(desk: Desk, debt: Debt): Promise<void> {
  switch (debt.kind) {
    case 'publish':
      desk.publishedAt.set(debt.target, Date.now())
      return publishDocument(desk.env, Number(debt.target))
    case 'deliver':
      return fanOut(desk.env, debt.target, Date.now())
  }
}

/** When a publish of this environment may happen next; null when it may happen now. */
function heldUntil(desk: Desk, debt: Debt): number | null {
  const last = desk.publishedAt.get(debt.target)
  if (debt.kind !== 'publish' || last === undefined) return null
  const next = last + publishIntervalMs
  return next > Date.now() ? next : null
}

/** When this debt wants to be looked at again; null when it is paid. One that fails stays owed. */
async function pay(desk: Desk, debt: Debt): Promise<number | null> {
  const held = heldUntil(desk, debt)
  if (held !== null) return held
  try {
    await act(desk, debt)
    await settleDebt(desk.db, desk.ledger, debt)
    return null
  } catch (error) {
    const { kind, target } = debt
    logError('ledger.effect-failed', { ledger: desk.ledger, kind, target, error: reasonOf(error) })
    return Date.now() + retryMs
  }
}

/**
 * Works through what the ledger owes and answers when it wants to be woken again (epoch
 * milliseconds), or null when nothing is left. A publish that comes too soon after the last one is
 * left for later, so a burst becomes one publish of its last version. What cannot be done holds up
 * nothing that can. Throws when D1 does not tell what is owed.
 */
export async function clearOutbox(desk: Desk): Promise<number | null> {
  const wakes: number[] = []
  for (let after = 0; ; ) {
    const debts = await listDebts(desk.db, desk.ledger, { after, limit: page })
    for (const debt of debts) {
      const wake = await pay(desk, debt)
      if (wake !== null) wakes.push(wake)
    }
    const last = debts.at(-1)
    if (last === undefined || debts.length < page) break
    after = last.firstId
  }
  return wakes.length === 0 ? null : Math.min(...wakes)
}
