/** Pseudo-random choices that the same seed makes again. */

export type Random = {
  /** From 0 up to, but not including, `below`. */
  int: (below: number) => number
  chance: (likelihood: number) => boolean
  /** Undefined for an empty list. */
  pick: <T>(list: readonly T[]) => T | undefined
  /** Any number of them, in their order. */
  some: <T>(list: readonly T[], most?: number) => T[]
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const int = (below: number) => Math.floor(next() * below)
  return {
    int,
    chance: (likelihood) => next() < likelihood,
    pick: (list) => list[int(list.length)],
    some: (list, most = list.length) => list.filter(() => next() < 0.5).slice(0, most),
  }
}
