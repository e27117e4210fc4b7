/**
 * Hashes what lies in the lanes: by the WebAssembly module once it has been handed over, before that
 * in plain JavaScript. Both leave the same sums.
 */

import { LANES, memory } from './memory.ts'
import { hashPairs } from './pairs.ts'

type HashLanes = (blocks: number, lanes: number) => void

/** Hashes at least the first so many lanes, whose messages all have so many blocks. */
export let hashLanes: HashLanes = hashPairs

/** How many messages take no longer than one. */
export let together = 2

/**
 * Takes `md5.wasm`, compiled. Workers compile no bytes themselves, so the module has to come from
 * where it was bundled, and the engine imports nothing: its host hands it over, once.
 */
export function useLanes(module: WebAssembly.Module): void {
  const { exports } = new WebAssembly.Instance(module, { engine: { memory } })
  hashLanes = exports.hash as HashLanes
  together = LANES
}
