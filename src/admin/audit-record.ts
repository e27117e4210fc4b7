/** An entry as it was recorded (contract audit-and-webhooks §7), and as an event of Flipt's (§9.3). */
import { z } from '@hono/zod-openapi'
import type { JsonObject } from '../domain/write.ts'
import type { Kind } from '../storage/audit-filters.ts'
import type { EntryRow } from '../storage/entries.ts'
import { type Recorded, wholeRecord } from '../storage/records.ts'
import { patchOf } from './audit-changes.ts'

const snapshotSchema = z.record(z.string(), z.unknown()).nullable()

const operationSchema = z.object({
  op: z.enum(['add', 'remove', 'replace']),
  path: z.string(),
  value: z.unknown().optional(),
  old: z.unknown().optional(),
})

const parts = z.enum(['actor', 'subject'])

/** The record with what is left of its personal parts, and beside it what follows from it. */
export const recordSchema = z
  .looseObject({
    v: z.int(),
    ledger: z.string(),
    sequence: z.int(),
    change: z.string(),
    time: z.string(),
    outcome: z.string(),
    action: z.string(),
    actor: z.looseObject({
      kind: z.string(),
      id: z.string().nullable(),
      credential: z.string().nullable().optional(),
      name: z.string(),
    }),
    source: z.looseObject({
      ip: z.string().nullable(),
      user_agent: z.string().nullable(),
      request_id: z.string(),
    }),
    resource: z.looseObject({
      type: z.string(),
      id: z.string().nullable(),
      uuid: z.string().nullable(),
      name: z.string(),
    }),
    organisation: z.int().nullable(),
    project: z.int().nullable(),
    environment: z.looseObject({ id: z.int(), name: z.string() }).nullable(),
    log: z.string(),
    before: snapshotSchema,
    after: snapshotSchema,
    previous: z.string(),
    commitment: z.partialRecord(parts, z.string()).optional(),
    erased: z.array(parts).optional(),
    id: z.int(),
    hash: z.string(),
    diff: z.array(operationSchema),
  })
  .openapi('AuditRecord')

export const recordView = (entry: EntryRow): z.infer<typeof recordSchema> => {
  const record = wholeRecord(entry)
  const { before, after } = record
  return {
    ...record,
    id: entry.id,
    hash: entry.hash,
    diff: before === null || after === null ? [] : patchOf(before, after),
  }
}

export const fliptSchema = z
  .object({
    version: z.string(),
    type: z.string(),
    action: z.string(),
    metadata: z.object({ actor: z.record(z.string(), z.string()) }),
    payload: z.record(z.string(), z.unknown()),
    timestamp: z.string(),
    status: z.enum(['success', 'denied']),
  })
  .openapi('FliptAuditEvent')

/** Contract §9.3; what Flipt has no word for keeps ours. */
const nouns: Record<string, string> = {
  feature: 'flag',
  'multivariate-option': 'variant',
  'feature-segment': 'rule',
  project: 'namespace',
  'organisation-key': 'token',
  'environment-key': 'token',
}

/** `feature-state.updated` → what was done to what. */
export function partsOf(action: string): { noun: string; verb: string } {
  const at = action.lastIndexOf('.')
  return { noun: action.slice(0, Math.max(at, 0)), verb: action.slice(at + 1) }
}

/** The types that entries of an action can have. */
export function fliptTypesOf({ action }: Pick<Kind, 'action'>): string[] {
  const { noun } = partsOf(action)
  if (noun === 'feature-state') return ['flag', 'rule', 'rollout']
  if (noun === 'segment') return ['segment', 'constraint']
  return [nouns[noun] ?? noun]
}

const changedFields = ({ before, after }: Recorded): string[] =>
  before === null || after === null
    ? []
    : patchOf(before, after).map(({ path }) => path.split('/')[1] ?? '')

/** A state is the flag's own or an override; a segment of which only the rules changed, a constraint. */
function fliptTypeOf(record: Recorded): string {
  const { noun } = partsOf(record.action)
  const snapshot = record.after ?? record.before ?? {}
  if (noun === 'feature-state') {
    if (snapshot.identity_id != null) return 'rollout'
    return snapshot.feature_segment_id == null ? 'flag' : 'rule'
  }
  if (noun === 'segment') {
    const changed = changedFields(record).filter((field) => field !== 'updated_at')
    return changed.length > 0 && changed.every((field) => field === 'rules')
      ? 'constraint'
      : 'segment'
  }
  return nouns[noun] ?? noun
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

/** Namespaces are environments; what stands in none is in the one that Flipt always has. */
function payloadOf(record: Recorded, type: string): JsonObject {
  const { resource, environment } = record
  const snapshot = record.after ?? record.before ?? {}
  const named = {
    key: resource.name,
    name: resource.name,
    description: textOf(snapshot.description),
    namespace_key: environment?.name ?? 'default',
  }
  if (type !== 'flag') return { id: resource.id, ...named }
  const enabled = snapshot.enabled ?? snapshot.default_enabled
  return { ...named, enabled: enabled === true || enabled === 1 }
}

function actorOf({ actor, source }: Recorded): Record<string, string> {
  const isUser = actor.kind === 'user'
  const told = {
    authentication: actor.kind === 'system' ? 'none' : 'token',
    ip: source.ip ?? '',
    email: isUser ? actor.name : '',
    name: isUser ? '' : actor.name,
  }
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== ''))
}

export function fliptView(record: Recorded): z.infer<typeof fliptSchema> {
  const type = fliptTypeOf(record)
  return {
    version: '0.2',
    type,
    action: partsOf(record.action).verb,
    metadata: { actor: actorOf(record) },
    payload: payloadOf(record, type),
    timestamp: record.time,
    status: record.outcome === 'ok' ? 'success' : 'denied',
  }
}
