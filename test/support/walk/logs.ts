/** Random writes about the log itself. */
import { desc, inArray } from 'drizzle-orm'
import type { WriteName } from '../../../src/domain/register.ts'
import { edits } from '../../../src/domain/reversal.ts'
import { ledgerOf } from '../../../src/ledger/client.ts'
import { entries } from '../../../src/storage/entries.ts'
import type { Makers } from './scene.ts'

type Name = Extract<WriteName, `audit.${string}` | 'attempt.record'>

export const logs: Makers<Name> = {
  'attempt.record': ({ random, scene }) => {
    const own = random.pick(scene.organisations)
    if (own === undefined) return null
    const { id, uuid, name } = own
    const resource = { type: 'ORGANISATION' as const, id: String(id), uuid, name }
    const about = { resource, organisationId: id, projectId: null, environment: null }
    const input = { action: 'request.denied' as const, about, log: 'Denied', unrecorded: 1 }
    return { organisationId: id, input }
  },
  'audit.set-retention': ({ random, scene }) => {
    const own = random.pick(scene.organisations)
    if (own === undefined) return null
    const days = random.pick([90, 365, 400]) ?? 400
    return { organisationId: own.id, input: { organisationId: own.id, days, floorDays: 0 } }
  },
  // Nothing of the walk is old: there is nothing to prune.
  'audit.prune': ({ random, scene }) => {
    const own = random.pick(scene.organisations)
    if (own === undefined) return null
    const organisationId = own.id
    const ledger = ledgerOf(organisationId)
    const input = { ledger, organisationId, through: 256, root: '', floorDays: 0 }
    return { organisationId, input }
  },
  'audit.revert': async ({ db, random }) => {
    const recent = await db
      .select({ id: entries.id, ledger: entries.ledger })
      .from(entries)
      .where(inArray(entries.action, [...edits]))
      .orderBy(desc(entries.id))
      .limit(40)
    const entry = random.pick(recent)
    if (entry === undefined) return null
    const organisationId = Number(entry.ledger.split(':')[1])
    const [isDryRun, force] = [random.chance(0.2), random.chance(0.5)]
    return { organisationId, input: { id: entry.id, isDryRun, force, areOptionsFixed: false } }
  },
  // Of nobody the log knows: what is erased the fold cannot tell, and this log is to tell all.
  'audit.erase': ({ random, scene }) => {
    const own = random.pick(scene.organisations)
    if (own === undefined) return null
    const log = { ledger: ledgerOf(own.id), organisationId: own.id }
    const erased = { kind: 'email' as const, email: 'nobody@example.com' }
    return { organisationId: own.id, input: { log, erased } }
  },
}
