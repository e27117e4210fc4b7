/**
 * What an auditor may ask of a log: a signed checkpoint of its present end, the key to check it with,
 * and proofs for whoever holds a checkpoint. Nothing is answered before the tree is found to continue
 * what was signed before.
 */
import type { Env } from '../env.ts'
import { invalid, type Outcome, ok } from '../outcome.ts'
import type { Promised } from '../storage/checkpoints.ts'
import { openDatabase } from '../storage/database.ts'
import type { Organisation } from '../storage/organisations.ts'
import { fromHex, toBase64 } from './bytes.ts'
import { instanceLedger, ledgerOf } from './client.ts'
import { growTree, lastPromise, tampered } from './growth.ts'
import { signCheckpoint, verifierKey } from './note.ts'
import { signerOf } from './signing-key.ts'
import { ask } from './tiles.ts'
import { askConsistency, askInclusion, askRoot, type Question } from './tree.ts'

/** A ledger, and the name its log has everywhere, for ever: no host name, which may change. */
export type Log = { ledger: string; origin: string }

export const logOf = ({ id, uuid }: Pick<Organisation, 'id' | 'uuid'>): Log => {
  const ledger = ledgerOf(id)
  return { ledger, origin: `burgee/audit/${uuid}/${ledger}` }
}

/** The same name in every instance: its key tells them apart. */
export const instanceLog: Log = { ledger: instanceLedger, origin: 'burgee/audit/instance' }

/** The note of a tree that was promised, for whoever has just read the promise; nobody signs anything else. */
export async function signPromised(env: Env, log: Log, { size, root }: Promised): Promise<string> {
  const signer = await signerOf(env.BURGEE_SECRET, log.origin)
  return signCheckpoint(signer, { origin: log.origin, size, root: fromHex(root) })
}

export const logKey = async (env: Env, log: Log): Promise<string> =>
  verifierKey(await signerOf(env.BURGEE_SECRET, log.origin))

export type SignedTree = { size: number; root: string; note: string }

/** All entries of this moment. */
export async function takeCheckpoint(env: Env, log: Log): Promise<Outcome<SignedTree>> {
  const grown = await growTree(env, log.ledger)
  return grown.kind === 'ok'
    ? ok({ ...grown.value, note: await signPromised(env, log, grown.value) })
    : grown
}

/** The last promise again, also when the log no longer keeps it: nobody signs anything new here. */
export async function lastCheckpoint(env: Env, log: Log): Promise<SignedTree | undefined> {
  const promised = await lastPromise(env, log.ledger)
  return promised && { ...promised, note: await signPromised(env, log, promised) }
}

const atMost = (field: string, size: number) =>
  invalid({ [field]: [`Ensure this value is less than or equal to ${size}.`] })

/** Grows the tree first, so that a size may be any up to the present one. */
async function answer<T>(
  env: Env,
  { ledger }: Log,
  asked: { size: number; question: Question<T> },
): Promise<Outcome<T>> {
  const told = await ask(openDatabase(env.DB), ledger, asked)
  return told === undefined ? tampered(ledger, 'a part of the tree is missing') : ok(told)
}

export type Inclusion = {
  sequence: number
  size: number
  leaf: string
  root: string
  hashes: string[]
  /** Signed; only for the present size, for which the caller may have no checkpoint yet. */
  checkpoint: string | null
}

/** That the entry of this sequence is in the tree of the first `size` entries; all of them by default. */
export async function proveInclusion(
  env: Env,
  log: Log,
  asked: { sequence: number; size: number | undefined },
): Promise<Outcome<Inclusion>> {
  const grown = await takeCheckpoint(env, log)
  if (grown.kind !== 'ok') return grown
  const present = grown.value.size
  const { sequence, size = present } = asked
  if (size > present) return atMost('size', present)
  if (sequence > size) return atMost('sequence', size)
  const leaf = { level: 0, index: sequence - 1 }
  const path = askInclusion(leaf.index, size)
  const root = askRoot(size)
  const question: Question<Omit<Inclusion, 'checkpoint'>> = {
    nodes: [leaf, ...root.nodes, ...path.nodes],
    answer: (lookup) => ({
      sequence,
      size,
      leaf: toBase64(lookup(leaf)),
      root: toBase64(root.answer(lookup)),
      hashes: path.answer(lookup).map(toBase64),
    }),
  }
  const told = await answer(env, log, { size, question })
  if (told.kind !== 'ok') return told
  return ok({ ...told.value, checkpoint: size === present ? grown.value.note : null })
}

export type Consistency = {
  from: number
  to: number
  fromRoot: string
  toRoot: string
  hashes: string[]
}

/** That the first `from` entries are the beginning of the first `to`; of all of them by default. */
export async function proveConsistency(
  env: Env,
  log: Log,
  asked: { from: number; to: number | undefined },
): Promise<Outcome<Consistency>> {
  const grown = await growTree(env, log.ledger)
  if (grown.kind !== 'ok') return grown
  const present = grown.value.size
  const { from, to = present } = asked
  if (to > present) return atMost('to', present)
  if (from > to) return atMost('from', to)
  const [path, before, after] = [askConsistency(from, to), askRoot(from), askRoot(to)]
  const question: Question<Consistency> = {
    nodes: [...path.nodes, ...before.nodes, ...after.nodes],
    answer: (lookup) => ({
      from,
      to,
      fromRoot: toBase64(before.answer(lookup)),
      toRoot: toBase64(after.answer(lookup)),
      hashes: path.answer(lookup).map(toBase64),
    }),
  }
  return answer(env, log, { size: to, question })
}
