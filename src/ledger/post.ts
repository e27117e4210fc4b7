/**
 * Pays what is owed by mail, beside all other effects: a mail service that hangs, fails or refuses holds up
 * nothing. Each debt is settled by itself, once its mail is out or given up.
 */
import { announceDisabled } from '../delivery/announce.ts'
import { isMailConfigured } from '../delivery/mail.ts'
import { logError, logInfo, reasonOf } from '../log.ts'
import { type Debt, settleDebts } from '../storage/outbox.ts'
import type { Desk } from './act.ts'

/** After this long a mail that did not go, or of which nothing was heard, is tried again. */
const retryMs = 60_000
/** Older news is in the audit log and nowhere else. */
const patienceMs = 24 * 60 * 60 * 1_000

/** Whether there is nothing left to do for it. */
async function isDone({ env, ledger }: Desk, { target, lastAt }: Debt): Promise<boolean> {
  try {
    await announceDisabled(env, target)
    return true
  } catch (error) {
    const isLate = Date.now() - lastAt > patienceMs
    const facts = { ledger, target, error: reasonOf(error) }
    logError(isLate ? 'mail.given-up' : 'mail.failed', facts)
    return isLate
  }
}

async function settle(desk: Desk, debts: Debt[]): Promise<void> {
  await settleDebts(desk.db, desk.ledger, debts)
  for (const { target } of debts) desk.mailedAt.delete(target)
}

async function send(desk: Desk, debts: Debt[]): Promise<void> {
  if (!isMailConfigured(desk.env)) {
    logInfo('mail.not-configured', { ledger: desk.ledger, mails: debts.length })
    return settle(desk, debts)
  }
  await Promise.all(
    debts.map(async (debt) => {
      if (await isDone(desk, debt)) await settle(desk, [debt])
    }),
  )
}

/** Begins what is due, waits for none of it, and answers when to look at each again. Never throws. */
export function post(desk: Desk, debts: Debt[]): number[] {
  const now = Date.now()
  const due = debts.filter(({ target }) => (desk.mailedAt.get(target) ?? 0) + retryMs <= now)
  for (const { target } of due) desk.mailedAt.set(target, now)
  if (due.length > 0) {
    send(desk, due).catch((error) =>
      logError('mail.not-settled', { ledger: desk.ledger, error: reasonOf(error) }),
    )
  }
  return debts.map(({ target }) => (desk.mailedAt.get(target) ?? now) + retryMs)
}
