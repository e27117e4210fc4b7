/**
 * The rules of segments. The rule tree is kept as sent, with ids for its parts; an update replaces it
 * whole. What a tree means is not judged here: a pattern that the engine cannot compile never matches,
 * as in the original, because SDKs that evaluate locally know other dialects.
 */
import { eq } from 'drizzle-orm'
import { invalid, notFound, ok, type Refusal, unknownId } from '../outcome.ts'
import { readSegmentCascade } from '../storage/cascade-rows.ts'
import type { Database } from '../storage/database.ts'
import { listEnvironmentsOfProject } from '../storage/environments.ts'
import { listFeatureSegmentsOfSegment } from '../storage/feature-segments.ts'
import { findFeature } from '../storage/features.ts'
import { findProject, type Project } from '../storage/projects.ts'
import { findSegment, type RuleTree, type Segment, segments } from '../storage/segments.ts'
import { statesGone } from './cascades.ts'
import { bytesOf, refuseSegment, refuseText } from './limits.ts'
import { aboutSegment, segmentDeleted } from './segment-entry.ts'
import { countParts, numberRules, refuseRules, sameRules } from './segment-rules.ts'
import { changed, snapshot } from './snapshot.ts'
import { type Context, nothingToDo, type Write } from './write.ts'

export type SegmentSettings = {
  name: string
  description: string | null
  rules: RuleTree
}

const allEnvironments = async (db: Database, projectId: number) =>
  (await listEnvironmentsOfProject(db, projectId)).map((environment) => environment.id)

async function refuseFeature(
  db: Database,
  projectId: number,
  featureId: number | null,
): Promise<Refusal | undefined> {
  if (featureId === null) return undefined
  const feature = await findFeature(db, featureId)
  return feature?.projectId === projectId ? undefined : unknownId('feature', featureId)
}

/** Both of the tree's limits: those of any tree, and those of the project. */
const refuseTree = async (
  db: Database,
  project: Project,
  tree: RuleTree,
): Promise<Refusal | undefined> =>
  refuseRules(tree, project.maxSegmentConditionsAllowed) ??
  (await refuseText(db, project, bytesOf(JSON.stringify(tree))))

async function withIds({ reserve }: Pick<Context, 'reserve'>, tree: RuleTree): Promise<RuleTree> {
  const { rules, conditions } = countParts(tree)
  const firsts = await reserve({ 'segment-rule': rules, 'segment-condition': conditions })
  return numberRules(tree, {
    rule: firsts['segment-rule'],
    condition: firsts['segment-condition'],
  })
}

export const createSegment: Write<
  { projectId: number; featureId: number | null; settings: SegmentSettings },
  Segment
> = async (context, { projectId, featureId, settings }) => {
  const { db, now, reserve } = context
  const project = await findProject(db, projectId)
  if (project === undefined) return notFound()
  const refusal =
    (await refuseSegment(db, project)) ??
    (await refuseFeature(db, projectId, featureId)) ??
    (await refuseTree(db, project, settings.rules))
  if (refusal !== undefined) return refusal
  const { segment: id } = await reserve({ segment: 1 })
  const segment: Segment = {
    ...settings,
    rules: await withIds(context, settings.rules),
    id,
    uuid: crypto.randomUUID(),
    projectId,
    featureId,
    createdAt: now,
    updatedAt: now,
  }
  return ok({
    result: segment,
    statements: [db.insert(segments).values(segment)],
    entries: [
      {
        ...aboutSegment(project, segment),
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

/** A new segment with everything of another but its name. */
export const cloneSegment: Write<{ projectId: number; id: number; name: string }, Segment> = async (
  context,
  { projectId, id, name },
) => {
  const segment = await findSegment(context.db, id)
  if (segment?.projectId !== projectId) return notFound()
  const { description, rules, featureId } = segment
  return createSegment(context, { projectId, featureId, settings: { name, description, rules } })
}

/** A segment that overrides other features cannot become the segment of one. */
async function refuseMove(
  db: Database,
  segment: Segment,
  featureId: number | null,
): Promise<Refusal | undefined> {
  if (featureId === null || featureId === segment.featureId) return undefined
  const refusal = await refuseFeature(db, segment.projectId, featureId)
  if (refusal !== undefined) return refusal
  const overrides = await listFeatureSegmentsOfSegment(db, segment.id)
  return overrides.some((link) => link.featureId !== featureId)
    ? invalid({ feature: ['The segment overrides other features.'] })
    : undefined
}

/** A tree that says what the present one says keeps the present ids. */
export const updateSegment: Write<
  {
    projectId: number
    id: number
    settings: Partial<SegmentSettings & { featureId: number | null }>
  },
  Segment
> = async (context, { projectId, id, settings }) => {
  const { db, now } = context
  const [before, project] = await Promise.all([findSegment(db, id), findProject(db, projectId)])
  if (before?.projectId !== projectId || project === undefined) return notFound()
  const { rules: tree = before.rules, ...scalars } = settings
  const isSameTree = sameRules(tree, before.rules)
  const merged: Segment = { ...before, ...scalars }
  const refusal =
    (await refuseMove(db, before, merged.featureId)) ??
    (isSameTree ? undefined : await refuseTree(db, project, tree))
  if (refusal !== undefined) return refusal
  if (isSameTree && !changed(before, merged)) return ok(nothingToDo(before))
  const rules = isSameTree ? before.rules : await withIds(context, tree)
  const after: Segment = { ...merged, rules, updatedAt: now }
  return ok({
    result: after,
    statements: [db.update(segments).set(after).where(eq(segments.id, id))],
    entries: [
      {
        ...aboutSegment(project, after),
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
  const gone = await readSegmentCascade(db, id)
  return ok({
    result: null,
    statements: [db.delete(segments).where(eq(segments.id, id))],
    entries: [segmentDeleted(project, segment), ...(await statesGone(db, gone))],
    features: [...new Set(gone.links.map((link) => link.featureId))],
    publish: await allEnvironments(db, projectId),
    events: [],
  })
}
