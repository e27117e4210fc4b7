/** How the admin routes hand a write to its ledger. Beside proofs.ts all they may import of this room. */
import type { Attempt } from '../domain/attempts.ts'
import type { InputOf, ResultOf, WriteName } from '../domain/register.ts'
import type { Actor, Source } from '../domain/write.ts'
import type { Env } from '../env.ts'
import { type Outcome, ok } from '../outcome.ts'
import type { FeatureVersion } from '../storage/versions.ts'
import type { Precondition } from './precondition.ts'

/** One write on its way to the ledger that applies it. */
export type Order = {
  ledger: string
  write: WriteName
  input: unknown
  actor: Actor
  source: Source
  /** What the features that the write is about must be at. Without it the last write wins. */
  ifMatch?: Precondition | undefined
}

/**
 * What a write answers, the id that its entries have in common, and the versions that its features have
 * now; none where they are unknown.
 */
export type Committed<T> = { result: T; change: string; features: FeatureVersion[] }

export const ledgerOf = (organisationId: number): string => `organisation:${organisationId}`

/** Null for the instance's own. */
export const organisationOf = (ledger: string): number | null =>
  Number(/^organisation:(\d+)$/.exec(ledger)?.[1] ?? 0) || null

/** What belongs to no organisation: the instance's users and their sessions. */
export const instanceLedger = 'instance'

type OrderOf<N extends WriteName> = Order & { write: N; input: InputOf<N> }

/**
 * Applies a write and answers when it is committed and its effects were tried once. Throws when the
 * outcome is unknown (the ledger was lost in the middle); the caller may repeat.
 */
export async function commitVersioned<N extends WriteName>(
  env: Env,
  order: OrderOf<N>,
): Promise<Outcome<Committed<ResultOf<N>>>> {
  const ledger = env.LEDGER.getByName(order.ledger)
  return (await ledger.commit(order)) as Outcome<Committed<ResultOf<N>>>
}

/** The same for whoever wants no versions. */
export async function commit<N extends WriteName>(
  env: Env,
  order: OrderOf<N>,
): Promise<Outcome<ResultOf<N>>> {
  const outcome = await commitVersioned(env, order)
  return outcome.kind === 'ok' ? ok(outcome.value.result) : outcome
}

/** A refused attempt on its way to the ledger whose log tells of it. */
export type AttemptOrder = Omit<Order, 'write' | 'input' | 'ifMatch'> & { input: Attempt }

/** Writes its entry, unless the ledger has had too many: then the next one tells how many were left out. */
export const recordAttempt = (env: Env, order: AttemptOrder): Promise<void> =>
  env.LEDGER.getByName(order.ledger).recordAttempt(order)
