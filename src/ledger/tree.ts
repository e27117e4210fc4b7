/**
 * The Merkle tree of RFC 6962 over the leaf hashes of a log: which subtrees a root or a proof is made
 * of, and checking both. Pure; where hashes come from is the caller's business.
 *
 * A node is named by its level and its place in it: `level` 0 are the leaves, and a node of level n
 * covers the 2ⁿ leaves from index × 2ⁿ on. Only nodes whose leaves are all there have a name, so a
 * node's hash never changes, whatever is appended.
 */
import { sha256 } from './sha256.ts'

export type Hash = Uint8Array
export type Node = { level: number; index: number }

/** Leaves from `from` up to, but not including, `to`. */
type Range = { from: number; to: number }

export type Lookup = (node: Node) => Hash

/** The root of the tree without leaves. */
export const emptyRoot: Hash = sha256(new Uint8Array())

/** SHA-256 over 0x01 and the two hashes below. */
export function nodeHash(left: Hash, right: Hash): Hash {
  const message = new Uint8Array(65)
  message[0] = 1
  message.set(left, 1)
  message.set(right, 33)
  return sha256(message)
}

export const sameHash = (a: Hash, b: Hash): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

/** The largest power of two below `size`; sizes may pass 2³², so no bitwise operator is used. */
function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** The largest complete subtrees that a range is made of, from left to right. */
function nodesOf({ from, to }: Range): Node[] {
  const nodes: Node[] = []
  let at = from
  while (at < to) {
    let level = 0
    let width = 1
    while (at % (width * 2) === 0 && at + width * 2 <= to) {
      level++
      width *= 2
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** A range that the RFC's splits lead to: its subtrees join from the right. */
function hashOf(range: Range, lookup: Lookup): Hash {
  const hashes = nodesOf(range).map(lookup)
  return hashes.reduceRight((right, left) => nodeHash(left, right))
}

/** RFC 6962 §2.1.1: the siblings on the way from a leaf up to the root, lowest first. */
function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = []
  let range = { from: 0, to: size }
  while (range.to - range.from > 1) {
    const middle = range.from + splitOf(range.to - range.from)
    const left = { from: range.from, to: middle }
    const right = { from: middle, to: range.to }
    ranges.unshift(index < middle ? right : left)
    range = index < middle ? left : right
  }
  return ranges
}

/** RFC 6962 §2.1.2: what leads from the tree of the first `size` leaves to the whole one. */
function consistencyRanges(size: number, whole: number): Range[] {
  if (size === 0 || size === whole) return []
  const ranges: Range[] = []
  let range = { from: 0, to: whole }
  while (range.to !== size) {
    const middle = range.from + splitOf(range.to - range.from)
    const left = { from: range.from, to: middle }
    const right = { from: middle, to: range.to }
    ranges.unshift(size <= middle ? right : left)
    range = size <= middle ? left : right
  }
  // The old tree is a complete subtree of the new one: whoever checks knows its root already.
  return range.from === 0 ? ranges : [range, ...ranges]
}

/** What is asked of a tree: which nodes it takes, and how the answer is made of them. */
export type Question<T> = { nodes: Node[]; answer: (lookup: Lookup) => T }

const asking = (ranges: Range[]): Question<Hash[]> => ({
  nodes: ranges.flatMap(nodesOf),
  answer: (lookup) => ranges.map((range) => hashOf(range, lookup)),
})

export function askRoot(size: number): Question<Hash> {
  if (size === 0) return { nodes: [], answer: () => emptyRoot }
  const range = { from: 0, to: size }
  return { nodes: nodesOf(range), answer: (lookup) => hashOf(range, lookup) }
}

/** That the leaf at `index` (from 0) is in the tree of the first `size` leaves. */
export const askInclusion = (index: number, size: number): Question<Hash[]> =>
  asking(inclusionRanges(index, size))

/** That the tree of `from` leaves is the beginning of the tree of `to` leaves. */
export const askConsistency = (from: number, to: number): Question<Hash[]> =>
  asking(consistencyRanges(from, to))

type Inclusion = { index: number; size: number; leaf: Hash; root: Hash; proof: Hash[] }

/** RFC 9162 §2.1.3.2. */
export function verifyInclusion({ index, size, leaf, root, proof }: Inclusion): boolean {
  if (index < 0 || index >= size) return false
  let place = index
  let last = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      hash = nodeHash(sibling, hash)
      while (place % 2 === 0 && place !== 0) {
        place /= 2
        last = Math.floor(last / 2)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && sameHash(hash, root)
}

type Consistency = { from: number; to: number; fromRoot: Hash; toRoot: Hash; proof: Hash[] }

/** RFC 9162 §2.1.4.2; the tree without leaves is the beginning of every other. */
export function verifyConsistency({ from, to, fromRoot, toRoot, proof }: Consistency): boolean {
  if (from < 0 || from > to) return false
  if (from === to) return proof.length === 0 && sameHash(fromRoot, toRoot)
  if (from === 0) return proof.length === 0 && sameHash(fromRoot, emptyRoot)
  const isPower = nodesOf({ from: 0, to: from }).length === 1
  const [first, ...rest] = isPower ? [fromRoot, ...proof] : proof
  if (first === undefined) return false
  let place = from - 1
  let last = to - 1
  while (place % 2 === 1) {
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  let old = first
  let whole = first
  for (const hash of rest) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      old = nodeHash(hash, old)
      whole = nodeHash(hash, whole)
      while (place % 2 === 0 && place !== 0) {
        place /= 2
        last = Math.floor(last / 2)
      }
    } else {
      whole = nodeHash(whole, hash)
    }
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && sameHash(old, fromRoot) && sameHash(whole, toRoot)
}

/** The complete subtrees of a growing tree, largest first: all that is needed to append and to ask
 * for its root. */
export type Peaks = { level: number; hash: Hash }[]

/** Appends in place: a log of a million entries shall not copy its peaks a million times. */
export function appendLeaf(peaks: Peaks, leaf: Hash, join = nodeHash): void {
  let top = { level: 0, hash: leaf }
  for (let last = peaks.at(-1); last?.level === top.level; last = peaks.at(-1)) {
    top = { level: top.level + 1, hash: join(last.hash, top.hash) }
    peaks.pop()
  }
  peaks.push(top)
}

export const rootOfPeaks = (peaks: Peaks): Hash =>
  peaks.length === 0
    ? emptyRoot
    : peaks.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right))
