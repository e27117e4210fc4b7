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

/** Undefined when the environment does not exist (any more). */
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
  const [parents, serverKeys, featureRows, options, states, shares] = await db.batch([
    db
      .select({ environment: environments, project: projects, organisation: organisations })
      .from(environments)
      .innerJoin(projects, eq(projects.id, environments.projectId))
      .innerJoin(organisations, eq(organisations.id, projects.organisationId))
      .where(eq(environments.id, environmentId)),
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
  const parent = parents[0]
  if (parent === undefined) return undefined
  return {
    ...parent,
    serverKeys,
    features: featureRows,
    options,
    states,
    multivariateValues: shares,
  }
}
