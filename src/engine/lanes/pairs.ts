/**
 * MD5 of the messages in the lanes without WebAssembly: two at a time, their steps alternating,
 * because one alone keeps the processor waiting for itself.
 */

import { fold } from './fold.ts'
import { BLOCK_WORDS, LANES, messages, sums } from './memory.ts'
import { SINES, START } from './steps.ts'

const BLOCK = BLOCK_WORDS * LANES

/** The two messages' words, one message after the other. */
const state = new Int32Array(8)

export function hashPairs(blocks: number, count: number): void {
  for (let lane = 0; lane < count; lane += 2) hashPair(lane, blocks)
}

function hashPair(lane: number, blocks: number): void {
  for (let i = 0; i < 8; i++) state[i] = START[i & 3] as number
  for (let block = 0; block < blocks; block++) transform(block * BLOCK + lane)
  sums[lane] = foldAt(0)
  sums[lane + 1] = foldAt(4)
}

function at(index: number): number {
  return state[index] as number
}

function foldAt(index: number): number {
  return fold(at(index), at(index + 1), at(index + 2), at(index + 3))
}

/**
 * Four steps of each message a turn of the loop, as in `md5.ts`. Nothing in the loops is a function of
 * its own: so many calls are more than the compiler inlines, and without that it takes eight times as
 * long.
 */
function transform(one: number): void {
  let a = at(0)
  let b = at(1)
  let c = at(2)
  let d = at(3)
  let e = at(4)
  let f = at(5)
  let g = at(6)
  let h = at(7)
  for (let i = 0, p = 0; i < 16; i += 4, p += 4) {
    let row = (p & 15) * LANES + one
    let sine = SINES[i] as number
    a = (a + (messages[row] as number) + sine + (d ^ (b & (c ^ d)))) | 0
    a = (b + ((a << 7) | (a >>> 25))) | 0
    e = (e + (messages[row + 1] as number) + sine + (h ^ (f & (g ^ h)))) | 0
    e = (f + ((e << 7) | (e >>> 25))) | 0
    row = ((p + 1) & 15) * LANES + one
    sine = SINES[i + 1] as number
    d = (d + (messages[row] as number) + sine + (c ^ (a & (b ^ c)))) | 0
    d = (a + ((d << 12) | (d >>> 20))) | 0
    h = (h + (messages[row + 1] as number) + sine + (g ^ (e & (f ^ g)))) | 0
    h = (e + ((h << 12) | (h >>> 20))) | 0
    row = ((p + 2) & 15) * LANES + one
    sine = SINES[i + 2] as number
    c = (c + (messages[row] as number) + sine + (b ^ (d & (a ^ b)))) | 0
    c = (d + ((c << 17) | (c >>> 15))) | 0
    g = (g + (messages[row + 1] as number) + sine + (f ^ (h & (e ^ f)))) | 0
    g = (h + ((g << 17) | (g >>> 15))) | 0
    row = ((p + 3) & 15) * LANES + one
    sine = SINES[i + 3] as number
    b = (b + (messages[row] as number) + sine + (a ^ (c & (d ^ a)))) | 0
    b = (c + ((b << 22) | (b >>> 10))) | 0
    f = (f + (messages[row + 1] as number) + sine + (e ^ (g & (h ^ e)))) | 0
    f = (g + ((f << 22) | (f >>> 10))) | 0
  }
  for (let i = 16, p = 1; i < 32; i += 4, p += 20) {
    let row = (p & 15) * LANES + one
    let sine = SINES[i] as number
    a = (a + (messages[row] as number) + sine + (c & ~d) + (b & d)) | 0
    a = (b + ((a << 5) | (a >>> 27))) | 0
    e = (e + (messages[row + 1] as number) + sine + (g & ~h) + (f & h)) | 0
    e = (f + ((e << 5) | (e >>> 27))) | 0
    row = ((p + 5) & 15) * LANES + one
    sine = SINES[i + 1] as number
    d = (d + (messages[row] as number) + sine + (b & ~c) + (a & c)) | 0
    d = (a + ((d << 9) | (d >>> 23))) | 0
    h = (h + (messages[row + 1] as number) + sine + (f & ~g) + (e & g)) | 0
    h = (e + ((h << 9) | (h >>> 23))) | 0
    row = ((p + 10) & 15) * LANES + one
    sine = SINES[i + 2] as number
    c = (c + (messages[row] as number) + sine + (a & ~b) + (d & b)) | 0
    c = (d + ((c << 14) | (c >>> 18))) | 0
    g = (g + (messages[row + 1] as number) + sine + (e & ~f) + (h & f)) | 0
    g = (h + ((g << 14) | (g >>> 18))) | 0
    row = ((p + 15) & 15) * LANES + one
    sine = SINES[i + 3] as number
    b = (b + (messages[row] as number) + sine + (d & ~a) + (c & a)) | 0
    b = (c + ((b << 20) | (b >>> 12))) | 0
    f = (f + (messages[row + 1] as number) + sine + (h & ~e) + (g & e)) | 0
    f = (g + ((f << 20) | (f >>> 12))) | 0
  }
  for (let i = 32, p = 5; i < 48; i += 4, p += 12) {
    let row = (p & 15) * LANES + one
    let sine = SINES[i] as number
    a = (a + (messages[row] as number) + sine + (b ^ (c ^ d))) | 0
    a = (b + ((a << 4) | (a >>> 28))) | 0
    e = (e + (messages[row + 1] as number) + sine + (f ^ (g ^ h))) | 0
    e = (f + ((e << 4) | (e >>> 28))) | 0
    row = ((p + 3) & 15) * LANES + one
    sine = SINES[i + 1] as number
    d = (d + (messages[row] as number) + sine + (a ^ (b ^ c))) | 0
    d = (a + ((d << 11) | (d >>> 21))) | 0
    h = (h + (messages[row + 1] as number) + sine + (e ^ (f ^ g))) | 0
    h = (e + ((h << 11) | (h >>> 21))) | 0
    row = ((p + 6) & 15) * LANES + one
    sine = SINES[i + 2] as number
    c = (c + (messages[row] as number) + sine + (d ^ (a ^ b))) | 0
    c = (d + ((c << 16) | (c >>> 16))) | 0
    g = (g + (messages[row + 1] as number) + sine + (h ^ (e ^ f))) | 0
    g = (h + ((g << 16) | (g >>> 16))) | 0
    row = ((p + 9) & 15) * LANES + one
    sine = SINES[i + 3] as number
    b = (b + (messages[row] as number) + sine + (c ^ (d ^ a))) | 0
    b = (c + ((b << 23) | (b >>> 9))) | 0
    f = (f + (messages[row + 1] as number) + sine + (g ^ (h ^ e))) | 0
    f = (g + ((f << 23) | (f >>> 9))) | 0
  }
  for (let i = 48, p = 0; i < 64; i += 4, p += 28) {
    let row = (p & 15) * LANES + one
    let sine = SINES[i] as number
    a = (a + (messages[row] as number) + sine + (c ^ (b | ~d))) | 0
    a = (b + ((a << 6) | (a >>> 26))) | 0
    e = (e + (messages[row + 1] as number) + sine + (g ^ (f | ~h))) | 0
    e = (f + ((e << 6) | (e >>> 26))) | 0
    row = ((p + 7) & 15) * LANES + one
    sine = SINES[i + 1] as number
    d = (d + (messages[row] as number) + sine + (b ^ (a | ~c))) | 0
    d = (a + ((d << 10) | (d >>> 22))) | 0
    h = (h + (messages[row + 1] as number) + sine + (f ^ (e | ~g))) | 0
    h = (e + ((h << 10) | (h >>> 22))) | 0
    row = ((p + 14) & 15) * LANES + one
    sine = SINES[i + 2] as number
    c = (c + (messages[row] as number) + sine + (a ^ (d | ~b))) | 0
    c = (d + ((c << 15) | (c >>> 17))) | 0
    g = (g + (messages[row + 1] as number) + sine + (e ^ (h | ~f))) | 0
    g = (h + ((g << 15) | (g >>> 17))) | 0
    row = ((p + 21) & 15) * LANES + one
    sine = SINES[i + 3] as number
    b = (b + (messages[row] as number) + sine + (d ^ (c | ~a))) | 0
    b = (c + ((b << 21) | (b >>> 11))) | 0
    f = (f + (messages[row + 1] as number) + sine + (h ^ (g | ~e))) | 0
    f = (g + ((f << 21) | (f >>> 11))) | 0
  }
  state[0] = at(0) + a
  state[1] = at(1) + b
  state[2] = at(2) + c
  state[3] = at(3) + d
  state[4] = at(4) + e
  state[5] = at(5) + f
  state[6] = at(6) + g
  state[7] = at(7) + h
}
