/**
 * The identity overrides of an environment, page after page: there may be a hundred thousand, and
 * no caller ever holds more than one page of them. It reads and orders; it renders nothing.
 */
import { asc, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type FeatureState, featureStates, multivariateValues } from './feature-states.ts'
import { type MultivariateOption, multivariateOptions } from './features.ts'
import { identities } from './identities.ts'

/** An override's row with all that tells whose it is. */
export type OverrideRow = FeatureState & {
  identityId: number
  identifier: string
  /** When the identity was first seen; null where it lives in another database. */
  identityCreatedAt: number | null
}

export type OverridePage = {
  states: OverrideRow[]
  multivariateValues: (typeof multivariateValues.$inferSelect)[]
  options: MultivariateOption[]
}

/** A page has at most this many rows: a hundred thousand take 25 queries. */
export const pageRows = 4_000
/** A page ends behind the row that reaches this many bytes, since values may be long. */
export const pageBytes = 1_000_000

/** Where the next page begins: behind this override. Ids are positive, so zeros are the start. */
type Cursor = { identityId: number; featureId: number }

/** The texts of a row and of the options that its shares repeat; measured without being read. */
const rowBytes = sql`
  octet_length(${featureStates.identifier})
  + coalesce(octet_length(${featureStates.stringValue}), 0)
  + coalesce((
    SELECT sum(200 + coalesce(octet_length(option.string_value), 0))
    FROM ${multivariateValues} AS share
    JOIN ${multivariateOptions} AS option ON option.id = share.option_id
    WHERE share.feature_state_id = ${featureStates.id}
  ), 0)`

/** The ids of one page. It has a row whenever there is one left, however long that row is. */
const pageIds = (environmentId: number, after: Cursor): SQL => sql`
  SELECT id FROM (
    SELECT id, sum(bytes) OVER (ORDER BY identity_id, feature_id) - bytes AS before
    FROM (
      SELECT ${featureStates.id}, ${featureStates.identityId}, ${featureStates.featureId},
        ${rowBytes} AS bytes
      FROM ${featureStates}
      WHERE ${featureStates.environmentId} = ${environmentId}
        AND ${featureStates.identityId} IS NOT NULL
        AND (${featureStates.identityId}, ${featureStates.featureId})
          > (${after.identityId}, ${after.featureId})
      ORDER BY ${featureStates.identityId}, ${featureStates.featureId}
      LIMIT ${pageRows}
    )
  )
  WHERE before < ${pageBytes}`

/**
 * The index leads to it by place, not by id: of two shards, both have an identity 1. The outer columns
 * are written out: Drizzle would leave out their table, and they would mean those of the inner one.
 */
const identityCreatedAt = sql<number | null>`(
  SELECT seen.created_at FROM ${identities} AS seen
  WHERE seen.environment_id = feature_states.environment_id
    AND seen.identifier = feature_states.identifier
)`.as('identity_created_at')

/** One transaction, so that a state and its shares fit together. No joins: see document-rows.ts. */
async function readPage(db: Database, environmentId: number, after: Cursor): Promise<OverridePage> {
  const ids = pageIds(environmentId, after)
  const [states, shares, options] = await db.batch([
    db
      .select({ ...getTableColumns(featureStates), identityCreatedAt })
      .from(featureStates)
      .where(sql`${featureStates.id} IN (${ids})`)
      .orderBy(asc(featureStates.identityId), asc(featureStates.featureId)),
    db
      .select()
      .from(multivariateValues)
      .where(sql`${multivariateValues.featureStateId} IN (${ids})`)
      .orderBy(asc(multivariateValues.id)),
    db
      .select()
      .from(multivariateOptions)
      .where(
        sql`${multivariateOptions.id} IN (
          SELECT ${multivariateValues.optionId} FROM ${multivariateValues}
          WHERE ${multivariateValues.featureStateId} IN (${ids}))`,
      ),
  ])
  return { states: states as OverrideRow[], multivariateValues: shares, options }
}

/**
 * Every override of an environment, ordered by identity and then feature, so that those of one
 * identity follow each other, if need be across pages. Each page is of the moment it is read.
 */
export async function* identityOverridePages(
  db: Database,
  environmentId: number,
): AsyncGenerator<OverridePage, undefined> {
  let after: Cursor = { identityId: 0, featureId: 0 }
  for (;;) {
    const page = await readPage(db, environmentId, after)
    const last = page.states.at(-1)
    if (last === undefined) return
    yield page
    after = last
  }
}
