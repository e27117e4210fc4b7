/** A whole flag in one environment: what stands before a change of it, and what it is to be. */
import { notFound, type Outcome, ok } from '../outcome.ts'
import type { FeatureSegment } from '../storage/feature-segments.ts'
import type { FeatureState } from '../storage/feature-states.ts'
import { listSegments, type Segment } from '../storage/segments.ts'
import { readWholeFlag, type WholeFlagRows } from '../storage/whole-flags.ts'
import { findGround, type Ground } from './feature-segments.ts'
import type { StateWithShares } from './feature-states.ts'
import type { Flag } from './flag.ts'
import type { Wanted } from './flag-refusals.ts'
import type { Context } from './write.ts'

export type Place = { environmentId: number; featureId: number }

export type OverrideOfFlag = StateWithShares & { link: FeatureSegment }

/** Overrides strongest first; a link without a state overrides nothing. */
export type WholeFlag = StateWithShares & { overrides: OverrideOfFlag[] }

/** Undefined for a feature that the environment does not have. */
export function wholeFlag({ links, states, shares }: WholeFlagRows): WholeFlag | undefined {
  const sharesOf = Map.groupBy(shares, (share) => share.featureStateId)
  const whole = (state: FeatureState) => ({ state, shares: sharesOf.get(state.id) ?? [] })
  const own = states.find((state) => state.featureSegmentId === null)
  const byLink = new Map(states.map((state) => [state.featureSegmentId, state]))
  const overrides = links.flatMap((link) => {
    const state = byLink.get(link.id)
    return state === undefined ? [] : [{ ...whole(state), link }]
  })
  return own && { ...whole(own), overrides }
}

/** What stands before the change, and what it is to be. */
export type Scene = {
  ground: Ground
  rows: WholeFlagRows
  before: WholeFlag
  wanted: Wanted
  segments: Map<number, Segment>
  /** Links that stay, strongest first. */
  kept: FeatureSegment[]
  removed: FeatureSegment[]
}

export async function findScene(
  context: Context,
  { environmentId, featureId, ...wanted }: Place & Wanted,
): Promise<Outcome<Scene>> {
  const place = { environmentId, featureId }
  const ground = await findGround(context, place)
  if (ground.kind !== 'ok') return notFound()
  const rows = await readWholeFlag(context.db, place)
  const before = wholeFlag(rows)
  if (before === undefined) return notFound()
  const named = new Set(wanted.overrides?.map((override) => override.segmentId))
  const isSet = wanted.replace && wanted.overrides !== undefined
  const kept = rows.links.filter((link) => !isSet || named.has(link.segmentId))
  const removed = rows.links.filter((link) => !kept.includes(link))
  const ids = [...named, ...removed.map((link) => link.segmentId)]
  const found = await listSegments(context.db, ids)
  const segments = new Map(found.map((segment) => [segment.id, segment]))
  return ok({ ground: ground.value, rows, before, wanted, segments, kept, removed })
}

/** A present override as the log and events tell it. */
export const overrideFlag = (
  { ground, rows, segments }: Scene,
  { link, state, shares }: OverrideOfFlag,
): Flag | undefined => {
  const segment = segments.get(link.segmentId)
  const { options } = rows
  return (
    segment && { ...ground, target: { kind: 'segment', segment, link }, state, shares, options }
  )
}
