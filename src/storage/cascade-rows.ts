/** What the database takes along when projects or environments are deleted. */
import { asc, inArray, or } from 'drizzle-orm'
import { type Database, isOneOf } from './database.ts'
import { type EnvironmentKey, environmentKeys } from './environment-keys.ts'
import { environments } from './environments.ts'
import { type FeatureSegment, featureSegments } from './feature-segments.ts'
import { featureStates } from './feature-states.ts'
import { type Feature, features } from './features.ts'
import { type Grant, grants } from './grants.ts'
import { type KeyRotation, keyRotations } from './key-rotations.ts'
import { projects } from './projects.ts'
import { type Segment, segments } from './segments.ts'
import { type Tag, tags } from './tags.ts'
import { type Webhook, webhooks } from './webhooks.ts'

/** `projects` are those that go themselves, not those of the environments. */
export type Gone = { projects: number[]; environments: number[] }

export type CascadeRows = {
  tags: Tag[]
  features: Feature[]
  segments: Segment[]
  environmentKeys: EnvironmentKey[]
  keyRotations: KeyRotation[]
  webhooks: Webhook[]
  links: FeatureSegment[]
  grants: Grant[]
  /** Ids. */
  states: number[]
}

export async function readCascadeRows(db: Database, gone: Gone): Promise<CascadeRows> {
  const ofGrants = or(
    isOneOf(grants.projectId, gone.projects),
    isOneOf(grants.environmentId, gone.environments),
  )
  const rows = await db.batch([
    db.select().from(tags).where(isOneOf(tags.projectId, gone.projects)).orderBy(asc(tags.id)),
    db
      .select()
      .from(features)
      .where(isOneOf(features.projectId, gone.projects))
      .orderBy(asc(features.id)),
    db
      .select()
      .from(segments)
      .where(isOneOf(segments.projectId, gone.projects))
      .orderBy(asc(segments.id)),
    db
      .select()
      .from(environmentKeys)
      .where(isOneOf(environmentKeys.environmentId, gone.environments))
      .orderBy(asc(environmentKeys.id)),
    db
      .select()
      .from(webhooks)
      .where(isOneOf(webhooks.environmentId, gone.environments))
      .orderBy(asc(webhooks.id)),
    db
      .select()
      .from(featureSegments)
      .where(isOneOf(featureSegments.environmentId, gone.environments))
      .orderBy(asc(featureSegments.id)),
    db.select().from(grants).where(ofGrants).orderBy(asc(grants.id)),
    db
      .select({ id: featureStates.id })
      .from(featureStates)
      .where(isOneOf(featureStates.environmentId, gone.environments))
      .orderBy(asc(featureStates.id)),
    db.select().from(keyRotations).where(isOneOf(keyRotations.environmentId, gone.environments)),
  ])
  return {
    tags: rows[0],
    features: rows[1],
    segments: rows[2],
    environmentKeys: rows[3],
    webhooks: rows[4],
    links: rows[5],
    grants: rows[6],
    states: rows[7].map(({ id }) => id),
    keyRotations: rows[8],
  }
}

/** The overrides of a feature and the links they hang on, in every environment. */
export async function readFeatureCascade(
  db: Database,
  featureId: number,
): Promise<Pick<CascadeRows, 'segments' | 'links' | 'states'>> {
  const [segmentRows, links, states] = await db.batch([
    db
      .select()
      .from(segments)
      .where(isOneOf(segments.featureId, [featureId]))
      .orderBy(asc(segments.id)),
    db
      .select()
      .from(featureSegments)
      .where(isOneOf(featureSegments.featureId, [featureId]))
      .orderBy(asc(featureSegments.id)),
    db
      .select({ id: featureStates.id })
      .from(featureStates)
      .where(isOneOf(featureStates.featureId, [featureId]))
      .orderBy(asc(featureStates.id)),
  ])
  return { segments: segmentRows, links, states: states.map(({ id }) => id) }
}

/** The links of a segment and the overrides on them, in every environment. */
export async function readSegmentCascade(
  db: Database,
  segmentId: number,
): Promise<Pick<CascadeRows, 'links' | 'states'>> {
  const links = await db
    .select()
    .from(featureSegments)
    .where(isOneOf(featureSegments.segmentId, [segmentId]))
    .orderBy(asc(featureSegments.id))
  const ids = links.map(({ id }) => id)
  const states = await db
    .select({ id: featureStates.id })
    .from(featureStates)
    .where(isOneOf(featureStates.featureSegmentId, ids))
    .orderBy(asc(featureStates.id))
  return { links, states: states.map(({ id }) => id) }
}

/** What links hang between, by id: for those that carry no override (yet). */
export async function readEndsOfLinks(db: Database, links: FeatureSegment[]) {
  const ids = (of: (link: FeatureSegment) => number) => [...new Set(links.map(of))]
  const environmentIds = ids((link) => link.environmentId)
  const [environmentRows, projectRows, featureRows, segmentRows] = await db.batch([
    db.select().from(environments).where(isOneOf(environments.id, environmentIds)),
    db
      .select()
      .from(projects)
      .where(
        inArray(
          projects.id,
          db
            .select({ id: environments.projectId })
            .from(environments)
            .where(isOneOf(environments.id, environmentIds)),
        ),
      ),
    db
      .select()
      .from(features)
      .where(
        isOneOf(
          features.id,
          ids((link) => link.featureId),
        ),
      ),
    db
      .select()
      .from(segments)
      .where(
        isOneOf(
          segments.id,
          ids((link) => link.segmentId),
        ),
      ),
  ])
  const byId = <R extends { id: number }>(rows: R[]) => new Map(rows.map((row) => [row.id, row]))
  return {
    environments: byId(environmentRows),
    projects: byId(projectRows),
    features: byId(featureRows),
    segments: byId(segmentRows),
  }
}
