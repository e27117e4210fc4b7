/** Entries as CSV (RFC 4180) that a spreadsheet reads as text: no cell is taken for a formula. Pure. */

import type { EntryRow } from '../storage/entries.ts'
import { wholeRecord } from '../storage/records.ts'

const columns = [
  'sequence',
  'time',
  'outcome',
  'action',
  'actor_kind',
  'actor_id',
  'actor_name',
  'ip',
  'user_agent',
  'request_id',
  'change',
  'resource_type',
  'resource_id',
  'resource_uuid',
  'resource_name',
  'project',
  'environment_id',
  'environment_name',
  'log',
  'before',
  'after',
  'hash',
] as const

/** A spreadsheet takes what begins so for a formula, or drops it and looks at what follows; some know it wide. */
const opensFormula = /^(\s*[=+\-@＝＋－＠]|[\t\r\n])/

export function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const safe = opensFormula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const csvLine = (cells: readonly (string | number | null)[]) =>
  `${cells.map(csvCell).join(',')}\r\n`

export const csvHead = csvLine(columns)

export function csvRow(entry: EntryRow): string {
  const record = wholeRecord(entry)
  const { actor, source, resource, environment, before, after } = record
  const cells: Record<(typeof columns)[number], string | number | null> = {
    sequence: entry.sequence,
    time: record.time,
    outcome: record.outcome,
    action: record.action,
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_name: actor.name,
    ip: source.ip,
    user_agent: source.user_agent,
    request_id: source.request_id,
    change: record.change,
    resource_type: resource.type,
    resource_id: resource.id,
    resource_uuid: resource.uuid,
    resource_name: resource.name,
    project: record.project,
    environment_id: environment?.id ?? null,
    environment_name: environment?.name ?? null,
    log: record.log,
    before: before === null ? null : JSON.stringify(before),
    after: after === null ? null : JSON.stringify(after),
    hash: entry.hash,
  }
  return csvLine(columns.map((column) => cells[column]))
}
