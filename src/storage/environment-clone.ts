/**
 * Copies what an environment serves into a new one, inside the database: three statements however many
 * rows there are. Identities, their overrides, keys and webhooks stay where they are.
 */
import {
  and,
  eq,
  getTableColumns,
  inArray,
  isNull,
  type SQL,
  type SQLWrapper,
  sql,
} from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database, Statement } from './database.ts'
import { featureSegments } from './feature-segments.ts'
import { featureStates, multivariateValues } from './feature-states.ts'

export type CopyCounts = { featureSegments: number; featureStates: number; shares: number }

/** The first of each block of reserved ids. */
export type CopyFirsts = CopyCounts

export type CopyPlace = { from: number; to: number; now: number; firsts: CopyFirsts }

const linksOf = (environmentId: number) => eq(featureSegments.environmentId, environmentId)

const statesOf = (environmentId: number) =>
  and(eq(featureStates.environmentId, environmentId), isNull(featureStates.identityId))

const sharesOf = (db: Database, environmentId: number) =>
  inArray(
    multivariateValues.featureStateId,
    db.select({ id: featureStates.id }).from(featureStates).where(statesOf(environmentId)),
  )

export async function countCopies(db: Database, environmentId: number): Promise<CopyCounts> {
  const [links, states, shares] = await Promise.all([
    db.$count(featureSegments, linksOf(environmentId)),
    db.$count(featureStates, statesOf(environmentId)),
    db.$count(multivariateValues, sharesOf(db, environmentId)),
  ])
  return { featureSegments: links, featureStates: states, shares }
}

const uuid4 = sql.raw(`lower(
  hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
  || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-'
  || hex(randomblob(6)))`)

/** Ids keep their order: by it variants are bucketed (sdk-api §5), and lists are sorted. */
const numbered = (id: SQLWrapper, first: number) =>
  sql`${first} - 1 + row_number() OVER (ORDER BY ${id})`

/**
 * Which row is the copy of a row: the one of the same rank. It is joined, never asked row by row, so
 * that SQLite numbers the rows once and finds them by an index of its own.
 */
const copiesOf = (
  id: SQLWrapper,
  table: SQLiteTable,
  own: { where: SQL | undefined; first: number },
) =>
  sql`(SELECT ${id} AS original, ${numbered(id, own.first)} AS copy FROM ${table} WHERE ${own.where})`

type Copied = { values: Record<string, SQL>; from: SQL; where: SQL | undefined }

/** Every column as it is, but for those that are told apart. */
function copy(db: Database, table: SQLiteTable, { values, from, where }: Copied): Statement {
  const columns = Object.entries(getTableColumns(table))
  const selected = columns.map(([name, column]) => values[name] ?? sql`${column}`)
  return db
    .insert(table)
    .select(sql`SELECT ${sql.join(selected, sql`, `)} FROM ${from} WHERE ${where}`)
}

export function copyEnvironment(db: Database, { from, to, now, firsts }: CopyPlace): Statement[] {
  const links = copiesOf(featureSegments.id, featureSegments, {
    where: linksOf(from),
    first: firsts.featureSegments,
  })
  const states = copiesOf(featureStates.id, featureStates, {
    where: statesOf(from),
    first: firsts.featureStates,
  })
  return [
    copy(db, featureSegments, {
      values: {
        id: numbered(featureSegments.id, firsts.featureSegments),
        uuid: uuid4,
        environmentId: sql`${to}`,
      },
      from: sql`${featureSegments}`,
      where: linksOf(from),
    }),
    copy(db, featureStates, {
      values: {
        id: numbered(featureStates.id, firsts.featureStates),
        uuid: uuid4,
        environmentId: sql`${to}`,
        featureSegmentId: sql`link.copy`,
        createdAt: sql`${now}`,
        updatedAt: sql`${now}`,
      },
      from: sql`${featureStates}
        LEFT JOIN ${links} AS link ON link.original = ${featureStates.featureSegmentId}`,
      where: statesOf(from),
    }),
    copy(db, multivariateValues, {
      values: {
        id: numbered(multivariateValues.id, firsts.shares),
        uuid: uuid4,
        featureStateId: sql`state.copy`,
      },
      from: sql`${multivariateValues}
        JOIN ${states} AS state ON state.original = ${multivariateValues.featureStateId}`,
      where: sql`true`,
    }),
  ]
}
