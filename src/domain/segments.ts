/** The rules of segments. The rule tree is kept as sent; an update replaces it whole. */
import { eq } from 'drizzle-orm'
import { invalid, notFound, ok, type Refusal } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { listEnvironmentsOfProject } from '../storage/environments.ts'
import { listFeatureSegmentsOfSegment } from '../storage/feature-segments.ts'
import { findFeature } from '../storage/features.ts'
import { findProject, type Project } from '../storage/projects.ts'
import { findSegment, type RuleTree, type Segment, segments } from '../storage/segments.ts'
import { changed, snapshot } from './snapshot.ts'
import { type EntryDraft, nothingToDo, type Write } from './write.ts'

export type SegmentSettings = {
  name: string
  description: string | null
  rules: RuleTree
}

const entryOf = (
  project: Project,
  { id, uuid, name }: Segment,
): Omit<EntryDraft, 'action' | 'log' | 'before' | 'after'> => ({
  resource: { type: 'SEGMENT', id: String(id), uuid, name },
  organisationId: project.organisationId,
  projectId: project.id,
  environment: null,
})

const allEnvironments = async (db: Database, projectId: number) =>
  (await listEnvironmentsOfProject(db, projectId)).map((environment) => environment.id)

async function refuseFeature(
  db: Database,
  projectId: number,
  featureId: number | null,
): Promise<Refusal | undefined> {
  if (featureId === null) return undefined
  const feature = await findFeature(db, featureId)
  return feature?.projectId === projectId
    ? undefined
    : invalid({ feature: [`Invalid pk "${featureId}" - object does not exist.`] })
}

export const createSegment: Write<
  { projectId: number; featureId: number | null; settings: SegmentSettings },
  Segment
> = async ({ db, now, reserve }, { projectId, featureId, settings }) => {
  const project = await findProject(db, projectId)
  if (project === undefined) return notFound()
  const refusal = await refuseFeature(db, projectId, featureId)
  if (refusal !== undefined) return refusal
  const { segment: id } = await reserve({ segment: 1 })
  const uuid = crypto.randomUUID()
  const segment = { ...settings, id, uuid, projectId, featureId, createdAt: now, updatedAt: now }
  return ok({
    result: segment,
    statements: [db.insert(segments).values(segment)],
    entries: [
      {
        ...entryOf(project, segment),
        action: 'segment.created',
        log: `New Segment created: ${segment.name}`,
        before: null,
        after: snapshot(segment),
      },
    ],
    publish: await allEnvironments(db, projectId),
    events: [],
  })
}

export const updateSegment: Write<
  { projectId: number; id: number; settings: Partial<SegmentSettings> },
  Segment
> = async ({ db, now }, { projectId, id, settings }) => {
  const [before, project] = await Promise.all([findSegment(db, id), findProject(db, projectId)])
  if (before?.projectId !== projectId || project === undefined) return notFound()
  const { rules, ...scalars } = { ...before, ...settings }
  const sameRules = JSON.stringify(rules) === JSON.stringify(before.rules)
  if (sameRules && !changed(before, scalars)) return ok(nothingToDo(before))
  const after: Segment = { ...scalars, rules, updatedAt: now }
  return ok({
    result: after,
    statements: [
      db
        .update(segments)
        .set({ ...settings, updatedAt: now })
        .where(eq(segments.id, id)),
    ],
    entries: [
      {
        ...entryOf(project, after),
        action: 'segment.updated',
        log: `Segment updated: ${after.name}`,
        before: snapshot(before),
        after: snapshot(after),
      },
    ],
    publish: await allEnvironments(db, projectId),
    events: [],
  })
}

/** Takes its overrides with it, in every environment. */
export const deleteSegment: Write<{ projectId: number; id: number }, null> = async (
  { db },
  { projectId, id },
) => {
  const [segment, project] = await Promise.all([findSegment(db, id), findProject(db, projectId)])
  if (segment?.projectId !== projectId || project === undefined) return notFound()
  const overrides = await listFeatureSegmentsOfSegment(db, id)
  return ok({
    result: null,
    statements: [db.delete(segments).where(eq(segments.id, id))],
    entries: [
      {
        ...entryOf(project, segment),
        action: 'segment.deleted',
        log: `Segment deleted: ${segment.name}`,
        before: { ...snapshot(segment), overrides: overrides.map((row) => snapshot(row)) },
        after: null,
      },
    ],
    publish: await allEnvironments(db, projectId),
    events: [],
  })
}
