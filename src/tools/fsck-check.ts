/**
 * Checks a whole database against its audit log (contract audit-and-webhooks §6.1): every ledger, then the
 * rows that folding the log makes, then what stands beside it. One pass; it holds what the log describes,
 * never the log.
 */
import type { DatabaseSync } from 'node:sqlite'
import { createFold, type Finding, type FoldEntry } from '../ledger/fold.ts'
import { compareTable, selectOf } from '../ledger/fold-compare.ts'
import { foldTables, untoldTables } from '../ledger/fold-tables.ts'
import { wholeRecord } from '../storage/records.ts'
import { checkDeliveries, checkEvents, checkOutbox } from './fsck-effects.ts'
import { collectFindings, entryPlace, type Findings } from './fsck-findings.ts'
import { checkLedger, type EntryRow, type LedgerCheck } from './fsck-ledger.ts'
import { ledgerFinder } from './fsck-owner.ts'

export type Verdict = {
  findings: Findings
  entries: number
  ledgers: number
  rows: number
  /** For people. */
  lines: string[]
}

type Range = { ledger: string; first: number; since: number }

const placeOf = ({ ledger, sequence, table, key, column }: Finding): string => {
  const row = table === '' ? '' : `${table} ${key}${column === null ? '' : `, column ${column}`}`
  if (sequence === 0) return row
  return row === '' ? entryPlace(ledger, sequence) : `${entryPlace(ledger, sequence)}: ${row}`
}

/** Where each ledger begins, and when; also those that have only tiles or a checkpoint left. */
function readRanges(db: DatabaseSync): Range[] {
  return db
    .prepare(
      `SELECT ledger, min(sequence) AS first, created_at AS since FROM entries GROUP BY ledger
       UNION SELECT ledger, 1, 0 FROM checkpoints WHERE ledger NOT IN (SELECT ledger FROM entries)
       UNION SELECT ledger, 1, 0 FROM tree_tiles WHERE ledger NOT IN (SELECT ledger FROM entries)
       ORDER BY ledger`,
    )
    .all() as Range[]
}

const entryColumns =
  'ledger, sequence, hash, change_id, action, actor_kind, actor_id, resource_type, resource_id, ' +
  'project_id, environment_id, created_at, record, personal'

type Told = Parameters<typeof wholeRecord>[0]

function readEntry(row: Told) {
  try {
    return wholeRecord(row)
  } catch {
    return undefined
  }
}

export function checkDatabase(db: DatabaseSync, now: number): Verdict {
  const findings = collectFindings()
  const ranges = readRanges(db)
  const pruned = new Set(ranges.filter(({ first }) => first > 1).map(({ ledger }) => ledger))
  const isPruned = (ledger: string) => pruned.has(ledger)
  const fold = createFold({
    find: (finding) => findings.find(placeOf(finding), finding.text),
    isPruned,
  })
  const checks = new Map<string, LedgerCheck>(
    ranges.map(({ ledger, first }) => [ledger, checkLedger(db, { ledger, first }, findings)]),
  )
  let entries = 0
  const all = db.prepare(`SELECT ${entryColumns} FROM entries ORDER BY ledger, sequence`)
  for (const one of all.iterate()) {
    const row = one as EntryRow
    entries++
    const record = readEntry(row)
    if (record === undefined) findings.find(entryPlace(row.ledger, row.sequence), 'cannot be read')
    else {
      checks.get(row.ledger)?.take(row, record)
      fold.take(record as FoldEntry)
    }
  }
  for (const check of checks.values()) check.end()
  fold.end()

  const ledgerOf = ledgerFinder(db)
  const untold = { rows: 0, values: 0 }
  let rows = 0
  for (const table of foldTables.values()) {
    const statement = db.prepare(selectOf(table))
    statement.setReturnArrays(true)
    const compared = compareTable(fold, table, {
      stored: statement.iterate() as Iterable<unknown[]>,
      find: (finding) => findings.find(placeOf(finding), finding.text),
      mayBePruned: (row) => pruned.size > 0 && isPruned(ledgerOf(table, row)),
    })
    rows += compared.rows
    untold.rows += compared.untold.rows
    untold.values += compared.untold.values
  }
  const prunedUpTo = Math.max(
    0,
    ...ranges.filter(({ first }) => first > 1).map(({ since }) => since),
  )
  const events = checkEvents(db, prunedUpTo, findings)
  const lines = [
    `rows: ${rows} in ${foldTables.size} tables, held against the folded log`,
    ...(untold.rows + untold.values === 0
      ? []
      : [
          `told by no entry that is left: ${untold.rows} rows of pruned logs, ${untold.values} values`,
        ]),
    `events: ${events.count}${events.pruned === 0 ? '' : `, ${events.pruned} of pruned changes`}`,
    checkDeliveries(db, now, findings),
    ...checkOutbox(db, now, findings),
    `not told by the log: ${Object.keys(untoldTables).join(', ')}; what opens something`,
  ]
  return { findings, entries, ledgers: ranges.length, rows, lines }
}
