/**
 * Entries as Flipt's audit events, version 0.2 (contract audit-and-webhooks §9.3). Pure: whoever sends,
 * lists or writes them asks for them here.
 */
import type { JsonObject, Recorded } from '../storage/records.ts'

export type FliptEvent = {
  version: string
  /** The noun. */
  type: string
  /** The verb. */
  action: string
  metadata: { actor: Record<string, string> }
  payload: JsonObject
  timestamp: string
  status: 'success' | 'denied'
}

/** What Flipt has no word for keeps ours. */
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
export function fliptTypesOf({ action }: { action: string }): string[] {
  const { noun } = partsOf(action)
  if (noun === 'feature-state') return ['flag', 'rule', 'rollout']
  if (noun === 'segment') return ['segment', 'constraint']
  return [nouns[noun] ?? noun]
}

/** Records are canonical: what is equal has equal texts. */
function changedFields({ before, after }: Recorded): string[] {
  if (before === null || after === null) return []
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

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

export function fliptEvent(record: Recorded): FliptEvent {
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
