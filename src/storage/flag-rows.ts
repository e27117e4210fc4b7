/** Feature states with all that stands around them, for any number of them in one round trip. */
import { asc, inArray } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { type Environment, environments } from './environments.ts'
import { type FeatureSegment, featureSegments } from './feature-segments.ts'
import {
  type FeatureState,
  featureStates,
  type MultivariateValue,
  multivariateValues,
} from './feature-states.ts'
import { type Feature, features, type MultivariateOption, multivariateOptions } from './features.ts'
import { type Project, projects } from './projects.ts'
import { type Segment, segments } from './segments.ts'

/** By id; shares by state, options by feature. */
export type FlagRows = {
  states: Map<number, FeatureState>
  environments: Map<number, Environment>
  projects: Map<number, Project>
  features: Map<number, Feature>
  links: Map<number, FeatureSegment>
  segments: Map<number, Segment>
  shares: Map<number, MultivariateValue[]>
  options: Map<number, MultivariateOption[]>
}

const byId = <R extends { id: number }>(rows: R[]) => new Map(rows.map((row) => [row.id, row]))

/** No joins: D1 answers a batch by column name, so columns that two tables share would collapse. */
export async function readFlagRows(db: Database, stateIds: number[]): Promise<FlagRows> {
  const own = isOneOf(featureStates.id, stateIds)
  const environmentIds = db
    .select({ id: featureStates.environmentId })
    .from(featureStates)
    .where(own)
  const featureIds = db.select({ id: featureStates.featureId }).from(featureStates).where(own)
  const linkIds = db.select({ id: featureStates.featureSegmentId }).from(featureStates).where(own)
  const projectIds = db
    .select({ id: environments.projectId })
    .from(environments)
    .where(inArray(environments.id, environmentIds))
  const segmentIds = db
    .select({ id: featureSegments.segmentId })
    .from(featureSegments)
    .where(inArray(featureSegments.id, linkIds))
  const rows = await db.batch([
    db.select().from(featureStates).where(own),
    db.select().from(environments).where(inArray(environments.id, environmentIds)),
    db.select().from(projects).where(inArray(projects.id, projectIds)),
    db.select().from(features).where(inArray(features.id, featureIds)),
    db.select().from(featureSegments).where(inArray(featureSegments.id, linkIds)),
    db.select().from(segments).where(inArray(segments.id, segmentIds)),
    db
      .select()
      .from(multivariateValues)
      .where(isOneOf(multivariateValues.featureStateId, stateIds))
      .orderBy(asc(multivariateValues.id)),
    db
      .select()
      .from(multivariateOptions)
      .where(inArray(multivariateOptions.featureId, featureIds))
      .orderBy(asc(multivariateOptions.id)),
  ])
  return {
    states: byId(rows[0]),
    environments: byId(rows[1]),
    projects: byId(rows[2]),
    features: byId(rows[3]),
    links: byId(rows[4]),
    segments: byId(rows[5]),
    shares: Map.groupBy(rows[6], (share) => share.featureStateId),
    options: Map.groupBy(rows[7], (option) => option.featureId),
  }
}
