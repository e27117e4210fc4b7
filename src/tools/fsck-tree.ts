/**
 * The Merkle tree of one ledger, grown leaf by leaf in tiles as the server keeps them. Holds no more than
 * the tiles that are not complete yet.
 */
import { appendLeaf, type Hash, type Peaks, rootOfPeaks } from '../ledger/tree.ts'
import { join } from './log-entries.ts'

/** Hashes in a tile (storage/tree-tiles.ts). */
export const tileWidth = 256

export type Tile = { level: number; position: number; root: Hash; hashes: Hash[] }

function peaksOf(hashes: Hash[]): Peaks {
  const peaks: Peaks = []
  for (const hash of hashes) appendLeaf(peaks, hash, join)
  return peaks
}

/** `complete` is told of every tile when its last hash is there. */
export function growTree(complete: (tile: Tile) => void) {
  /** What the last tile of each level has until now. */
  const open: Hash[][] = []
  const tiles: number[] = []

  function add(hash: Hash, level: number): void {
    open[level] ??= []
    const hashes = open[level]
    hashes.push(hash)
    if (hashes.length < tileWidth) return
    const root = rootOfPeaks(peaksOf(hashes))
    complete({ level, position: tiles[level] ?? 0, root, hashes })
    tiles[level] = (tiles[level] ?? 0) + 1
    open[level] = []
    add(root, level + 1)
  }

  return {
    add: (leaf: Hash): void => add(leaf, 0),
    /** Complete tiles of a level. */
    tiles: (level: number): number => tiles[level] ?? 0,
    /** The largest subtrees stand in the highest level. */
    root: (): Hash => rootOfPeaks(open.toReversed().flatMap(peaksOf)),
  }
}
