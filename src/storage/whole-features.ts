/** Features with all that an answer or an entry tells of them. */
import { asc } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import {
  type GroupOwner,
  listGroupOwnersOfFeatures,
  listOwnersOfFeatures,
  type Owner,
} from './feature-owners.ts'
import { listTagsOfFeatures } from './feature-tags.ts'
import { type Feature, type MultivariateOption, multivariateOptions } from './features.ts'

export type WholeFeature = {
  feature: Feature
  options: MultivariateOption[]
  /** Ids. */
  tags: number[]
  owners: Owner[]
  groupOwners: GroupOwner[]
}

/** As many queries for a thousand features as for one. */
export async function readWholeFeatures(
  db: Database,
  features: Feature[],
): Promise<WholeFeature[]> {
  const ids = features.map((feature) => feature.id)
  const [options, tags, owners, groupOwners] = await Promise.all([
    db
      .select()
      .from(multivariateOptions)
      .where(isOneOf(multivariateOptions.featureId, ids))
      .orderBy(asc(multivariateOptions.id)),
    listTagsOfFeatures(db, ids),
    listOwnersOfFeatures(db, ids),
    listGroupOwnersOfFeatures(db, ids),
  ])
  const optionsOf = Map.groupBy(options, (row) => row.featureId)
  const tagsOf = Map.groupBy(tags, (row) => row.featureId)
  const ownersOf = Map.groupBy(owners, (row) => row.featureId)
  const groupOwnersOf = Map.groupBy(groupOwners, (row) => row.featureId)
  return features.map((feature) => ({
    feature,
    options: optionsOf.get(feature.id) ?? [],
    tags: (tagsOf.get(feature.id) ?? []).map((row) => row.tagId),
    owners: (ownersOf.get(feature.id) ?? []).map((row) => row.owner),
    groupOwners: (groupOwnersOf.get(feature.id) ?? []).map((row) => row.group),
  }))
}

export async function readWholeFeature(db: Database, feature: Feature): Promise<WholeFeature> {
  const [whole] = await readWholeFeatures(db, [feature])
  if (whole === undefined) throw new Error('a feature was read as none')
  return whole
}
