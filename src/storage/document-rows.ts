/** Everything a document is built from, read in one transaction so that its parts fit together. */
import { asc, eq, inArray } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type EnvironmentKey, environmentKeys } from './environment-keys.ts'
import { type Environment, environments } from './environments.ts'
import {
  type FeatureState,
  featureStates,
  type MultivariateValue,
  multivariateValues,
} from './feature-states.ts'
import { type Feature, features, type MultivariateOption, multivariateOptions } from './features.ts'
import { type Organisation, organisations } from './organisations.ts'
import { type Project, projects } from './projects.ts'

export type DocumentRows = {
  organisation: Organisation
  project: Project
  environment: Environment
  serverKeys: EnvironmentKey[]
  features: Feature[]
  options: MultivariateOption[]
  states: FeatureState[]
  multivariateValues: MultivariateValue[]
}

/**
 * Undefined when the environment does not exist (any more). No joins: D1 answers a batch by column
 * name, so columns that two tables share would collapse into one.
 */
export async function readDocumentRows(
  db: Database,
  environmentId: number,
): Promise<DocumentRows | undefined> {
  const featureIds = db
    .select({ id: featureStates.featureId })
    .from(featureStates)
    .where(eq(featureStates.environmentId, environmentId))
  const stateIds = db
    .select({ id: featureStates.id })
    .from(featureStates)
    .where(eq(featureStates.environmentId, environmentId))
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
    featureRows,
    options,
    states,
    shares,
  ] = await db.batch([
    db.select().from(environments).where(eq(environments.id, environmentId)),
    db.select().from(projects).where(inArray(projects.id, projectId)),
    db.select().from(organisations).where(inArray(organisations.id, organisationId)),
    db.select().from(environmentKeys).where(eq(environmentKeys.environmentId, environmentId)),
    db.select().from(features).where(inArray(features.id, featureIds)),
    db.select().from(multivariateOptions).where(inArray(multivariateOptions.featureId, featureIds)),
    db
      .select()
      .from(featureStates)
      .where(eq(featureStates.environmentId, environmentId))
      .orderBy(asc(featureStates.id)),
    db
      .select()
      .from(multivariateValues)
      .where(inArray(multivariateValues.featureStateId, stateIds))
      .orderBy(asc(multivariateValues.id)),
  ])
  if (environment === undefined || project === undefined || organisation === undefined)
    return undefined
  return {
    environment,
    project,
    organisation,
    serverKeys,
    features: featureRows,
    options,
    states,
    multivariateValues: shares,
  }
}
