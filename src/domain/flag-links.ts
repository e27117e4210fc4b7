/** Which segments override a flag after a change of it, and in which order: what goes, comes and moves. */
import { insertRows, isOneOf } from '../storage/database.ts'
import { type FeatureSegment, featureSegments } from '../storage/feature-segments.ts'
import { linkDeleted, reorder } from './feature-segments.ts'
import { placeOverrides } from './flag-order.ts'
import { overrideFlag, type Scene } from './flag-scene.ts'
import type { Context, Plan } from './write.ts'

type LinkPlan = { links: Map<number, FeatureSegment>; plan: Omit<Plan<null>, 'result'> }

const noEffects = { features: [], publish: [], events: [] }

/** The links as they will be, and what goes, comes and moves for it. */
export async function planLinks(context: Context, scene: Scene): Promise<LinkPlan> {
  const { db, reserve } = context
  const { ground, before, wanted, kept, removed } = scene
  const wishes = wanted.overrides ?? []
  const places = placeOverrides(kept, wishes, wanted.replace)
  const held = new Set(kept.map((link) => link.segmentId))
  const fresh = wishes.filter((wish) => !held.has(wish.segmentId))
  const { 'feature-segment': first } = await reserve({ 'feature-segment': fresh.length })
  const added = fresh.map(
    ({ segmentId }, index): FeatureSegment => ({
      id: first + index,
      uuid: crypto.randomUUID(),
      featureId: ground.feature.id,
      segmentId,
      environmentId: ground.environment.id,
      priority: places.get(segmentId) ?? 0,
    }),
  )
  const after = kept.map((link) => ({
    ...link,
    priority: places.get(link.segmentId) ?? link.priority,
  }))
  const moved = reorder(context, ground, { before: kept, after })
  const removals = removed.flatMap((link) => {
    const segment = scene.segments.get(link.segmentId)
    const override = before.overrides.find((candidate) => candidate.link.id === link.id)
    const flag = override && overrideFlag(scene, override)
    return segment === undefined ? [] : [linkDeleted(ground, { link, segment, flag })]
  })
  const gone = isOneOf(
    featureSegments.id,
    removed.map((link) => link.id),
  )
  return {
    links: new Map([...after, ...added].map((link) => [link.segmentId, link])),
    plan: {
      ...noEffects,
      statements: [
        ...(removed.length === 0 ? [] : [db.delete(featureSegments).where(gone)]),
        ...insertRows(db, featureSegments, added),
        ...moved.statements,
      ],
      entries: [...removals, ...moved.entries],
    },
  }
}
