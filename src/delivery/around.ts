/**
 * What entries name, as it is once their change is made: what the change itself makes or edits is told
 * by its own entries, the rest by the database. Decides nothing.
 */
import { type Around, readAround } from '../storage/audit-pages.ts'
import type { Database } from '../storage/database.ts'
import type { EntryRow } from '../storage/entries.ts'
import { type JsonObject, wholeRecord } from '../storage/records.ts'
import type { NewEntry } from './freeze.ts'

const camel = (name: string) =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The log keeps rows column by column: the row again, without what is secret. */
const rowOf = (snapshot: JsonObject) =>
  Object.fromEntries(Object.entries(snapshot).map(([name, value]) => [camel(name), value]))

/** Later rows take the place of earlier ones with their id. */
const together = <R extends { id: number }>(stored: R[], changed: JsonObject[]): R[] => [
  ...new Map(
    [...stored, ...changed.map((one) => rowOf(one) as R)].map((row) => [row.id, row]),
  ).values(),
]

export async function aroundChange(db: Database, entries: NewEntry[]): Promise<Around> {
  const stored = await readAround(db, entries as EntryRow[])
  const records = entries.map((entry) => wholeRecord(entry))
  const changedOf = (type: string) =>
    records.flatMap(({ resource, after }) =>
      resource.type === type && after !== null ? [after] : [],
    )
  return {
    users: stored.users,
    projects: together(stored.projects, changedOf('PROJECT')),
    environments: together(stored.environments, changedOf('ENVIRONMENT')),
  }
}
