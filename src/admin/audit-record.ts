/** An entry as it was recorded (contract audit-and-webhooks §7); and the shape of Flipt's events. */
import { z } from '@hono/zod-openapi'
import type { EntryRow } from '../storage/entries.ts'
import { wholeRecord } from '../storage/records.ts'
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
    reverts: z
      .int()
      .optional()
      .openapi({ description: 'The sequence of the entry that this one takes back.' }),
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
