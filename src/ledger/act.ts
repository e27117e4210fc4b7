/**
 * The effects of committed changes, driven from the outbox: publish documents, turn events into
 * deliveries, take identities' changes home, forget those of environments that are gone, write the log
 * sink's lines, send mail. Every effect reads the present truth and may be repeated; its wake-up goes
 * only after the effect is done.
 */
import { fanOut } from '../delivery/fan-out.ts'
import { ringWaiting } from '../delivery/ring.ts'
import { publishDocument } from '../document/publish.ts'
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import type { Database } from '../storage/database.ts'
import { forgetIdentities } from '../storage/forget-identities.ts'
import { applyIdentityChange } from '../storage/identity-changes.ts'
import { type Debt, listDebts, oweAgain, settleDebts } from '../storage/outbox.ts'
import { post } from './post.ts'
import { startTelling, type Telling, tellRange } from './tell.ts'

/** KV takes one write a second for a key: publishes of one environment keep this distance. */
export const publishIntervalMs = 1_000

export type Desk = {
  env: Env
  db: Database
  ledger: string
  /** When each environment was last published by this object, epoch milliseconds. */
  publishedAt: Map<string, number>
  /** Of ranges that are told in part: their last sequence that this object has told. */
  told: Map<string, number>
  /** When each mail that is owed was last begun. */
  mailedAt: Map<string, number>
}

const page = 100
/** After this long an effect that failed is tried again. */
export const retryMs = 5_000

/** Millions take their time: what is left is owed anew, and nothing else waits for it. */
async function forget({ env, db, ledger }: Desk, { kind, target }: Debt): Promise<void> {
  const isDone = await forgetIdentities(env, Number(target))
  if (!isDone) await oweAgain(db, { ledger, kind, target, createdAt: Date.now() })
}

/**
 * Debts that are paid as one; of events any number is. Lines have an order and go by themselves; mail is
 * waited for by nobody.
 */
async function act(desk: Desk, [debt, ...more]: Debt[]): Promise<void> {
  const { env, publishedAt } = desk
  switch (debt?.kind) {
    case undefined:
    case 'tell':
    case 'mail':
      return
    case 'publish':
      publishedAt.set(debt.target, Date.now())
      return publishDocument(env, Number(debt.target))
    case 'change-identity':
      return applyIdentityChange(env, debt.target)
    case 'ring':
      return ringWaiting(env, Number(debt.target), Date.now())
    case 'forget-identities':
      return forget(desk, debt)
    case 'deliver':
      return fanOut(
        env,
        [debt, ...more].map((one) => one.target),
        Date.now(),
      )
  }
}

/** When a publish of this environment may happen next; null when it may happen now. */
function heldUntil(desk: Desk, debt: Debt): number | null {
  const last = desk.publishedAt.get(debt.target)
  if (debt.kind !== 'publish' || last === undefined) return null
  const next = last + publishIntervalMs
  return next > Date.now() ? next : null
}

const reportFailure = ({ ledger }: Desk, { kind, target }: Debt, error: unknown) =>
  logError('ledger.effect-failed', { ledger, kind, target, error: reasonOf(error) })

/**
 * Those of the debts whose effects are done. Where many fail together, each is tried alone, up to the first
 * that fails: events are numbered for their receivers in the order of the changes.
 */
async function pay(desk: Desk, debts: Debt[]): Promise<Debt[]> {
  try {
    await act(desk, debts)
    return debts
  } catch (error) {
    const [debt, ...more] = debts
    if (debt === undefined) return []
    if (more.length === 0) {
      reportFailure(desk, debt, error)
      return []
    }
    const paid: Debt[] = []
    for (const one of debts) {
      const done = await pay(desk, [one])
      if (done.length === 0) break
      paid.push(...done)
    }
    return paid
  }
}

/**
 * The debts whose lines are written. One that cannot be told, or not yet, holds back those after it and
 * nothing else: a line does not say its place, so the order is all there is.
 */
async function tell(desk: Desk, debts: Debt[], telling: Telling): Promise<Debt[]> {
  const paid: Debt[] = []
  for (const debt of debts) {
    if (telling.wake !== null) break
    try {
      if (await tellRange(desk, debt.target, telling)) paid.push(debt)
      else telling.wake = Date.now()
    } catch (error) {
      reportFailure(desk, debt, error)
      telling.wake = Date.now() + retryMs
    }
  }
  return paid
}

/** One clearing of the outbox. Events wait for an earlier one that failed, on whatever page they are. */
type Round = { telling: Telling; holdsEvents: boolean }

/** One page of debts; answers when it wants to be looked at again. What fails stays owed. */
async function clearPage(desk: Desk, debts: Debt[], round: Round): Promise<number[]> {
  const tells = debts.filter((debt) => debt.kind === 'tell')
  const mails = debts.filter((debt) => debt.kind === 'mail')
  const others = debts.filter((debt) => debt.kind !== 'tell' && debt.kind !== 'mail')
  const held = others.flatMap((debt) => heldUntil(desk, debt) ?? [])
  const due = others.filter((debt) => heldUntil(desk, debt) === null)
  const events = due.filter((debt) => debt.kind === 'deliver')
  const paid: Debt[] = []
  for (const debt of due.filter((one) => one.kind !== 'deliver')) {
    paid.push(...(await pay(desk, [debt])))
  }
  const fannedOut = round.holdsEvents ? [] : await pay(desk, events)
  round.holdsEvents ||= fannedOut.length < events.length
  paid.push(...fannedOut)
  const told = await tell(desk, tells, round.telling)
  if (paid.length + told.length > 0) await settleDebts(desk.db, desk.ledger, [...paid, ...told])
  const wakes = [...held, ...post(desk, mails)]
  return paid.length < due.length ? [...wakes, Date.now() + retryMs] : wakes
}

/**
 * Works through what the ledger owes and answers when it wants to be woken again (epoch
 * milliseconds), or null when nothing is left. A publish that comes too soon after the last one is
 * left for later, so a burst becomes one publish of its last version. What cannot be done holds up
 * nothing that can, but for events, which go in their order. Throws when D1 does not tell what is owed,
 * or does not take that it is paid.
 */
export async function clearOutbox(desk: Desk): Promise<number | null> {
  const wakes: number[] = []
  const round: Round = { telling: startTelling(), holdsEvents: false }
  for (let after = 0; ; ) {
    const debts = await listDebts(desk.db, desk.ledger, { after, limit: page })
    wakes.push(...(await clearPage(desk, debts, round)))
    const last = debts.at(-1)
    if (last === undefined || debts.length < page) break
    after = last.firstId
  }
  const { wake } = round.telling
  if (wake !== null) wakes.push(wake)
  return wakes.length === 0 ? null : Math.min(...wakes)
}
