/** One page of a project's features: filtered, sorted and cut in SQL. It decides nothing. */
import { and, asc, desc, eq, exists, notExists, type SQL, sql } from 'drizzle-orm'
import type { FeatureType } from '../engine/document.ts'
import { contains, type Database, isOneOf } from './database.ts'
import { featureGroupOwners, featureOwners } from './feature-owners.ts'
import { featureStates, isDefault } from './feature-states.ts'
import { featureTags } from './feature-tags.ts'
import { type Feature, features } from './features.ts'
import { type Page, pageRows, type Slice } from './pages.ts'

/** What a feature is in an environment, for an identity if one is named. */
export type StateFilter = {
  environmentId: number
  identityId: number | undefined
  isEnabled: boolean | undefined
  /** Part of the value as text. */
  value: string | undefined
}

export type FeatureFilter = {
  search: string | undefined
  isArchived: boolean | undefined
  type: FeatureType | undefined
  /** All of these tags, or one of them; no tags at all where the list is empty. */
  tags: { ids: number[]; all: boolean } | undefined
  /** One of these people. */
  owners: number[] | undefined
  /** One of these groups. */
  groupOwners: number[] | undefined
  state: StateFilter | undefined
}

export type FeatureSort = { field: 'createdAt' | 'name'; descending: boolean }

function tagged(db: Database, { ids, all }: { ids: number[]; all: boolean }): SQL {
  const own = db
    .select({ tagId: featureTags.tagId })
    .from(featureTags)
    .where(eq(featureTags.featureId, features.id))
  if (ids.length === 0) return notExists(own)
  const named = and(eq(featureTags.featureId, features.id), isOneOf(featureTags.tagId, ids))
  const found = db.$count(featureTags, named)
  return all ? sql`${found} = ${new Set(ids).size}` : sql`${found} > 0`
}

/** The id of the state that holds: an identity's override if there is one, else the default. */
function heldStateId(db: Database, { environmentId, identityId }: StateFilter): SQL {
  const stateWhere = (which: SQL | undefined) =>
    db
      .select({ id: featureStates.id })
      .from(featureStates)
      .where(
        and(
          eq(featureStates.environmentId, environmentId),
          eq(featureStates.featureId, features.id),
          which,
        ),
      )
  const own = stateWhere(isDefault)
  if (identityId === undefined) return sql`(${own})`
  return sql`coalesce((${stateWhere(eq(featureStates.identityId, identityId))}), (${own}))`
}

const valueText = sql`CASE ${featureStates.type}
  WHEN 'bool' THEN iif(${featureStates.booleanValue}, 'true', 'false')
  WHEN 'int' THEN ${featureStates.integerValue}
  ELSE ${featureStates.stringValue} END`

function holds(db: Database, filter: StateFilter): SQL | undefined {
  const { isEnabled, value = '' } = filter
  if (isEnabled === undefined && value === '') return undefined
  return exists(
    db
      .select({ id: featureStates.id })
      .from(featureStates)
      .where(
        and(
          sql`${featureStates.id} = ${heldStateId(db, filter)}`,
          isEnabled === undefined ? undefined : eq(featureStates.enabled, isEnabled),
          value === '' ? undefined : contains(valueText, value),
        ),
      ),
  )
}

function matching(db: Database, projectId: number, filter: FeatureFilter): SQL | undefined {
  const { search = '', isArchived, type, tags, owners, groupOwners, state } = filter
  const ownedBy = (table: typeof featureOwners | typeof featureGroupOwners, which: SQL) =>
    exists(
      db
        .select({ featureId: table.featureId })
        .from(table)
        .where(and(eq(table.featureId, features.id), which)),
    )
  return and(
    eq(features.projectId, projectId),
    search === '' ? undefined : contains(features.name, search),
    isArchived === undefined ? undefined : eq(features.isArchived, isArchived),
    type === undefined ? undefined : eq(features.type, type),
    tags && tagged(db, tags),
    owners && ownedBy(featureOwners, isOneOf(featureOwners.userId, owners)),
    groupOwners && ownedBy(featureGroupOwners, isOneOf(featureGroupOwners.groupId, groupOwners)),
    state && holds(db, state),
  )
}

/** One page, and how many features there are on all of them. */
export function pageFeatures(
  db: Database,
  at: { projectId: number; filter: FeatureFilter; sort: FeatureSort },
  page: Slice,
): Promise<Page<Feature>> {
  const own = matching(db, at.projectId, at.filter)
  const order = at.sort.descending ? desc : asc
  return pageRows(
    db,
    { table: features, where: own, orderBy: [order(features[at.sort.field]), order(features.id)] },
    page,
  )
}
