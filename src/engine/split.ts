/**
 * The percentage of a segment's percentage splits on one property, hashed at most once per evaluation.
 * Splits on the identity's key are hashed together: several cost what one costs.
 */

import { hashTogether, percentages, type Seed, seedOf } from './hashing.ts'
import { together } from './lanes/hash.ts'
import { percentage } from './percentage.ts'
import { type Reading, type Run, textOf } from './reading.ts'

export type Split = {
  readonly seed: Seed
  readonly run: Run
  /** The document's splits on the same property, and this one's place among them. */
  readonly peers: readonly Split[]
  readonly place: number
  stamp: number
  percentage: number
}

/** Adds a split of that segment to its peers. */
export function addSplit(segmentKey: string, peers: Split[], run: Run): Split {
  const seed = seedOf(segmentKey)
  const split = { seed, run, peers, place: peers.length, stamp: 0, percentage: 0.5 }
  peers.push(split)
  return split
}

export function percentageOfSplit(split: Split, reading: Reading): number {
  if (split.stamp !== reading.stamp) hash(split, reading)
  return split.percentage
}

function hash(split: Split, reading: Reading): void {
  const { run, peers, place } = split
  const text = textOf(reading)
  if (run.identity === null || text !== run.key) {
    split.stamp = run.stamp
    split.percentage = percentage(split.seed.text, text)
    return
  }
  const to = Math.min(peers.length, place + together)
  const end = hashTogether(peers, { from: place, to }, run)
  for (let i = place; i < end; i++) {
    const peer = peers[i] as Split
    peer.stamp = run.stamp
    peer.percentage = percentages[i - place] as number
  }
}
