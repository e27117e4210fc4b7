/**
 * Grows a ledger's tree to its present end and promises it. The one door to checkpoints and proofs:
 * what does not continue what was promised before is refused, because then somebody has changed the
 * past. Everything follows from committed entries, so whoever grows at the same time does the same.
 *
 * Bodies may go and proofs stay: entries whose tile of leaves is complete are read by nobody here again,
 * so their rows can be pruned (pruning.ts) and `tree_tiles` goes on to prove them. What has to stay are
 * the rows behind the last complete tile, the ledger's head among them. Tiles of a log that was pruned
 * can no longer be made anew; a trigger keeps them.
 */
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { type Outcome, ok, type Refusal } from '../outcome.ts'
import {
  type Promised,
  promise,
  putWitness,
  readWitness,
  selectPromise,
} from '../storage/checkpoints.ts'
import { type Database, openDatabase, runBatch } from '../storage/database.ts'
import {
  countLeafTiles,
  insertTiles,
  lastSequence,
  selectLeaves,
  selectRoots,
  type TileRow,
  tileWidth,
} from '../storage/tree-tiles.ts'
import { fromHex, toHex } from './bytes.ts'
import { ask, rootOfComplete, splitHashes, type Tiles, tileKey } from './tiles.ts'
import { askConsistency, askRoot, type Hash, verifyConsistency } from './tree.ts'

/** Tiles of leaves in one step: what is held in memory is bounded, and a step that is done stays. */
const stepTiles = 64

/** Somebody has changed the past: nothing is signed until a person has looked. */
export function tampered(ledger: string, reason: string): Refusal {
  logError('audit.tampered', { ledger, reason })
  return {
    kind: 'conflict',
    code: 'audit-log-tampered',
    detail: `The audit log is not what was signed before: ${reason}.`,
  }
}

type State = { promised: Promised | undefined; filled: number; size: number }

async function readState(db: Database, ledger: string): Promise<State> {
  const [[promised], [tiles], [last]] = await db.batch([
    selectPromise(db, ledger),
    countLeafTiles(db, ledger),
    lastSequence(db, ledger),
  ])
  return { promised, filled: tiles?.count ?? 0, size: last?.sequence ?? 0 }
}

type Added = { rows: TileRow[]; known: Tiles }

/** Level by level, the tiles that the new ones below have completed. */
async function addUpper(db: Database, ledger: string, at: Added & { from: number; to: number }) {
  const { rows, known } = at
  let { from, to } = at
  for (let level = 1; from < to; level++) {
    const below = new Map(
      rows.filter((row) => row.level === level - 1).map((row) => [row.position, fromHex(row.root)]),
    )
    for (const [position, root] of below) {
      const key = tileKey({ level, position: Math.floor(position / tileWidth) })
      const hashes = known.get(key) ?? []
      hashes[position % tileWidth] = root
      known.set(key, hashes)
    }
    const first = Math.floor(from / tileWidth)
    const last = Math.floor(to / tileWidth)
    if (first < last) {
      const range = { level: level - 1, from: first * tileWidth, to: from }
      const stored = await selectRoots(db, ledger, range)
      const roots = new Map([
        ...stored.map(({ position, root }) => [position, fromHex(root)] as const),
        ...below,
      ])
      for (let position = first; position < last; position++) {
        const hashes = Array.from({ length: tileWidth }, (_, index) =>
          roots.get(position * tileWidth + index),
        )
        if (hashes.includes(undefined)) return false
        addTile(at, { ledger, level, position }, hashes as Hash[])
      }
    }
    from = first
    to = last
  }
  return true
}

function addTile(
  { rows, known }: Added,
  tile: { ledger: string; level: number; position: number },
  hashes: Hash[],
): void {
  known.set(tileKey(tile), hashes)
  const root = toHex(rootOfComplete(hashes))
  rows.push({ ...tile, root, hashes: hashes.map(toHex).join('') })
}

/** The tiles from the last complete one up to `to` entries; undefined when one of these is missing. */
async function readAdded(
  db: Database,
  ledger: string,
  { filled, to }: { filled: number; to: number },
): Promise<Added | undefined> {
  const added: Added = { rows: [], known: new Map() }
  const groups = await selectLeaves(db, ledger, { position: filled, size: to })
  let reached = filled * tileWidth
  for (const { position, width, hashes } of groups) {
    if (position * tileWidth !== reached) return undefined
    reached += width
    const tile = { ledger, level: 0, position }
    if (width === tileWidth) addTile(added, tile, splitHashes(hashes))
    else added.known.set(tileKey(tile), splitHashes(hashes))
  }
  if (reached !== to) return undefined
  const range = { from: filled, to: Math.floor(to / tileWidth) }
  return (await addUpper(db, ledger, { ...added, ...range })) ? added : undefined
}

/** Whether the tree of `to` entries continues what was promised. */
async function continues(
  db: Database,
  ledger: string,
  at: { promised: Promised; to: number; root: Hash; known: Tiles },
): Promise<boolean> {
  const { promised, to, root, known } = at
  const question = askConsistency(promised.size, to)
  const proof = await ask(db, ledger, { size: to, question, known })
  if (proof === undefined) return false
  const fromRoot = fromHex(promised.root)
  return verifyConsistency({ from: promised.size, to, fromRoot, toRoot: root, proof })
}

type Step = { state: State; promises: Promised[]; ledger: string }

/** One step towards the end; answers the promise that was made, or `again` when somebody else made one. */
async function step(db: Database, { state, promises, ledger }: Step) {
  const to = Math.min(state.size, (state.filled + stepTiles) * tileWidth)
  const added = await readAdded(db, ledger, { filled: state.filled, to })
  if (added === undefined) return tampered(ledger, 'entries are missing')
  const { rows, known } = added
  const root = await ask(db, ledger, { size: to, question: askRoot(to), known })
  if (root === undefined) return tampered(ledger, 'a part of the tree is missing')
  for (const promised of promises.filter(({ size }) => size <= to)) {
    if (!(await continues(db, ledger, { promised, to, root, known }))) {
      return tampered(ledger, `the first ${promised.size} entries have another root`)
    }
  }
  const next = { ledger, size: to, root: toHex(root), promisedAt: Date.now() }
  const isNew = to > (state.promised?.size ?? -1)
  const statements = [
    ...insertTiles(db, rows),
    ...(isNew ? [promise(db, next, state.promised)] : []),
  ]
  const answers = await runBatch(db, statements)
  const isOvertaken = isNew && (answers.at(-1) as unknown[]).length === 0
  return ok({ ...next, isNew, isDone: !isOvertaken && to === state.size })
}

/** KV is a witness, no more: without it, what D1 has promised still holds. */
async function tellWitness(env: Env, ledger: string, promised: Promised): Promise<void> {
  try {
    await putWitness(env.DOCUMENTS, ledger, promised)
  } catch (error) {
    logError('audit.witness-failed', { ledger, error: reasonOf(error) })
  }
}

/**
 * The tree of all entries of this moment, promised: it may be signed, and proofs may be of it. Where KV
 * cannot be read it throws: what the witness has seen is then unknown, so nothing is signed.
 */
export async function growTree(env: Env, ledger: string): Promise<Outcome<Promised>> {
  const db = openDatabase(env.DB)
  const witnessed = await readWitness(env.DOCUMENTS, ledger)
  for (;;) {
    const state = await readState(db, ledger)
    const promises = [state.promised, witnessed].filter((one) => one !== undefined)
    const longest = Math.max(0, ...promises.map(({ size }) => size))
    if (state.size < longest) {
      return tampered(ledger, `it has ${state.size} entries and had ${longest}`)
    }
    const stepped = await step(db, { state, promises, ledger })
    if (stepped.kind !== 'ok') return stepped
    const { size, root, isNew, isDone } = stepped.value
    if (!isDone) continue
    if (isNew || witnessed === undefined) await tellWitness(env, ledger, { size, root })
    return ok({ size, root })
  }
}

/** What was promised last, whatever the log is now. */
export async function lastPromise(env: Env, ledger: string): Promise<Promised | undefined> {
  const [promised] = await selectPromise(openDatabase(env.DB), ledger)
  return promised ?? (await readWitness(env.DOCUMENTS, ledger))
}
