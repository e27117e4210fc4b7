/**
 * Which segments override a feature in an environment, and in which order: the smaller priority
 * wins. Priorities may be sparse; nothing renumbers them behind a client's back (admin-api §B.6).
 */
import { eq } from 'drizzle-orm'
import { invalid, invalidBody, notFound, type Outcome, ok } from '../outcome.ts'
import type { Statement } from '../storage/database.ts'
import {
  type FeatureSegment,
  featureSegments,
  findFeatureSegment,
  listFeatureSegments,
  setPriorities,
} from '../storage/feature-segments.ts'
import { findStateOfSegment } from '../storage/feature-states.ts'
import { type Feature, findFeature } from '../storage/features.ts'
import { findSegment, type Segment } from '../storage/segments.ts'
import { type EnvironmentGround, findEnvironmentGround, placeOf } from './environment-ground.ts'
import { stateSnapshot } from './feature-states.ts'
import { type Flag, findFlag, stateLog } from './flag.ts'
import { refuseSegmentOverride } from './limits.ts'
import { movePriorities, openPriority } from './priorities.ts'
import { snapshot } from './snapshot.ts'
import { type About, type Context, type EntryDraft, nothingToDo, type Write } from './write.ts'

const wrong = (field: string, message: string) => invalid({ [field]: [message] })

/** A feature in an environment, with the project that both belong to. */
export type Ground = EnvironmentGround & { feature: Feature }

export async function findGround(
  { db }: Pick<Context, 'db'>,
  { environmentId, featureId }: { environmentId: number; featureId: number },
): Promise<Outcome<Ground>> {
  const ground = await findEnvironmentGround(db, environmentId)
  const feature = await findFeature(db, featureId)
  if (ground === undefined) return notFound()
  return feature?.projectId === ground.project.id
    ? ok({ ...ground, feature })
    : wrong('feature', 'Feature does not exist in project')
}

const onFeature = ({ feature, ...ground }: Ground): About => ({
  ...placeOf(ground),
  resource: { type: 'FEATURE', id: String(feature.id), uuid: feature.uuid, name: feature.name },
})

type Placed = Pick<FeatureSegment, 'id' | 'priority'>

const toldPlaces = (links: Placed[]) => links.map(({ id, priority }) => ({ id, priority }))

/** What moves of the links of one feature, in the rows and in the log; nothing for no move. */
export function reorder(
  { db }: Pick<Context, 'db'>,
  ground: Ground,
  { before, after }: { before: FeatureSegment[]; after: FeatureSegment[] },
): { statements: Statement[]; entries: EntryDraft[] } {
  const isMoved = (_: Placed, index: number) => before[index]?.priority !== after[index]?.priority
  const moved = after.filter(isMoved)
  if (moved.length === 0) return { statements: [], entries: [] }
  const told = (links: Placed[]) => ({ priorities: toldPlaces(links.filter(isMoved)) })
  return {
    statements: [setPriorities(db, moved)],
    entries: [
      {
        ...onFeature(ground),
        action: 'feature-segment.reordered',
        log: `Segment overrides re-ordered for feature '${ground.feature.name}'.`,
        before: told(before),
        after: told(after),
      },
    ],
  }
}

export type NewLink = {
  environmentId: number
  featureId: number
  segmentId: number
  /** Behind all others unless it is asked for; a place that is taken is made free. */
  priority?: number
}

export type Linked = Ground & {
  segment: Segment
  link: FeatureSegment
  /** The row itself, and the moves that make room for it. */
  statements: Statement[]
  entries: EntryDraft[]
}

/** The link between a feature and a segment in an environment, before it is told in the log. */
export async function planLink(
  context: Pick<Context, 'db' | 'reserve'>,
  { segmentId, priority, ...place }: NewLink,
): Promise<Outcome<Linked>> {
  const { db, reserve } = context
  const ground = await findGround(context, place)
  if (ground.kind !== 'ok') return ground
  const segment = await findSegment(db, segmentId)
  if (segment?.projectId !== ground.value.project.id) {
    return wrong('segment', 'Segment does not exist in project')
  }
  if (segment.featureId !== null && segment.featureId !== place.featureId) {
    return wrong('feature', 'The segment is specific to another feature.')
  }
  const before = await listFeatureSegments(db, place.environmentId, place.featureId)
  if (before.some((link) => link.segmentId === segmentId)) {
    return wrong('segment', `segment override already exists for segment '${segment.name}'`)
  }
  const full = await refuseSegmentOverride(db, ground.value.project, place)
  if (full !== undefined) return full
  const { 'feature-segment': id } = await reserve({ 'feature-segment': 1 })
  const last = Math.max(-1, ...before.map((link) => link.priority))
  const asked = priority ?? last + 1
  const moved = reorder(context, ground.value, { before, after: openPriority(before, asked) })
  const link = { ...place, id, uuid: crypto.randomUUID(), segmentId, priority: asked }
  return ok({
    ...ground.value,
    segment,
    link,
    statements: [...moved.statements, db.insert(featureSegments).values(link)],
    entries: moved.entries,
  })
}

export const linkCreated = (
  ground: Ground,
  { link, segment }: { link: FeatureSegment; segment: Segment },
): EntryDraft => ({
  ...onFeature(ground),
  action: 'feature-segment.created',
  resource: {
    type: 'FEATURE_SEGMENT',
    id: String(link.id),
    uuid: link.uuid,
    name: ground.feature.name,
  },
  log: `Segment '${segment.name}' added to the overrides of feature '${ground.feature.name}'`,
  before: null,
  after: snapshot(link),
})

export const createFeatureSegment: Write<NewLink, FeatureSegment> = async (context, input) => {
  const planned = await planLink(context, input)
  if (planned.kind !== 'ok') return planned
  const { feature, segment, link, statements, entries } = planned.value
  return ok({
    result: link,
    statements,
    entries: [...entries, linkCreated(planned.value, { link, segment })],
    features: [feature.id],
    publish: [link.environmentId],
    events: [],
  })
}

/** Moves links one after the other; what lies between makes way (contract admin-api §B.6). */
export const reorderFeatureSegments: Write<
  { environmentId: number; featureId: number; moves: Placed[] },
  FeatureSegment[]
> = async (context, { moves, ...place }) => {
  const ground = await findGround(context, place)
  if (ground.kind !== 'ok') return ground
  const before = await listFeatureSegments(context.db, place.environmentId, place.featureId)
  const known = new Set(before.map((link) => link.id))
  if (moves.some(({ id }) => !known.has(id))) {
    return invalidBody('Some of the provided ids were not found.')
  }
  const after = movePriorities(before, moves)
  const { statements, entries } = reorder(context, ground.value, { before, after })
  if (entries.length === 0) return ok(nothingToDo(after, [place.featureId]))
  const effects = { features: [place.featureId], publish: [place.environmentId], events: [] }
  return ok({ result: after, statements, entries, ...effects })
}

/** What the log says of an override that goes, state and all. */
export const linkDeleted = (
  ground: Ground,
  { link, segment, flag }: { link: FeatureSegment; segment: Segment; flag: Flag | undefined },
): EntryDraft => ({
  ...onFeature(ground),
  action: 'feature-segment.deleted',
  log: flag
    ? stateLog(flag, 'deleted')
    : `Flag state / Remote config value deleted for feature '${ground.feature.name}' and segment '${segment.name}'`,
  before: { ...snapshot(link), feature_state: flag ? stateSnapshot(flag) : null },
  after: null,
})

/** Takes the override's state with it; what was weaker moves up by one. */
export const deleteFeatureSegment: Write<{ environmentId: number; id: number }, null> = async (
  { db },
  { environmentId, id },
) => {
  const link = await findFeatureSegment(db, id)
  if (link?.environmentId !== environmentId) return notFound()
  const ground = await findGround({ db }, link)
  if (ground.kind !== 'ok') return ground
  const segment = await findSegment(db, link.segmentId)
  const state = await findStateOfSegment(db, id)
  if (segment === undefined) return notFound()
  const flag = state && (await findFlag(db, state.id))
  const links = await listFeatureSegments(db, environmentId, link.featureId)
  const weaker = links.filter(({ priority }) => priority > link.priority)
  const moved = weaker.map((one) => ({ ...one, priority: one.priority - 1 }))
  const deleted = linkDeleted(ground.value, { link, segment, flag })
  const rows = {
    before: { priorities: toldPlaces(weaker) },
    after: { priorities: toldPlaces(moved) },
  }
  return ok({
    result: null,
    statements: [
      db.delete(featureSegments).where(eq(featureSegments.id, id)),
      ...(moved.length === 0 ? [] : [setPriorities(db, moved)]),
    ],
    entries: [moved.length === 0 ? deleted : { ...deleted, rows }],
    features: [link.featureId],
    publish: [environmentId],
    events: [],
  })
}
