/** How the admin routes hand a write to its ledger. The only part of this room they may import. */
import type { InputOf, ResultOf, WriteName } from '../domain/register.ts'
import type { Actor, Source } from '../domain/write.ts'
import type { Env } from '../env.ts'
import type { Outcome } from '../outcome.ts'

/** One write on its way to the ledger that applies it. */
export type Order = {
  ledger: string
  write: WriteName
  input: unknown
  actor: Actor
  source: Source
}

export const ledgerOf = (organisationId: number): string => `organisation:${organisationId}`

/** What belongs to no organisation: the instance's users and their sessions. */
export const instanceLedger = 'instance'

/**
 * Applies a write and answers when it is committed and its effects were tried once. Throws when the
 * outcome is unknown (the ledger was lost in the middle); the caller may repeat.
 */
export async function commit<N extends WriteName>(
  env: Env,
  order: Order & { write: N; input: InputOf<N> },
): Promise<Outcome<ResultOf<N>>> {
  const ledger = env.LEDGER.getByName(order.ledger)
  return (await ledger.commit(order)) as Outcome<ResultOf<N>>
}
