/**
 * Reads the lines of an export of the audit log: an entry, or what is left of 256 entries that are
 * pruned. Tells what one line alone can tell; how lines follow each other is log-entries.ts's business.
 */
import { hash } from 'node:crypto'
import type { Hash } from '../ledger/tree.ts'
import { type Json, toCanonical } from './log-canonical.ts'
import { checkPersonal } from './log-personal.ts'

/** Entries that are pruned together. */
export const tileWidth = 256

/** What an entry about a pruning says: the root of the first so many leaves, in hex. */
export type Tombstone = { at: number; through: number; root: string }

/** The places that a line stands for, both ends included; one and the same for an entry. */
type Place = { from: number; to: number; leaves: Hash[] }

export type Entry = Place & {
  ledger: string
  hash: string
  previous: string
  tombstone: Tombstone | undefined
  /** Personal data that the record was committed to is no longer there. */
  isErased: boolean
  fault: string | undefined
}

export type Line = Entry | (Place & { hash: string; previous?: undefined; fault?: undefined })

const isText = (value: unknown): value is string => typeof value === 'string'

type Recorded = {
  ledger: string
  sequence: number
  previous: string
  action?: Json
  after?: { through?: Json; root?: Json } | null
  commitment?: Json
}

function tombstoneOf({ action, after, sequence }: Recorded): Tombstone | undefined {
  if (action !== 'audit.pruned') return undefined
  return { at: sequence, through: Number(after?.through), root: String(after?.root) }
}

/** Undefined for what is no entry; `fault` where it is one, but not as it was hashed. */
function readEntry(line: string): Entry | undefined {
  const { sequence, hash: told, record, personal } = JSON.parse(line)
  if (!Number.isSafeInteger(sequence) || !isText(told) || !isText(record)) return undefined
  const value = JSON.parse(record) as Recorded
  const isHashed = hash('sha256', `\0${record}`) === told
  const own = isHashed && Number.isSafeInteger(value.sequence) ? value.sequence : sequence
  const read = (fault: string | undefined, isErased = false): Entry => ({
    from: own,
    to: own,
    leaves: [Buffer.from(told, 'hex')],
    ledger: value.ledger,
    hash: told,
    previous: value.previous,
    tombstone: tombstoneOf(value),
    isErased,
    fault,
  })
  if (!isHashed) return read('its record is not the one that was hashed')
  if (toCanonical(value) !== record) return read('its record is not canonical')
  if (!isText(value.ledger) || !isText(value.previous) || value.sequence !== own) {
    return read('its record is no entry of a log')
  }
  // A column that was renumbered, around a record that was not: the record is what was hashed.
  if (sequence !== own) return read(`its line says ${sequence}, its record ${own}`)
  const { fault, isErased } = checkPersonal(value.commitment, personal)
  return read(fault, isErased)
}

const tileHashes = new RegExp(`^[0-9a-f]{${tileWidth * 64}}$`)

function readPruned(line: string): Line | undefined {
  const { from, to, hashes } = JSON.parse(line).pruned
  if (!Number.isSafeInteger(from) || from % tileWidth !== 1 || to !== from + tileWidth - 1) {
    return undefined
  }
  if (!isText(hashes) || !tileHashes.test(hashes)) return undefined
  const bytes = Buffer.from(hashes, 'hex')
  const leaves = Array.from({ length: tileWidth }, (_, index) =>
    bytes.subarray(index * 32, index * 32 + 32),
  )
  return { from, to, leaves, hash: hashes.slice(-64) }
}

/** Undefined for what is neither. */
export function readLine(line: string): Line | undefined {
  try {
    return line.startsWith('{"pruned":') ? readPruned(line) : readEntry(line)
  } catch {
    return undefined
  }
}
