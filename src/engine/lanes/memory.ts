/**
 * The memory in which messages lie side by side to be hashed together, one in each lane. It is
 * WebAssembly's, so that both ways of hashing work on the same bytes.
 */

/** Messages hashed at once. */
export const LANES = 8
/** Longer messages are hashed one by one. */
export const MAX_BLOCKS = 4
export const BLOCK_WORDS = 16

/** Byte offsets; the WebAssembly module is built around them. */
export const LAYOUT = { messages: 0, sums: 2048, sines: 2304 } as const

/** One page, and never more: were it to grow, the views below would be cut off from it. */
export const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })

/** Word `w` of the message in lane `l` is at `w * LANES + l`. */
export const messages = new Int32Array(
  memory.buffer,
  LAYOUT.messages,
  MAX_BLOCKS * BLOCK_WORDS * LANES,
)

/** What each digest came to: congruent to it modulo 9999, neither negative nor above 31 bits. */
export const sums = new Int32Array(memory.buffer, LAYOUT.sums, LANES)
