/** Everything a document is built from, read in one transaction so that its parts fit together. */
import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type EnvironmentKey, environmentKeys } from './environment-keys.ts'
import { type Environment, environments } from './environments.ts'
import { type FeatureSegment, featureSegments } from './feature-segments.ts'
import {
  type FeatureState,
  featureStates,
  type MultivariateValue,
  multivariateValues,
} from './feature-states.ts'
import { type Feature, features, type MultivariateOption, multivariateOptions } from './features.ts'
import { type KeyRotation, keyRotations } from './key-rotations.ts'
import { type Organisation, organisations } from './organisations.ts'
import { type Project, projects } from './projects.ts'
import { type Segment, segments } from './segments.ts'

export type DocumentRows = {
  organisation: Organisation
  project: Project
  environment: Environment
  serverKeys: EnvironmentKey[]
  /** Undefined: the environment has one client-side key. */
  keyRotation: KeyRotation | undefined
  features: Feature[]
  options: MultivariateOption[]
  /** Defaults and segment overrides; those of identities stay out: they grow without bound. */
  states: FeatureState[]
  multivariateValues: MultivariateValue[]
  segments: Segment[]
  featureSegments: FeatureSegment[]
}

/**
 * Undefined when the environment does not exist (any more). No joins: D1 answers a batch by column
 * name, so columns that two tables share would collapse into one.
 */
export async function readDocumentRows(
  db: Database,
  environmentId: number,
): Promise<DocumentRows | undefined> {
  const own = and(eq(featureStates.environmentId, environmentId), isNull(featureStates.identityId))
  const featureIds = db.select({ id: featureStates.featureId }).from(featureStates).where(own)
  const stateIds = db.select({ id: featureStates.id }).from(featureStates).where(own)
  const projectId = db
    .select({ id: environments.projectId })
    .from(environments)
    .where(eq(environments.id, environmentId))
  const organisationId = db
    .select({ id: projects.organisationId })
    .from(projects)
    .where(inArray(projects.id, projectId))
  const [
    [environment],
    [project],
    [organisation],
    serverKeys,
    [keyRotation],
    featureRows,
    options,
    states,
    shares,
    segmentRows,
    featureSegmentRows,
  ] = await db.batch([
    db.select().from(environments).where(eq(environments.id, environmentId)),
    db.select().from(projects).where(inArray(projects.id, projectId)),
    db.select().from(organisations).where(inArray(organisations.id, organisationId)),
    db.select().from(environmentKeys).where(eq(environmentKeys.environmentId, environmentId)),
    db.select().from(keyRotations).where(eq(keyRotations.environmentId, environmentId)),
    db.select().from(features).where(inArray(features.id, featureIds)),
    db.select().from(multivariateOptions).where(inArray(multivariateOptions.featureId, featureIds)),
    db.select().from(featureStates).where(own).orderBy(asc(featureStates.id)),
    db
      .select()
      .from(multivariateValues)
      .where(inArray(multivariateValues.featureStateId, stateIds))
      .orderBy(asc(multivariateValues.id)),
    db
      .select()
      .from(segments)
      .where(inArray(segments.projectId, projectId))
      .orderBy(asc(segments.id)),
    db
      .select()
      .from(featureSegments)
      .where(eq(featureSegments.environmentId, environmentId))
      .orderBy(asc(featureSegments.id)),
  ])
  if (environment === undefined || project === undefined || organisation === undefined) {
    return undefined
  }
  return {
    organisation,
    project,
    environment,
    serverKeys,
    keyRotation,
    features: featureRows,
    options,
    states,
    multivariateValues: shares,
    segments: segmentRows,
    featureSegments: featureSegmentRows,
  }
}
