/** A feature in one environment as a whole: its own state and those for segments, in one transaction. */
import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type FeatureSegment, featureSegments } from './feature-segments.ts'
import {
  type FeatureState,
  featureStates,
  type MultivariateValue,
  multivariateValues,
} from './feature-states.ts'
import { type MultivariateOption, multivariateOptions } from './features.ts'

export type WholeFlagRows = {
  options: MultivariateOption[]
  /** Strongest first; a link may stand without a state. */
  links: FeatureSegment[]
  /** Without those of identities: they may be a hundred thousand. */
  states: FeatureState[]
  shares: MultivariateValue[]
}

export async function readWholeFlag(
  db: Database,
  { environmentId, featureId }: { environmentId: number; featureId: number },
): Promise<WholeFlagRows> {
  const own = and(
    eq(featureStates.environmentId, environmentId),
    eq(featureStates.featureId, featureId),
    isNull(featureStates.identityId),
  )
  const stateIds = db.select({ id: featureStates.id }).from(featureStates).where(own)
  const [options, links, states, shares] = await db.batch([
    db
      .select()
      .from(multivariateOptions)
      .where(eq(multivariateOptions.featureId, featureId))
      .orderBy(asc(multivariateOptions.id)),
    db
      .select()
      .from(featureSegments)
      .where(
        and(
          eq(featureSegments.environmentId, environmentId),
          eq(featureSegments.featureId, featureId),
        ),
      )
      .orderBy(asc(featureSegments.priority), asc(featureSegments.id)),
    db.select().from(featureStates).where(own).orderBy(asc(featureStates.id)),
    db
      .select()
      .from(multivariateValues)
      .where(inArray(multivariateValues.featureStateId, stateIds))
      .orderBy(asc(multivariateValues.id)),
  ])
  return { options, links, states, shares }
}
