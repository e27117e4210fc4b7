/** Everything that belongs to a project, read in one transaction so that its parts fit together. */
import { asc, eq, inArray } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type Environment, environments } from './environments.ts'
import { type FeatureSegment, featureSegments } from './feature-segments.ts'
import {
  type FeatureState,
  featureStates,
  type MultivariateValue,
  multivariateValues,
} from './feature-states.ts'
import { type FeatureTag, featureTags } from './feature-tags.ts'
import { type Feature, features, type MultivariateOption, multivariateOptions } from './features.ts'
import { type Project, projects } from './projects.ts'
import { type Segment, segments } from './segments.ts'
import { type Tag, tags } from './tags.ts'

/** Each list by rising id. */
export type ProjectRows = {
  project: Project
  tags: Tag[]
  features: Feature[]
  featureTags: FeatureTag[]
  options: MultivariateOption[]
  segments: Segment[]
  environments: Environment[]
  featureSegments: FeatureSegment[]
  /** Defaults, and the overrides of segments and identities. */
  states: FeatureState[]
  shares: MultivariateValue[]
}

/** Undefined when the project does not exist (any more). */
export async function readProjectRows(
  db: Database,
  projectId: number,
): Promise<ProjectRows | undefined> {
  const featureIds = db
    .select({ id: features.id })
    .from(features)
    .where(eq(features.projectId, projectId))
  const stateIds = db
    .select({ id: featureStates.id })
    .from(featureStates)
    .where(inArray(featureStates.featureId, featureIds))
  const [
    [project],
    tagRows,
    featureRows,
    featureTagRows,
    options,
    segmentRows,
    environmentRows,
    featureSegmentRows,
    states,
    shares,
  ] = await db.batch([
    db.select().from(projects).where(eq(projects.id, projectId)),
    db.select().from(tags).where(eq(tags.projectId, projectId)).orderBy(asc(tags.id)),
    db.select().from(features).where(eq(features.projectId, projectId)).orderBy(asc(features.id)),
    db
      .select()
      .from(featureTags)
      .where(inArray(featureTags.featureId, featureIds))
      .orderBy(asc(featureTags.featureId), asc(featureTags.tagId)),
    db
      .select()
      .from(multivariateOptions)
      .where(inArray(multivariateOptions.featureId, featureIds))
      .orderBy(asc(multivariateOptions.id)),
    db.select().from(segments).where(eq(segments.projectId, projectId)).orderBy(asc(segments.id)),
    db
      .select()
      .from(environments)
      .where(eq(environments.projectId, projectId))
      .orderBy(asc(environments.id)),
    db
      .select()
      .from(featureSegments)
      .where(inArray(featureSegments.featureId, featureIds))
      .orderBy(asc(featureSegments.id)),
    db
      .select()
      .from(featureStates)
      .where(inArray(featureStates.featureId, featureIds))
      .orderBy(asc(featureStates.id)),
    db
      .select()
      .from(multivariateValues)
      .where(inArray(multivariateValues.featureStateId, stateIds))
      .orderBy(asc(multivariateValues.id)),
  ])
  return (
    project && {
      project,
      tags: tagRows,
      features: featureRows,
      featureTags: featureTagRows,
      options,
      segments: segmentRows,
      environments: environmentRows,
      featureSegments: featureSegmentRows,
      states,
      shares,
    }
  )
}
