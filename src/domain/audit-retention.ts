/**
 * The rules of keeping the audit log: how long an organisation keeps its entries, and which of them may
 * go when that is over. The pruning is itself an entry, which says what the entries that went were.
 */
import { eq } from 'drizzle-orm'
import { invalid, notFound, ok, type Refusal } from '../outcome.ts'
import {
  findPrunedThrough,
  listTileAges,
  pruneEntries,
  type TileAge,
} from '../storage/audit-retention.ts'
import { findOrganisation, type Organisation, organisations } from '../storage/organisations.ts'
import { tileWidth } from '../storage/tree-tiles.ts'
import { type About, nothingToDo, type Write } from './write.ts'

export const defaultRetentionDays = 400

const choices = [90, 365, 400]

/** The operator's variable. One that cannot be read throws: then nothing is chosen and nothing pruned. */
export function floorDaysOf(setting: string): number {
  if (!/^\d{1,5}$/.test(setting)) {
    throw new Error('AUDIT_RETENTION_FLOOR_DAYS is not a whole number of days')
  }
  return Number(setting)
}

/** What was chosen below a floor that was raised later counts as the floor. */
export const daysKept = (chosen: number, floorDays: number): number => Math.max(chosen, floorDays)

const dayMs = 24 * 60 * 60 * 1_000

/** Clocks of machines that a ledger moves between may differ; never by as much as this. */
const clockSkewMs = 5 * 60 * 1_000

/** What was written before this moment is surely older than so many days. */
export const oldBefore = (now: number, days: number): number => now - days * dayMs - clockSkewMs

/** How far a log may be pruned: up to the first tile that has an entry which is not old. */
export function prunableThrough(
  tiles: TileAge[],
  { upTo, before }: { upTo: number; before: number },
): number {
  const young = tiles.find(({ youngest }) => youngest >= before)
  return young === undefined ? upTo : young.position * tileWidth
}

const entryOf = ({ id, uuid, name }: Organisation): About => ({
  resource: { type: 'AUDIT_LOG', id: String(id), uuid, name },
  organisationId: id,
  projectId: null,
  environment: null,
})

function refuseDays(floorDays: number): Refusal {
  const possible = choices.filter((days) => days >= floorDays)
  const message =
    possible.length === 0
      ? `This server keeps every audit log for ${floorDays} days: there is nothing to choose.`
      : `Choose one of ${possible.join(', ')}: this server keeps every audit log for at least ${floorDays} days.`
  return invalid({ days: [message] })
}

export const setAuditRetention: Write<
  { organisationId: number; days: number; floorDays: number },
  { days: number }
> = async ({ db }, { organisationId, days, floorDays }) => {
  const organisation = await findOrganisation(db, organisationId)
  if (organisation === undefined) return notFound()
  if (!choices.includes(days) || days < floorDays) return refuseDays(floorDays)
  if (days === organisation.auditRetentionDays) return ok(nothingToDo({ days }))
  return ok({
    result: { days },
    statements: [
      db
        .update(organisations)
        .set({ auditRetentionDays: days })
        .where(eq(organisations.id, organisationId)),
    ],
    entries: [
      {
        ...entryOf(organisation),
        action: 'audit.retention-updated',
        log: `Audit log retention updated: ${days} days`,
        before: { audit_retention_days: organisation.auditRetentionDays },
        after: { audit_retention_days: days },
      },
    ],
    publish: [],
    events: [],
  })
}

/**
 * For the cron, which has looked at what goes: takes the entries up to `through` out of the log, whose
 * first `through` leaves have this root. Nothing where somebody was faster, or keeps them longer by now.
 */
export const pruneAuditLog: Write<
  { ledger: string; organisationId: number; through: number; root: string; floorDays: number },
  { through: number } | null
> = async ({ db, now }, { ledger, organisationId, through, root, floorDays }) => {
  const organisation = await findOrganisation(db, organisationId)
  if (organisation === undefined) return notFound()
  const after = await findPrunedThrough(db, ledger)
  const days = daysKept(organisation.auditRetentionDays, floorDays)
  const tiles = await listTileAges(db, ledger, { after, upTo: through })
  const isOld = prunableThrough(tiles, { upTo: through, before: oldBefore(now, days) }) === through
  if (through <= after || !isOld) return ok(nothingToDo(null))
  return ok({
    result: { through },
    statements: pruneEntries(db, ledger, through),
    entries: [
      {
        ...entryOf(organisation),
        action: 'audit.pruned',
        log: `Audit log pruned: entries ${after + 1} to ${through} are older than ${days} days`,
        before: after === 0 ? null : { through: after },
        after: { through, root, days },
      },
    ],
    publish: [],
    events: [],
  })
}
