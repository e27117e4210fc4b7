/**
 * Where a pair of ids falls between 0 and 100: the contract's hash percentage (sdk-api §5.7), bit for
 * bit. It never answers 100, which is how a weight of 100 always wins.
 */

import { MODULUS } from './lanes/fold.ts'
import { begin, digest, feed, finish } from './md5.ts'

/** The one residue that would come to a hundred. */
export const LAST_RESIDUE = MODULUS - 1
/** 2^16 modulo 9999: lets the 128-bit number be folded in halves that stay small integers. */
const HALF_WORD = 5542

export function percentage(first: string, second: string): number {
  // The last residue is hashed again with the pair repeated once more.
  for (let copies = 1; ; copies++) {
    const residue = residueOf(first, second, copies)
    if (residue !== LAST_RESIDUE) return percentageOf(residue)
  }
}

export function percentageOf(residue: number): number {
  return (residue / LAST_RESIDUE) * 100
}

function residueOf(first: string, second: string, copies: number): number {
  begin()
  for (let copy = 0; copy < copies; copy++) {
    if (copy > 0) feed(',')
    feed(first)
    feed(',')
    feed(second)
  }
  finish()
  let residue = 0
  for (let i = 0; i < 4; i++) {
    const word = digest[i] as number
    residue = (residue * HALF_WORD + (word >>> 16)) % MODULUS
    residue = (residue * HALF_WORD + (word & 0xffff)) % MODULUS
  }
  return residue
}
