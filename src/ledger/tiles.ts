/**
 * The nodes of a ledger's tree, read through its tiles: whatever is asked, a bounded number of rows
 * and one D1 round trip, however long the log is.
 */
import { type Database, runBatch, type Statement } from '../storage/database.ts'
import { selectLeaves, selectRoots, selectTiles, tileWidth } from '../storage/tree-tiles.ts'
import { fromHex } from './bytes.ts'
import { type Hash, type Lookup, type Node, nodeHash, type Question } from './tree.ts'

export type Tile = { level: number; position: number }

/** Levels of the tree in one level of tiles: 2⁸ = 256. */
const levels = 8

/** By `level:position`. A tile that is not complete has the hashes it has so far. */
export type Tiles = Map<string, (Hash | undefined)[]>

export const tileKey = ({ level, position }: Tile): string => `${level}:${position}`

export const splitHashes = (hex: string): Hash[] =>
  Array.from({ length: Math.floor(hex.length / 64) }, (_, index) =>
    fromHex(hex.slice(index * 64, index * 64 + 64)),
  )

/** The root of a complete subtree: a power of two of hashes. */
export function rootOfComplete(hashes: Hash[]): Hash {
  let row = hashes
  while (row.length > 1) {
    const above: Hash[] = []
    for (let i = 0; i < row.length; i += 2) {
      above.push(nodeHash(row[i] as Hash, row[i + 1] as Hash))
    }
    row = above
  }
  return row[0] as Hash
}

/** Where the hashes below a node stand, or the node itself. */
function placeOf(node: Node): { tile: Tile; first: number; count: number } {
  const level = Math.floor(node.level / levels)
  const count = 2 ** (node.level % levels)
  const at = node.index * count
  return { tile: { level, position: Math.floor(at / tileWidth) }, first: at % tileWidth, count }
}

/** How many hashes a tile has in the tree of this size. */
export const widthOf = ({ level, position }: Tile, size: number): number =>
  Math.min(tileWidth, Math.floor(size / tileWidth ** level) - position * tileWidth)

/** Asked only for what is known. */
const lookupIn =
  (tiles: Tiles): Lookup =>
  (node) => {
    const { tile, first, count } = placeOf(node)
    return rootOfComplete((tiles.get(tileKey(tile)) as Hash[]).slice(first, first + count))
  }

const tileOf = (node: Node): Tile => placeOf(node).tile

type Reading = { statement: Statement; take: (rows: unknown, tiles: Tiles) => void }

type Rows<T extends (...args: never[]) => PromiseLike<unknown>> = Awaited<ReturnType<T>>

/** Whether a tile's hashes are known as far as the tree of this size has them. */
function isKnown(tiles: Tiles, tile: Tile, size: number): boolean {
  const hashes = tiles.get(tileKey(tile)) ?? []
  const width = widthOf(tile, size)
  return hashes.length >= width && !hashes.slice(0, width).includes(undefined)
}

function readComplete(db: Database, ledger: string, wanted: Tile[]): Reading {
  const take = (rows: unknown, tiles: Tiles) => {
    for (const row of rows as Rows<typeof selectTiles>) {
      tiles.set(tileKey(row), splitHashes(row.hashes))
    }
  }
  return { statement: selectTiles(db, ledger, wanted), take }
}

/** The last tile of a level, where it is not complete: leaves, or the roots of the tiles below it. */
function readPart(db: Database, ledger: string, at: { tile: Tile; size: number }): Reading {
  const { tile, size } = at
  const { level, position } = tile
  if (level === 0) {
    const take = (rows: unknown, tiles: Tiles) => {
      const [row] = rows as Rows<typeof selectLeaves>
      if (!isKnown(tiles, tile, size)) tiles.set(tileKey(tile), splitHashes(row?.hashes ?? ''))
    }
    return { statement: selectLeaves(db, ledger, { position, size }), take }
  }
  const from = position * tileWidth
  const take = (rows: unknown, tiles: Tiles) => {
    // Those that are just being added stand there already; another may have added them as well.
    const hashes = [...(tiles.get(tileKey(tile)) ?? [])]
    for (const row of rows as Rows<typeof selectRoots>) {
      hashes[row.position - from] = fromHex(row.root)
    }
    tiles.set(tileKey(tile), hashes)
  }
  const to = from + widthOf(tile, size)
  return { statement: selectRoots(db, ledger, { level: level - 1, from, to }), take }
}

/**
 * Answers a question about the tree of `size` leaves. `known` are tiles that have no row yet; undefined
 * when a hash is missing: somebody has taken it away.
 */
export async function ask<T>(
  db: Database,
  ledger: string,
  asked: { size: number; question: Question<T>; known?: Tiles },
): Promise<T | undefined> {
  const { size, question } = asked
  const tiles: Tiles = new Map(asked.known)
  const wanted = [...new Map(question.nodes.map(tileOf).map((tile) => [tileKey(tile), tile]))]
    .map(([, tile]) => tile)
    .filter((tile) => !isKnown(tiles, tile, size))
  if (wanted.length > 0) {
    const parts = wanted.filter((tile) => widthOf(tile, size) < tileWidth)
    // A tile that this tree has only in part may be complete by now: then its row is enough.
    const readings = [
      readComplete(db, ledger, wanted),
      ...parts.map((tile) => readPart(db, ledger, { tile, size })),
    ]
    const statements = readings.map(({ statement }) => statement)
    const answers = await runBatch(db, statements)
    for (const [index, { take }] of readings.entries()) take(answers[index], tiles)
  }
  const isWhole = wanted.every((tile) => isKnown(tiles, tile, size))
  return isWhole ? question.answer(lookupIn(tiles)) : undefined
}
