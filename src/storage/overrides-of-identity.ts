/** The overrides of one identity, whole or in pages: what it gets instead of what others get. */
import { and, asc, eq, inArray } from 'drizzle-orm'
import type { Database } from './database.ts'
import {
  type FeatureState,
  featureStates,
  type MultivariateValue,
  multivariateValues,
  pageStatesWhere,
  type StatePage,
} from './feature-states.ts'
import { type Feature, features, type MultivariateOption, multivariateOptions } from './features.ts'
import type { Slice } from './pages.ts'

export type OfIdentity = { environmentId: number; identityId: number }

const isOf = ({ environmentId, identityId }: OfIdentity) =>
  and(eq(featureStates.environmentId, environmentId), eq(featureStates.identityId, identityId))

export const pageOverrides = (
  db: Database,
  { featureId, ...of }: OfIdentity & { featureId: number | undefined },
  page: Slice,
): Promise<StatePage> =>
  pageStatesWhere(
    db,
    and(isOf(of), featureId === undefined ? undefined : eq(featureStates.featureId, featureId)),
    page,
  )

export const listOverrideIds = (
  db: Database,
  of: OfIdentity,
): Promise<{ id: number; featureId: number }[]> =>
  db
    .select({ id: featureStates.id, featureId: featureStates.featureId })
    .from(featureStates)
    .where(isOf(of))
    .orderBy(asc(featureStates.id))

export type Overrides = {
  states: FeatureState[]
  shares: MultivariateValue[]
  features: Feature[]
  options: MultivariateOption[]
}

/** With all that tells what they are; one transaction, so that the parts fit together. */
export async function listOverrides(db: Database, of: OfIdentity): Promise<Overrides> {
  const own = isOf(of)
  const featureIds = db.select({ id: featureStates.featureId }).from(featureStates).where(own)
  const stateIds = db.select({ id: featureStates.id }).from(featureStates).where(own)
  const [states, shares, featureRows, options] = await db.batch([
    db.select().from(featureStates).where(own).orderBy(asc(featureStates.id)),
    db
      .select()
      .from(multivariateValues)
      .where(inArray(multivariateValues.featureStateId, stateIds))
      .orderBy(asc(multivariateValues.id)),
    db.select().from(features).where(inArray(features.id, featureIds)),
    db
      .select()
      .from(multivariateOptions)
      .where(inArray(multivariateOptions.featureId, featureIds))
      .orderBy(asc(multivariateOptions.id)),
  ])
  return { states, shares, features: featureRows, options }
}
