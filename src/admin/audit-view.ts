/** An entry as the original shows it: contract admin-api §C.1. */
import { z } from '@hono/zod-openapi'
import { entryView } from '../delivery/entry-view.ts'
import type { Around } from '../storage/audit-pages.ts'
import type { EntryRow } from '../storage/entries.ts'
import { wholeRecord } from '../storage/records.ts'
import { changeDetails, changeTypeOf } from './audit-changes.ts'
import { environmentSchema } from './environment-view.ts'
import { projectSchema } from './project-view.ts'

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
    reverts: z
      .int()
      .nullable()
      .openapi({ description: 'The sequence of the entry that this one takes back.' }),
  })
  .openapi('AuditEntryDetail')

export function entryDetailView(
  entry: EntryRow,
  around: Around,
): z.infer<typeof entryDetailSchema> {
  const told = wholeRecord(entry)
  return {
    ...entryView(entry, around),
    change_details: changeDetails(entry, told),
    change_type: changeTypeOf(entry.action, told),
    reverts: told.reverts ?? null,
  }
}
