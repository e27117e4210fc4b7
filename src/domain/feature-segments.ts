/**
 * Which segments override a feature in an environment, and in which order: the smaller priority
 * wins. Priorities may be sparse; nothing renumbers them behind a client's back (admin-api §B.6).
 */
import { and, eq, gt, sql } from 'drizzle-orm'
import { invalid, notFound, ok } from '../outcome.ts'
import { findEnvironment } from '../storage/environments.ts'
import {
  type FeatureSegment,
  featureSegments,
  findFeatureSegment,
  listFeatureSegments,
} from '../storage/feature-segments.ts'
import { findStateOfSegment } from '../storage/feature-states.ts'
import { findFeature } from '../storage/features.ts'
import { findProject } from '../storage/projects.ts'
import { findSegment } from '../storage/segments.ts'
import { stateSnapshot } from './feature-states.ts'
import { findFlag, stateLog } from './flag.ts'
import { snapshot } from './snapshot.ts'
import type { Write } from './write.ts'

const wrong = (field: string, message: string) => invalid({ [field]: [message] })

export const createFeatureSegment: Write<
  { environmentId: number; featureId: number; segmentId: number; priority?: number },
  FeatureSegment
> = async ({ db, reserve }, { environmentId, featureId, segmentId, priority }) => {
  const environment = await findEnvironment(db, environmentId)
  const project = environment && (await findProject(db, environment.projectId))
  const [feature, segment] = await Promise.all([
    findFeature(db, featureId),
    findSegment(db, segmentId),
  ])
  if (environment === undefined || project === undefined) return notFound()
  if (feature?.projectId !== project.id) {
    return wrong('feature', 'Feature does not exist in project')
  }
  if (segment?.projectId !== project.id) {
    return wrong('segment', 'Segment does not exist in project')
  }
  if (segment.featureId !== null && segment.featureId !== featureId) {
    return wrong('feature', 'The segment is specific to another feature.')
  }
  const present = await listFeatureSegments(db, environmentId, featureId)
  if (present.some((link) => link.segmentId === segmentId)) {
    return wrong('segment', `segment override already exists for segment '${segment.name}'`)
  }
  const { 'feature-segment': id } = await reserve({ 'feature-segment': 1 })
  const last = Math.max(-1, ...present.map((link) => link.priority))
  const link: FeatureSegment = {
    id,
    uuid: crypto.randomUUID(),
    featureId,
    segmentId,
    environmentId,
    priority: priority ?? last + 1,
  }
  return ok({
    result: link,
    statements: [db.insert(featureSegments).values(link)],
    entries: [
      {
        action: 'feature-segment.created',
        resource: { type: 'FEATURE_SEGMENT', id: String(id), uuid: link.uuid, name: feature.name },
        organisationId: project.organisationId,
        projectId: project.id,
        environment: { id: environment.id, name: environment.name },
        log: `Segment '${segment.name}' added to the overrides of feature '${feature.name}'`,
        before: null,
        after: snapshot(link),
      },
    ],
    publish: [environmentId],
    events: [],
  })
}

/** Takes the override's state with it; what was weaker moves up by one. */
export const deleteFeatureSegment: Write<{ environmentId: number; id: number }, null> = async (
  { db },
  { environmentId, id },
) => {
  const link = await findFeatureSegment(db, id)
  if (link?.environmentId !== environmentId) return notFound()
  const environment = await findEnvironment(db, environmentId)
  const project = environment && (await findProject(db, environment.projectId))
  const [feature, segment, state] = await Promise.all([
    findFeature(db, link.featureId),
    findSegment(db, link.segmentId),
    findStateOfSegment(db, id),
  ])
  if (!environment || !project || !feature || !segment) return notFound()
  const flag = state && (await findFlag(db, state.id))
  const whom = `feature '${feature.name}' and segment '${segment.name}'`
  return ok({
    result: null,
    statements: [
      db.delete(featureSegments).where(eq(featureSegments.id, id)),
      db
        .update(featureSegments)
        .set({ priority: sql`${featureSegments.priority} - 1` })
        .where(
          and(
            eq(featureSegments.environmentId, environmentId),
            eq(featureSegments.featureId, link.featureId),
            gt(featureSegments.priority, link.priority),
          ),
        ),
    ],
    entries: [
      {
        action: 'feature-segment.deleted',
        resource: {
          type: 'FEATURE',
          id: String(feature.id),
          uuid: feature.uuid,
          name: feature.name,
        },
        organisationId: project.organisationId,
        projectId: project.id,
        environment: { id: environment.id, name: environment.name },
        log: flag
          ? stateLog(flag, 'deleted')
          : `Flag state / Remote config value deleted for ${whom}`,
        before: { ...snapshot(link), feature_state: flag ? stateSnapshot(flag) : null },
        after: null,
      },
    ],
    publish: [environmentId],
    events: [],
  })
}
