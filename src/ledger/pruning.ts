/**
 * The cron's part of retention: orders that entries older than their organisation keeps them go, by the
 * system, in the organisation's ledger. What goes is looked at a last time: of a log that is not what was
 * promised nothing goes, because then somebody needs it.
 */
import { daysKept, floorDaysOf, oldBefore, prunableThrough } from '../domain/audit-retention.ts'
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import {
  findPrunedThrough,
  listOverdueLogs,
  listTileAges,
  type Overdue,
} from '../storage/audit-retention.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { logPages } from '../storage/log-pages.ts'
import { selectLeafTiles, tileWidth } from '../storage/tree-tiles.ts'
import { toHex } from './bytes.ts'
import { leafHash } from './chain.ts'
import { commit, ledgerOf } from './client.ts'
import { growTree, tampered } from './growth.ts'
import { ask } from './tiles.ts'
import { askRoot } from './tree.ts'

/** The rest waits for the next minute. */
const logsAtOnce = 20
/** Tiles in one write: other changes of the organisation wait for it. */
const tilesAtOnce = 16

type Range = { after: number; through: number }

/** Whether the tree knows these entries as they are: each record by its hash, none missing. */
async function isAsPromised(db: Database, ledger: string, { after, through }: Range) {
  const positions = { from: after / tileWidth, to: through / tileWidth }
  const tiles = await selectLeafTiles(db, ledger, positions)
  const leaves = new Map(tiles.map(({ position, hashes }) => [position, hashes]))
  let reached = after
  for await (const page of logPages(db, ledger, { after, upTo: through })) {
    const hashes = await Promise.all(page.map(({ record }) => leafHash(record)))
    for (const [index, { sequence }] of page.entries()) {
      const place = (reached % tileWidth) * 64
      const leaf = leaves.get(Math.floor(reached / tileWidth))?.slice(place, place + 64)
      if (sequence !== reached + 1 || hashes[index] !== leaf) return false
      reached = sequence
    }
  }
  return reached === through
}

async function pruneLog(env: Env, log: Overdue, at: { now: number; floorDays: number }) {
  const db = openDatabase(env.DB)
  const { organisationId } = log
  const ledger = ledgerOf(organisationId)
  const grown = await growTree(env, ledger)
  if (grown.kind !== 'ok') return
  const after = await findPrunedThrough(db, ledger)
  const whole = Math.floor(grown.value.size / tileWidth) * tileWidth
  const upTo = Math.min(whole, after + tilesAtOnce * tileWidth)
  const tiles = await listTileAges(db, ledger, { after, upTo })
  const before = oldBefore(at.now, daysKept(log.days, at.floorDays))
  const through = prunableThrough(tiles, { upTo, before })
  if (through <= after) return
  const root = await ask(db, ledger, { size: through, question: askRoot(through) })
  if (root === undefined || !(await isAsPromised(db, ledger, { after, through }))) {
    tampered(ledger, `entries that were to be pruned, up to ${through}, are not what was hashed`)
    return
  }
  await commit(env, {
    ledger,
    write: 'audit.prune',
    input: { ledger, organisationId, through, root: toHex(root), floorDays: at.floorDays },
    actor: { kind: 'system', id: null, credential: null, name: '' },
    source: { requestId: crypto.randomUUID(), ip: null, userAgent: null },
  })
}

export async function pruneLogs(env: Env, now: number): Promise<void> {
  const floorDays = floorDaysOf(env.AUDIT_RETENTION_FLOOR_DAYS)
  const asked = { before: oldBefore(now, 0), floorDays, limit: logsAtOnce }
  for (const log of await listOverdueLogs(openDatabase(env.DB), asked)) {
    try {
      await pruneLog(env, log, { now, floorDays })
    } catch (error) {
      const facts = { ledger: ledgerOf(log.organisationId), error: reasonOf(error) }
      logError('audit.prune-failed', facts)
    }
  }
}
