/**
 * MD5 of a text's UTF-8 bytes, fed in pieces and read as four words, without allocating. It serves
 * bucketing only and refuses to be a general hash: no bytes in, no hex out, one message at a time.
 */

import { SINES, START } from './lanes/steps.ts'

// The message in progress. Module state is safe here: evaluation is synchronous and never re-enters.
const block = new Int32Array(16)
const state = new Int32Array(4)
let length = 0
/** The bytes of the word that is not full yet; it is written when it is, so nothing need be cleared. */
let pending = 0

/** The last digest as four unsigned big-endian words. */
export const digest = new Uint32Array(4)

export function begin(): void {
  state.set(START)
  length = 0
  pending = 0
}

export function feed(text: string): void {
  for (let i = feedAscii(text); i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) push(unit)
    else if (unit < 0x800) {
      push(0xc0 | (unit >> 6))
      push(0x80 | (unit & 0x3f))
    } else if (unit < 0xd800 || unit > 0xdfff) feedWide(unit)
    else {
      const code = text.codePointAt(i) ?? 0
      if (code > 0xffff) {
        push(0xf0 | (code >> 18))
        push(0x80 | ((code >> 12) & 0x3f))
        push(0x80 | ((code >> 6) & 0x3f))
        push(0x80 | (code & 0x3f))
        i++
      } else {
        // A lone surrogate has no UTF-8 form; it counts as U+FFFD, as encoders write it.
        feedWide(0xfffd)
      }
    }
  }
}

/** The leading ASCII, which is nearly always all there is; answers how many characters that was. */
function feedAscii(text: string): number {
  let bytes = length
  let bits = pending
  let i = 0
  for (; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) break
    bits |= unit << ((bytes & 3) << 3)
    bytes++
    if ((bytes & 3) !== 0) continue
    block[((bytes >> 2) - 1) & 15] = bits
    bits = 0
    if ((bytes & 63) === 0) transform()
  }
  length = bytes
  pending = bits
  return i
}

export function finish(): void {
  const low = (length << 3) | 0
  const high = Math.floor(length / 0x20000000) | 0
  let index = (length >> 2) & 15
  block[index++] = pending | (0x80 << ((length & 3) << 3))
  // Without room for the length the block goes as it is, and the length into one of its own.
  if (index > 14) {
    if (index === 15) block[15] = 0
    transform()
    index = 0
  }
  while (index < 14) block[index++] = 0
  block[14] = low
  block[15] = high
  transform()
  for (let i = 0; i < 4; i++) {
    const word = state[i] ?? 0
    digest[i] =
      (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | ((word >>> 24) & 0xff)
  }
}

function feedWide(unit: number): void {
  push(0xe0 | (unit >> 12))
  push(0x80 | ((unit >> 6) & 0x3f))
  push(0x80 | (unit & 0x3f))
}

function push(byte: number): void {
  pending |= byte << ((length & 3) << 3)
  length++
  if ((length & 3) !== 0) return
  block[((length >> 2) - 1) & 15] = pending
  pending = 0
  if ((length & 63) === 0) transform()
}

function turn(sum: number, bits: number): number {
  return (sum << bits) | (sum >>> (32 - bits))
}

function at(words: Int32Array, index: number): number {
  return words[index] as number
}

function word(index: number): number {
  return at(block, index & 15)
}

function sine(index: number): number {
  return at(SINES, index)
}

/**
 * The compression function, four steps a turn of the loop so that the registers stay in place. Each
 * step adds what depends on the step before it last: the chain through all 64 is what takes the time.
 */
function transform(): void {
  let a = at(state, 0)
  let b = at(state, 1)
  let c = at(state, 2)
  let d = at(state, 3)
  for (let i = 0; i < 16; i += 4) {
    a = (b + turn((a + word(i) + sine(i) + (d ^ (b & (c ^ d)))) | 0, 7)) | 0
    d = (a + turn((d + word(i + 1) + sine(i + 1) + (c ^ (a & (b ^ c)))) | 0, 12)) | 0
    c = (d + turn((c + word(i + 2) + sine(i + 2) + (b ^ (d & (a ^ b)))) | 0, 17)) | 0
    b = (c + turn((b + word(i + 3) + sine(i + 3) + (a ^ (c & (d ^ a)))) | 0, 22)) | 0
  }
  for (let i = 16, g = 1; i < 32; i += 4, g += 20) {
    a = (b + turn((a + word(g) + sine(i) + (c & ~d) + (b & d)) | 0, 5)) | 0
    d = (a + turn((d + word(g + 5) + sine(i + 1) + (b & ~c) + (a & c)) | 0, 9)) | 0
    c = (d + turn((c + word(g + 10) + sine(i + 2) + (a & ~b) + (d & b)) | 0, 14)) | 0
    b = (c + turn((b + word(g + 15) + sine(i + 3) + (d & ~a) + (c & a)) | 0, 20)) | 0
  }
  for (let i = 32, g = 5; i < 48; i += 4, g += 12) {
    a = (b + turn((a + word(g) + sine(i) + (b ^ (c ^ d))) | 0, 4)) | 0
    d = (a + turn((d + word(g + 3) + sine(i + 1) + (a ^ (b ^ c))) | 0, 11)) | 0
    c = (d + turn((c + word(g + 6) + sine(i + 2) + (d ^ (a ^ b))) | 0, 16)) | 0
    b = (c + turn((b + word(g + 9) + sine(i + 3) + (c ^ (d ^ a))) | 0, 23)) | 0
  }
  for (let i = 48, g = 0; i < 64; i += 4, g += 28) {
    a = (b + turn((a + word(g) + sine(i) + (c ^ (b | ~d))) | 0, 6)) | 0
    d = (a + turn((d + word(g + 7) + sine(i + 1) + (b ^ (a | ~c))) | 0, 10)) | 0
    c = (d + turn((c + word(g + 14) + sine(i + 2) + (a ^ (d | ~b))) | 0, 15)) | 0
    b = (c + turn((b + word(g + 21) + sine(i + 3) + (d ^ (c | ~a))) | 0, 21)) | 0
  }
  state[0] = at(state, 0) + a
  state[1] = at(state, 1) + b
  state[2] = at(state, 2) + c
  state[3] = at(state, 3) + d
}
