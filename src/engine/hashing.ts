/**
 * Percentages of many ids with one identity's key, hashed side by side (contract sdk-api §5.7). The key
 * is encoded once an evaluation and laid behind each id; only what is too long goes one by one.
 */

import { MODULUS } from './lanes/fold.ts'
import { hashLanes } from './lanes/hash.ts'
import { BLOCK_WORDS, LANES, MAX_BLOCKS, messages, sums } from './lanes/memory.ts'
import { LAST_RESIDUE, percentage, percentageOf } from './percentage.ts'
import type { Run } from './reading.ts'

export type Words = { readonly words: Int32Array; readonly bytes: number }

/** What is hashed in front of a key: an id, and its bytes with the comma behind them. */
export type Seed = Words & { readonly text: string }

const encoder = new TextEncoder()

export function seedOf(text: string): Seed {
  return { text, ...wordsOf(`${text},`) }
}

/** UTF-8 in words, the last one filled up with zeros; every machine it runs on is little-endian. */
export function wordsOf(text: string): Words {
  const encoded = encoder.encode(text)
  const filled = new Uint8Array((encoded.length + 3) & ~3)
  filled.set(encoded)
  return { words: new Int32Array(filled.buffer), bytes: encoded.length }
}

/** A message ends with a one bit and eight bytes of length. */
const ENDING = 9
const BLOCK_BYTES = 64
const LONGEST_KEY = MAX_BLOCKS * BLOCK_BYTES - ENDING
const TOO_LONG = LONGEST_KEY + 1
/** In words: the environment's part in bytes, the identifier's in units of three bytes, and zeros. */
const ROW = LONGEST_KEY + 4

// The key and the lanes in progress. Module state is safe here: evaluation is synchronous and never
// re-enters.
/** The key four times, moved by no byte to three, so that it fits behind seeds of any length. */
const rows = new Int32Array(4 * ROW)
const firstRow = new Uint8Array(rows.buffer, 0, 4 * ROW)
let keyBytes = 0
/** One bit for each row that has been written. */
let rowsReady = 0
/** How long the seed was before the key that is in the lane; zero says that there is none. */
const seedBytes = new Int32Array(LANES)

/** The results of the last `hashTogether`. */
export const percentages = new Float64Array(LANES)

type Hashed = { readonly seed: Seed }

/** Hashes as many of the list from `from` up to `to` as go into one pass; answers where it ended. */
export function hashTogether(
  list: readonly Hashed[],
  { from, to }: { from: number; to: number },
  run: Run,
): number {
  if (!run.isEncoded) encodeKey(run)
  const blocks = blocksBehind(seedAt(list, from))
  if (blocks > MAX_BLOCKS) {
    percentages[0] = percentage(seedAt(list, from).text, run.key)
    return from + 1
  }
  const most = Math.min(to, from + LANES)
  let end = from
  while (end < most && blocksBehind(seedAt(list, end)) === blocks) {
    place(seedAt(list, end), end - from, blocks)
    end++
  }
  hashLanes(blocks, end - from)
  for (let lane = 0; lane < end - from; lane++) {
    const residue = (sums[lane] as number) % MODULUS
    percentages[lane] =
      residue === LAST_RESIDUE
        ? percentage(seedAt(list, from + lane).text, run.key)
        : percentageOf(residue)
  }
  return end
}

function seedAt(list: readonly Hashed[], index: number): Seed {
  return (list[index] as Hashed).seed
}

function blocksBehind(seed: Seed): number {
  return (seed.bytes + keyBytes + ENDING + BLOCK_BYTES - 1) >> 6
}

function encodeKey(run: Run): void {
  run.isEncoded = true
  seedBytes.fill(0)
  rowsReady = 1
  const { identity, environment } = run
  if (identity === null || !run.isComposite) keyBytes = encode(run.key, 0)
  else if (environment.bytes > LONGEST_KEY) keyBytes = TOO_LONG
  else {
    rows.set(environment.words)
    keyBytes = encode(identity.identifier, environment.bytes)
  }
  // What comes behind the key: the bit that ends the message, and zeros as far as a move can reach.
  if (keyBytes > LONGEST_KEY) return
  firstRow[keyBytes] = 0x80
  firstRow.fill(0, keyBytes + 1, keyBytes + 9)
}

/** Writes a text's UTF-8 from that byte on; answers where it ended. */
function encode(text: string, from: number): number {
  if (text.length > LONGEST_KEY) return TOO_LONG
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) {
      const rest = encoder.encodeInto(text.slice(i), firstRow.subarray(from + i))
      return from + i + rest.written
    }
    firstRow[from + i] = unit
  }
  return from + text.length
}

/** Puts a seed and the key behind it in a lane; the key may lie there already. */
function place({ words, bytes }: Seed, lane: number, blocks: number): void {
  if (seedBytes[lane] !== bytes) layKey(bytes, lane, blocks)
  const whole = bytes >> 2
  for (let i = 0; i < whole; i++) messages[i * LANES + lane] = words[i] as number
  const rest = bytes & 3
  if (rest !== 0) {
    messages[whole * LANES + lane] = (words[whole] as number) | (rows[rest * ROW] as number)
  }
}

/** From the word in which the seed ends to the end of the message. */
function layKey(bytes: number, lane: number, blocks: number): void {
  seedBytes[lane] = bytes
  const rest = bytes & 3
  if ((rowsReady & (1 << rest)) === 0) moveRow(rest)
  const words = (keyBytes + rest + 4) >> 2
  let at = (bytes >> 2) * LANES + lane
  for (let i = 0; i < words; i++) {
    messages[at] = rows[rest * ROW + i] as number
    at += LANES
  }
  const length = (blocks * BLOCK_WORDS - 2) * LANES + lane
  for (; at < length; at += LANES) messages[at] = 0
  messages[length] = (bytes + keyBytes) << 3
  messages[length + LANES] = 0
}

function moveRow(by: number): void {
  rowsReady |= 1 << by
  const bits = by << 3
  const words = (keyBytes + by + 4) >> 2
  let before = 0
  for (let i = 0; i < words; i++) {
    const word = rows[i] as number
    rows[by * ROW + i] = (word << bits) | (before >>> (32 - bits))
    before = word
  }
}
