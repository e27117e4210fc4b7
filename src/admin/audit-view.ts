/** An entry as the original shows it: contract admin-api §C.1. */
import { z } from '@hono/zod-openapi'
import { toTimestamp } from '../http/fields.ts'
import type { Around } from '../storage/audit-pages.ts'
import type { EntryRow } from '../storage/entries.ts'
import { wholeRecord } from '../storage/records.ts'
import type { User } from '../storage/users.ts'
import { changeDetails, changeTypeOf } from './audit-changes.ts'
import { environmentSchema, environmentView } from './environment-view.ts'
import { projectSchema, projectView } from './project-view.ts'

const authorSchema = z
  .object({
    id: z.int(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    last_login: z.string().nullable(),
    uuid: z.string(),
  })
  .nullable()

const snapshotSchema = z.record(z.string(), z.unknown()).nullable()

export const entrySchema = z
  .object({
    id: z.int(),
    created_date: z.string(),
    log: z.string(),
    author: authorSchema,
    environment: environmentSchema.nullable(),
    project: projectSchema.nullable(),
    related_object_id: z.int().nullable(),
    related_object_uuid: z.string().nullable(),
    related_object_type: z.string(),
    is_system_event: z.boolean(),
    sequence: z.int(),
    action: z.string(),
    actor: z.object({ kind: z.string(), id: z.string().nullable(), name: z.string() }),
    before: snapshotSchema,
    after: snapshotSchema,
    hash: z.string(),
  })
  .openapi('AuditEntry')

export const entryDetailSchema = entrySchema
  .extend({
    change_details: z.array(z.object({ field: z.string(), old: z.unknown(), new: z.unknown() })),
    change_type: z.enum(['CREATE', 'UPDATE', 'DELETE', 'UNKNOWN']),
  })
  .openapi('AuditEntryDetail')

/** In place of a text that told about somebody whose data was erased. */
const erasedLog = 'Erased'

/** Null for keys, for the system, and for people who are gone: `actor` still tells who it was. */
function authorView(entry: EntryRow, users: User[]): z.infer<typeof authorSchema> {
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
export function entryView(entry: EntryRow, around: Around): z.infer<typeof entrySchema> {
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

export function entryDetailView(
  entry: EntryRow,
  around: Around,
): z.infer<typeof entryDetailSchema> {
  const told = wholeRecord(entry)
  return {
    ...entryView(entry, around),
    change_details: changeDetails(entry, told),
    change_type: changeTypeOf(entry.action, told),
  }
}
