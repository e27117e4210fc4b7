/**
 * An entry as the original tells of it, in its audit list and in its webhooks (contract admin-api §C.1,
 * §C.5). Pure.
 */
import type { Around } from '../storage/audit-pages.ts'
import type { EntryRow } from '../storage/entries.ts'
import { wholeRecord } from '../storage/records.ts'
import { toTimestamp } from '../storage/timestamps.ts'
import type { User } from '../storage/users.ts'
import { environmentView, projectView } from './place-views.ts'

/** In place of a text that told about somebody whose data was erased. */
const erasedLog = 'Erased'

/** Null for keys, for the system, and for people who are gone: `actor` still tells who it was. */
function authorView(entry: EntryRow, users: User[]) {
  if (entry.actorKind !== 'user') return null
  const user = users.find((candidate) => String(candidate.id) === entry.actorId)
  if (user === undefined) return null
  return {
    id: user.id,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    last_login: user.lastLoginAt === null ? null : toTimestamp(user.lastLoginAt),
    uuid: user.uuid,
  }
}

/**
 * The original's fields, then ours: place in the log, actor as of then, before and after, hash. Types
 * of resources that the original does not audit stand under their own names: its clients show them.
 */
export function entryView(entry: EntryRow, around: Around) {
  const { log, actor, resource, before, after, erased } = wholeRecord(entry)
  const environment = around.environments.find(({ id }) => id === entry.environmentId)
  const project = around.projects.find(({ id }) => id === entry.projectId)
  return {
    id: entry.id,
    created_date: toTimestamp(entry.createdAt),
    log: log === '' && erased !== undefined ? erasedLog : log,
    author: authorView(entry, around.users),
    environment: environment === undefined ? null : environmentView(environment),
    project: project === undefined ? null : projectView(project),
    related_object_id: /^\d+$/.test(resource.id ?? '') ? Number(resource.id) : null,
    related_object_uuid: resource.uuid,
    related_object_type: entry.resourceType,
    is_system_event: entry.actorKind === 'system',
    sequence: entry.sequence,
    action: entry.action,
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    before,
    after,
    hash: entry.hash,
  }
}
