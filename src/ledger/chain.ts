/**
 * Gives drafts their place in the audit log: a dense sequence, and a hash that covers the record, its
 * commitments to what is personal, and the hash before it (contract audit-and-webhooks §7).
 */
import type { Actor, EntryDraft, Source } from '../domain/write.ts'
import type { entries, Head } from '../storage/entries.ts'
import { canonicalJson } from './canonical.ts'
import { splitPersonal, type WholeRecord } from './personal.ts'

export { canonicalJson }

export type Change = {
  id: string
  ledger: string
  now: number
  actor: Actor
  source: Source
  /** Whose versions rise with it: said in its first entry, so that folding the log counts them too. */
  raised?: Raised
}

/** Ids, each once: an environment and a feature rise by one with a change. */
export type Raised = { environments?: number[]; features?: number[] }

/** SHA-256 (hex) over 0x00 and the canonical record: the leaf of RFC 6962. */
export async function leafHash(record: string): Promise<string> {
  const text = new TextEncoder().encode(record)
  const bytes = new Uint8Array(text.length + 1)
  bytes.set(text, 1)
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const toRecord = (change: Change, draft: EntryDraft, head: Head): WholeRecord => ({
  v: 2,
  ledger: change.ledger,
  sequence: head.sequence + 1,
  change: change.id,
  time: new Date(change.now).toISOString(),
  outcome: draft.outcome ?? 'ok',
  action: draft.action,
  actor: change.actor,
  source: {
    ip: change.source.ip,
    user_agent: change.source.userAgent,
    request_id: change.source.requestId,
  },
  resource: draft.resource,
  organisation: draft.organisationId,
  project: draft.projectId,
  environment: draft.environment,
  log: draft.log,
  before: draft.before,
  after: draft.after,
  ...(draft.reverts === undefined ? {} : { reverts: draft.reverts }),
  ...(draft.rows && { rows: draft.rows }),
  previous: head.hash,
})

/** The hash that the first entry of a ledger names as the one before it. */
export const noHash = '0'.repeat(64)

/** Rows for the drafts, in order, chained to `head`; answers the new head with them. */
export async function chainEntries(
  change: Change,
  drafts: EntryDraft[],
  head: Head,
): Promise<{ rows: (typeof entries.$inferInsert)[]; head: Head }> {
  const rows: (typeof entries.$inferInsert)[] = []
  let last = head
  for (const [index, draft] of drafts.entries()) {
    const split = await splitPersonal(toRecord(change, draft, last))
    const raised = index === 0 && change.raised !== undefined && { raised: change.raised }
    const record = canonicalJson({ ...split.record, ...raised })
    last = { sequence: last.sequence + 1, hash: await leafHash(record) }
    rows.push({
      ledger: change.ledger,
      sequence: last.sequence,
      hash: last.hash,
      changeId: change.id,
      action: draft.action,
      actorKind: change.actor.kind,
      actorId: change.actor.id,
      resourceType: draft.resource.type,
      resourceId: draft.resource.id,
      projectId: draft.projectId,
      environmentId: draft.environment?.id ?? null,
      createdAt: change.now,
      record,
      personal: split.personal,
    })
  }
  return { rows, head: last }
}
