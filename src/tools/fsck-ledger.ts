/**
 * Checks one ledger of a database, entry by entry: numbers without gaps, hashes, chain, the row's own
 * columns, personal data, and the tree with its tiles and its checkpoint. What was pruned stands in the
 * tiles, and an entry has to say so.
 */
import { hash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { toHex } from '../ledger/bytes.ts'
import { noHash } from '../ledger/chain.ts'
import type { Recorded } from '../storage/records.ts'
import { entryPlace, type Findings } from './fsck-findings.ts'
import { growTree, type Tile, tileWidth } from './fsck-tree.ts'
import { checkPersonal } from './log-personal.ts'

/** A row of `entries`, without what the database computes from it. */
export type EntryRow = {
  ledger: string
  sequence: number
  hash: string
  change_id: string
  action: string
  actor_kind: string
  actor_id: string | null
  resource_type: string
  resource_id: string | null
  project_id: number | null
  environment_id: number | null
  created_at: number
  record: string
  personal: string | null
}

/** What the columns beside the record have to say. */
const columnsOf = (record: Recorded): Omit<EntryRow, 'hash' | 'record' | 'personal'> => ({
  ledger: record.ledger,
  sequence: record.sequence,
  change_id: record.change,
  action: record.action,
  actor_kind: record.actor.kind,
  actor_id: record.actor.id,
  resource_type: record.resource.type,
  resource_id: record.resource.id,
  project_id: record.project,
  environment_id: record.environment?.id ?? null,
  created_at: Date.parse(record.time),
})

type Stored = { hashes: string; root: string }
type Checkpoint = { size: number; root: string }

export type LedgerCheck = {
  /** The number of the last entry. */
  size: () => number
  take: (row: EntryRow, record: Recorded) => void
  end: () => void
}

/** `first`: the number of the first entry that is left; those before it have to be in tiles. */
export function checkLedger(
  db: DatabaseSync,
  { ledger, first }: { ledger: string; first: number },
  { find }: Findings,
): LedgerCheck {
  const tileAt = db.prepare(
    'SELECT hashes, root FROM tree_tiles WHERE ledger = ? AND level = ? AND position = ?',
  )
  const checkpoint = db
    .prepare('SELECT size, root FROM checkpoints WHERE ledger = ?')
    .get(ledger) as Checkpoint | undefined
  const { through } = (db.prepare('SELECT through FROM prunings WHERE ledger = ?').get(ledger) as
    | { through: number }
    | undefined) ?? { through: 0 }
  let size = 0
  let last = noHash
  let isWhole = true
  let promised: string | undefined
  /** Of the last tombstone: what it says is gone, and the root of that. */
  let tombstone = { through: 0, root: '' }
  let prunedRoot = ''

  const complete = ({ level, position, root, hashes }: Tile) => {
    const stored = tileAt.get(ledger, level, position) as Stored | undefined
    if (stored === undefined || !isWhole) return
    const place = `${ledger}, tile ${position} of level ${level}`
    if (stored.hashes !== hashes.map(toHex).join('')) find(place, 'has other hashes than the log')
    else if (stored.root !== toHex(root)) find(place, 'has a root that its hashes do not make')
  }
  const tree = growTree(complete)

  function add(leaf: string): void {
    size++
    last = leaf
    tree.add(Buffer.from(leaf, 'hex'))
    if (size === checkpoint?.size) promised = toHex(tree.root())
  }

  function takePruned(): void {
    for (let position = 0; size < first - 1; position++) {
      const stored = tileAt.get(ledger, 0, position) as Stored | undefined
      const leaves = stored?.hashes.match(/[\da-f]{64}/g) ?? []
      if (leaves.length !== tileWidth || size + tileWidth > first - 1) {
        find(entryPlace(ledger, size + 1), `entries ${size + 1} to ${first - 1} are missing`)
        isWhole = false
        size = first - 1
        return
      }
      for (const leaf of leaves) add(leaf)
    }
    prunedRoot = toHex(tree.root())
  }

  function checkColumns(row: EntryRow, record: Recorded, place: string): void {
    const told = columnsOf(record)
    for (const name in told) {
      const column = name as keyof typeof told
      if (row[column] === told[column]) continue
      const text = `column ${name} says ${row[column]}, the record ${told[column]}`
      find(place, text)
    }
  }

  return {
    size: () => size,
    take(row, record) {
      if (size === 0 && first > 1) takePruned()
      const place = entryPlace(ledger, row.sequence)
      if (row.sequence !== size + 1) {
        find(place, `entries ${size + 1} to ${row.sequence - 1} are missing`)
        isWhole = false
        size = row.sequence - 1
      } else if (record.previous !== last && isWhole) {
        find(place, 'does not follow the entry before it: it names another hash')
      }
      if (hash('sha256', `\0${row.record}`) !== row.hash) {
        find(place, 'its record is not the one that was hashed')
      }
      checkColumns(row, record, place)
      const { fault } = checkPersonal(record.commitment, row.personal)
      if (fault !== undefined) find(place, fault)
      if (record.action === 'audit.pruned') {
        const { through = 0, root = '' } = record.after ?? {}
        tombstone = { through: Number(through), root: String(root) }
      }
      add(row.hash)
    },
    end() {
      if (size === 0 && first > 1) takePruned()
      const pruned = first - 1
      if (pruned !== through) {
        find(ledger, `entries up to ${through} are pruned, and 1 to ${pruned} are gone`)
      }
      if (pruned > tombstone.through) {
        find(ledger, `entries 1 to ${pruned} are gone, and no entry says that they were pruned`)
      } else if (pruned > 0 && pruned === tombstone.through && tombstone.root !== prunedRoot) {
        find(ledger, `entries 1 to ${pruned} are not those that were pruned`)
      }
      if (checkpoint !== undefined && checkpoint.size > size) {
        const text = `a checkpoint of ${checkpoint.size} entries was promised and there are ${size}`
        find(ledger, text)
      } else if (isWhole && checkpoint !== undefined && promised !== checkpoint.root) {
        find(
          ledger,
          `the first ${checkpoint.size} entries are not those of the promised checkpoint`,
        )
      }
      const levels = db
        .prepare(
          'SELECT level, max(position) + 1 AS count FROM tree_tiles WHERE ledger = ? GROUP BY level',
        )
        .all(ledger) as { level: number; count: number }[]
      for (const { level, count } of levels) {
        if (count > tree.tiles(level) && isWhole) {
          find(ledger, `has ${count} tiles of level ${level}, and entries for ${tree.tiles(level)}`)
        }
      }
    },
  }
}
