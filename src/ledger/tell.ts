/**
 * Pays what is owed to the log sink: the entries of a range, a line each, in the order of the log. A line
 * is written before its debt is settled, so a crash in between repeats lines and loses none.
 */
import { writeToLogSink } from '../delivery/log-sink.ts'
import { logPages } from '../storage/log-pages.ts'
import type { Desk } from './act.ts'

/**
 * Cloudflare keeps 256 kB of log of one invocation and drops the rest without a word. Some rounds may fall
 * into one invocation, so each takes less; the alarm goes on with what is left.
 */
const roundCharacters = 64_000

/** One clearing of the outbox. `wake`: when lines are to go on; null while nothing holds them. */
export type Telling = { room: number; wake: number | null }

export const startTelling = (): Telling => ({ room: roundCharacters, wake: null })

/** A range of sequences as the target of a debt. */
export const rangeTarget = (from: number, to: number): string => `${from}-${to}`

/** False when there is no more room for it in this round. Rows that are gone are passed over. */
export async function tellRange(
  { env, db, ledger, told }: Desk,
  target: string,
  telling: Telling,
): Promise<boolean> {
  const [from = 1, to = 0] = target.split('-').map(Number)
  const after = told.get(target) ?? from - 1
  for await (const page of logPages(db, ledger, { after, upTo: to })) {
    for (const row of page) {
      if (telling.room <= 0) return false
      telling.room -= writeToLogSink(env, row)
      told.set(target, row.sequence)
    }
  }
  told.delete(target)
  return true
}
