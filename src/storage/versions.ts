/**
 * Versions rise by one with every change: those of environments order their documents, those of
 * features are what If-Match is held against.
 */
import { eq, inArray, sql } from 'drizzle-orm'
import { type Database, isOneOf, type Statement } from './database.ts'
import { environments } from './environments.ts'
import { featureSegments } from './feature-segments.ts'
import { featureStates } from './feature-states.ts'
import { features, multivariateOptions } from './features.ts'

/** An environment rises by as many as it is named: once for each change of a batch. */
export function raiseEnvironments(db: Database, ids: number[], now: number): Statement {
  const named = JSON.stringify(ids)
  const times = sql`(SELECT count(*) FROM json_each(${named}) AS named WHERE named.value = ${environments.id})`
  return db
    .update(environments)
    .set({ version: sql`${environments.version} + ${times}`, updatedAt: now })
    .where(isOneOf(environments.id, ids))
}

export type FeatureVersion = { id: number; version: number }

const idAndVersion = { id: features.id, version: features.version }

/** Its rows are the versions after it; a feature that the same batch has deleted has none. */
export const raiseFeatures = (db: Database, ids: number[]): Statement =>
  db
    .update(features)
    .set({ version: sql`${features.version} + 1` })
    .where(isOneOf(features.id, ids))
    .returning(idAndVersion)

export const listFeatureVersions = (db: Database, ids: number[]): Promise<FeatureVersion[]> =>
  db.select(idAndVersion).from(features).where(isOneOf(features.id, ids))

/** What belongs to a feature: a change of it is a change of the feature. */
const parts = {
  state: { table: featureStates, feature: featureStates.featureId },
  segment: { table: featureSegments, feature: featureSegments.featureId },
  option: { table: multivariateOptions, feature: multivariateOptions.featureId },
}

/** The version of the feature that something with this id or uuid belongs to. */
export async function findVersionOf(
  db: Database,
  kind: keyof typeof parts,
  name: number | string,
): Promise<number | undefined> {
  const { table, feature } = parts[kind]
  const named = typeof name === 'number' ? eq(table.id, name) : eq(table.uuid, name)
  const ids = db.select({ id: feature }).from(table).where(named)
  const rows = await db
    .select({ version: features.version })
    .from(features)
    .where(inArray(features.id, ids))
  return rows[0]?.version
}
