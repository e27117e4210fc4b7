/**
 * Whether what is pruned from a log may be: an entry that is still there has to say so, and of which
 * leaves. Hashes alone cannot tell a pruning from a beginning that somebody took away.
 */
import { rootOfPeaks } from '../ledger/tree.ts'
import type { EntriesCheck, Problem } from './log-entries.ts'
import type { Tombstone } from './log-lines.ts'

function isRight({ tiles }: EntriesCheck, { through, root }: Tombstone): boolean {
  const peaks = tiles.get(through)
  return peaks !== undefined && Buffer.from(rootOfPeaks(peaks)).toString('hex') === root
}

/** After the last entry, of a log whose hashes are those that were signed. */
export function checkTombstones(check: EntriesCheck): Problem | undefined {
  const { pruned, tombstones } = check
  let vouched = 0
  for (const tombstone of tombstones) {
    if (!isRight(check, tombstone)) {
      const text = `entry ${tombstone.at} was written over other entries 1 to ${tombstone.through}`
      return { at: vouched + 1, kind: 'fork', text }
    }
    vouched = Math.max(vouched, tombstone.through)
  }
  if (vouched >= pruned) return undefined
  const text = `entries ${vouched + 1} to ${pruned} are said to be pruned, but no entry says that they were`
  return { at: vouched + 1, kind: 'deletion', text }
}
