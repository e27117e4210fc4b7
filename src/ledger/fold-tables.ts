/**
 * Which rows of the database the audit log tells, column by column, read off the tables themselves; and
 * in one place what it does not tell, with the reason. Decides nothing.
 */
import { getTableColumns } from 'drizzle-orm'
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { secretColumns, snake } from '../domain/snapshot.ts'
import { environmentKeys } from '../storage/environment-keys.ts'
import { environments } from '../storage/environments.ts'
import { featureGroupOwners, featureOwners } from '../storage/feature-owners.ts'
import { featureSegments } from '../storage/feature-segments.ts'
import { featureStates, multivariateValues } from '../storage/feature-states.ts'
import { featureTags } from '../storage/feature-tags.ts'
import { features, multivariateOptions } from '../storage/features.ts'
import { grants } from '../storage/grants.ts'
import { groupMembers, groups } from '../storage/groups.ts'
import { inviteLinks } from '../storage/invite-links.ts'
import { inviteGroups, invites } from '../storage/invites.ts'
import { keyRotations } from '../storage/key-rotations.ts'
import { organisationKeys } from '../storage/organisation-keys.ts'
import { memberships, organisations } from '../storage/organisations.ts'
import { projects } from '../storage/projects.ts'
import { segments } from '../storage/segments.ts'
import { tags } from '../storage/tags.ts'
import { users } from '../storage/users.ts'
import { webhooks } from '../storage/webhooks.ts'

/** Each with the columns, by their names in the log, that are its key. */
const covered: [SQLiteTable, ...string[]][] = [
  [users, 'id'],
  [organisations, 'id'],
  [memberships, 'organisation_id', 'user_id'],
  [groups, 'id'],
  [groupMembers, 'group_id', 'user_id'],
  [grants, 'id'],
  [invites, 'id'],
  [inviteGroups, 'invite_id', 'group_id'],
  [inviteLinks, 'id'],
  [organisationKeys, 'prefix'],
  [projects, 'id'],
  [environments, 'id'],
  [environmentKeys, 'id'],
  [keyRotations, 'environment_id'],
  [features, 'id'],
  [multivariateOptions, 'id'],
  [tags, 'id'],
  [featureTags, 'feature_id', 'tag_id'],
  [featureOwners, 'feature_id', 'user_id'],
  [featureGroupOwners, 'feature_id', 'group_id'],
  [featureStates, 'id'],
  [multivariateValues, 'id'],
  [segments, 'id'],
  [featureSegments, 'id'],
  [webhooks, 'id'],
]

/** Tables that folding the log does not make, and why. */
export const untoldTables: Record<string, string> = {
  tokens: 'keyed by the hash of a session token, which no entry may hold',
  identities: 'SDKs write them, without ledger and without entry',
  traits: 'SDKs write them, without ledger and without entry',
  identity_changes: 'statements on their way to another database',
  ids: 'reserved before a change, also before one that then fails',
  entries: 'the log itself',
  tree_tiles: 'follow from the entries',
  checkpoints: 'promises about the log, held against its tree',
  prunings: 'which entries are gone; held against the log',
  outbox: 'what is still to be done, not what is',
  events: 'frozen beside the entries; held against their changes',
  event_bodies: 'the bytes of events',
  deliveries: 'what was sent where, not what is',
  attempts: 'what was sent where, not what is',
  webhook_health: 'how sending went, not what was asked for',
  d1_migrations: 'the history of the tables',
}

/** Columns, by their names in the log, that entries leave out although they tell the row. */
const untoldColumns: Record<string, string[]> = {
  // Whatever opens something: `secretColumns` of domain/snapshot.ts, in every table.
  // SDKs write when they first and last used a new key.
  key_rotations: ['first_used_at', 'last_used_at'],
}

/**
 * Columns that rise with changes of other rows. Snapshots leave them out; the fold counts them by what
 * the first entry of a change says is raised. `begins`: the first value of a new row, or the column
 * that has it.
 */
const countedColumns: Record<string, Record<string, number | string>> = {
  environments: { version: 0, updated_at: 'created_at' },
  features: { version: 1 },
}

export type FoldColumn = {
  /** In the database. */
  name: string
  /** In the log. */
  field: string
  kind: 'plain' | 'boolean' | 'json'
  /** Undefined for a column that the entries tell. */
  begins: number | string | undefined
}

export type FoldTable = {
  name: string
  columns: FoldColumn[]
  /** Places of the key's columns. */
  key: number[]
  /** Where a field's column stands. */
  place: Map<string, number>
}

const kindOf = ({ dataType }: SQLiteColumn): FoldColumn['kind'] =>
  dataType === 'boolean' || dataType === 'json' ? dataType : 'plain'

function toTable([table, ...key]: [SQLiteTable, ...string[]]): FoldTable {
  const { name } = getTableConfig(table)
  const left = new Set(untoldColumns[name])
  const columns = Object.entries(getTableColumns(table))
    .filter(([property]) => !secretColumns.has(property) && !left.has(snake(property)))
    .map(([property, column]): FoldColumn => {
      const field = snake(property)
      const begins = countedColumns[name]?.[field]
      return { name: column.name, field, kind: kindOf(column as SQLiteColumn), begins }
    })
  const place = new Map(columns.map(({ field }, index) => [field, index]))
  return { name, columns, place, key: key.map((field) => place.get(field) ?? -1) }
}

export const foldTables: ReadonlyMap<string, FoldTable> = new Map(
  covered.map(toTable).map((table) => [table.name, table]),
)

export type RowKey = string | number

export const keyOf = ({ key }: FoldTable, row: readonly unknown[]): RowKey =>
  key.length === 1 ? (row[key[0] ?? 0] as RowKey) : key.map((at) => row[at]).join(':')
