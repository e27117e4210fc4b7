/**
 * Turns what a change does into events with their bytes, one body for each format that somebody in the
 * organisation speaks (contract audit-and-webhooks §9). Pure: the change's batch stores them, and every
 * attempt sends the same.
 */
import type { Around } from '../storage/audit-pages.ts'
import type { entries } from '../storage/entries.ts'
import type { EventBody, EventRow, EventType, Listener } from '../storage/events.ts'
import { type JsonObject, type Recorded, wholeRecord } from '../storage/records.ts'
import type { WebhookFormat } from '../storage/webhooks.ts'
import { asciiJson, eventBody } from './body.ts'
import { entryView } from './entry-view.ts'
import { fliptEvent } from './flipt-event.ts'

export type NewEntry = typeof entries.$inferInsert

/** What a write says about a flag, in the original's words. */
export type FlagEvent = { type: EventType; environmentId: number; data: JsonObject }

export type Frozen = { events: EventRow[]; bodies: EventBody[] }

/** One change: its entries in their order, and who is to hear of them. */
export type Told = {
  entries: NewEntry[]
  flags: FlagEvent[]
  listeners: Listener[]
  /** What the entries name, as it is once the change is made. */
  around: Around
  /** Stands where an entry's id is to be: only the batch that writes the entry gives it one. */
  idMark: string
}

/** An event as the parts of its entry that endpoints are chosen by. */
const eventOf = (entry: NewEntry, organisationId: number, type: EventType): EventRow => ({
  id: `evt_${crypto.randomUUID().replaceAll('-', '')}`,
  type,
  organisationId,
  environmentId: entry.environmentId ?? null,
  projectId: entry.projectId ?? null,
  action: entry.action,
  changeId: entry.changeId,
  sequence: entry.sequence,
  createdAt: entry.createdAt,
})

/** As the audit list shows it, but for the id, which is a number and not the text of the mark. */
function auditBody(entry: NewEntry, { around, idMark }: Told): string {
  const row = { ...entry, id: 0 } as Parameters<typeof entryView>[0]
  const data = { ...entryView(row, around), id: idMark } as JsonObject
  return eventBody('AUDIT_LOG_CREATED', data).replace(`"${idMark}"`, idMark)
}

function bodyIn(format: WebhookFormat, entry: NewEntry, record: Recorded, told: Told) {
  switch (format) {
    case 'flagsmith':
      return auditBody(entry, told)
    case 'flipt':
      return asciiJson(fliptEvent(record))
    case 'standard':
      return asciiJson({ type: record.action, timestamp: record.time, data: record as JsonObject })
  }
}

/** The original tells organisations of what was done in their projects, and of nothing else (§9.2). */
const isOfOriginal = (entry: NewEntry, { outcome }: Recorded) =>
  outcome === 'ok' && entry.projectId != null

/** Whether organisations hear of entries in the original's format, which names what is around them. */
export const isHeardAsAudit = (listeners: Listener[]): boolean =>
  listeners.some(({ format, isOfOrganisation }) => format === 'flagsmith' && isOfOrganisation)

/** Nothing where nobody listens. */
export function freeze(told: Told): Frozen {
  const { listeners, flags, entries } = told
  const events: EventRow[] = []
  const bodies: EventBody[] = []
  const add = (event: EventRow, told: Omit<EventBody, 'eventId'>[]) => {
    if (told.length > 0) events.push(event)
    bodies.push(...told.map((one) => ({ eventId: event.id, ...one })))
  }
  const formats = [...new Set(listeners.map(({ format }) => format))]
  const records = formats.length === 0 ? [] : entries.map((entry) => wholeRecord(entry))
  const [first] = entries
  const organisationId = records[0]?.organisation ?? null
  if (organisationId === null || first === undefined) return { events, bodies }
  for (const { type, environmentId, data } of formats.includes('flagsmith') ? flags : []) {
    const event = { ...eventOf(first, organisationId, type), environmentId }
    add(event, [{ format: 'flagsmith', body: eventBody(type, data) }])
  }
  const isAudit = isHeardAsAudit(listeners)
  for (const [index, entry] of entries.entries()) {
    const record = records[index] as Recorded
    const spoken = formats.filter(
      (format) => format !== 'flagsmith' || (isAudit && isOfOriginal(entry, record)),
    )
    const event = eventOf(entry, organisationId, 'AUDIT_LOG_CREATED')
    add(
      event,
      spoken.map((format) => ({ format, body: bodyIn(format, entry, record, told) })),
    )
  }
  return { events, bodies }
}
