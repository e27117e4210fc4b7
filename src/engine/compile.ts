/**
 * Compiles a document once for many evaluations: nothing is parsed, sorted or built afterwards. The
 * result carries its own scratch space; it belongs to one isolate and must not be stored.
 */

import type { Segment } from './document.ts'
import type { Evaluable, Flag } from './model.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import type { Run } from './reading.ts'
import { type CompiledSegment, compileSegment, newReadings } from './segment.ts'

export type CompiledFeature = {
  readonly id: number
  readonly name: string
  readonly outcome: Outcome
  /** Strongest first, so that the first whose segment matches has won. */
  readonly overrides: readonly CompiledOverride[]
}

type CompiledOverride = {
  readonly priority: number
  readonly segment: CompiledSegment
  readonly outcome: Outcome
}

export type Compiled = {
  readonly environmentKey: string
  readonly features: readonly CompiledFeature[]
  readonly byName: ReadonlyMap<string, CompiledFeature>
  readonly segments: readonly CompiledSegment[]
  /** The environment's own flags, in feature order. */
  readonly defaults: readonly Flag[]
  /** Places of the features that an identity without overrides of its own can change. */
  readonly open: readonly number[]
  readonly run: Run
}

export function compile(document: Evaluable): Compiled {
  const { name, apiKey } = document.environment
  const environment = new Map([
    ['name', name],
    ['key', apiKey],
  ])
  const readings = newReadings(environment)
  const segments = document.segments.map((segment) => compileSegment(segment, readings))
  const overrides = collectOverrides(document, segments)
  const features = document.features.map((feature) => ({
    id: feature.id,
    name: feature.name,
    outcome: outcomeOf(feature.state, {
      feature,
      origin: 'default',
      reason: 'DEFAULT',
      featureSegmentId: null,
    }),
    overrides: overrides.get(feature.id) ?? [],
  }))
  return {
    environmentKey: apiKey,
    features,
    byName: new Map(features.map((feature) => [feature.name, feature])),
    segments,
    defaults: features.map((feature) => feature.outcome.plain),
    open: [...features.keys()].filter((place) => isOpen(features[place] as CompiledFeature)),
    run: { stamp: 0, identity: null, key: '' },
  }
}

/** Whether anything but the default can come out, identity overrides apart. */
function isOpen({ overrides, outcome }: CompiledFeature): boolean {
  return overrides.length > 0 || outcome.variants.length > 0
}

/**
 * Sorting by priority is stable, so equal priorities keep the earlier segment (gotcha 40). Overrides of
 * features the document does not have are dropped (§5.2, step 4); so are those of segments without
 * rules, which never match.
 */
function collectOverrides(
  document: Evaluable,
  segments: CompiledSegment[],
): Map<number, CompiledOverride[]> {
  const byFeature = new Map<number, CompiledOverride[]>()
  const features = new Map(document.features.map((feature) => [feature.id, feature]))
  for (const compiled of segments) {
    const segment: Segment = compiled.segment
    if (segment.rules.length === 0) continue
    for (const { featureId, featureSegmentId, priority, state } of segment.overrides) {
      const feature = features.get(featureId)
      if (feature === undefined) continue
      const reason = `TARGETING_MATCH; segment=${segment.name}`
      const winner = { feature, origin: 'segment', reason, featureSegmentId } as const
      const override = { priority, segment: compiled, outcome: outcomeOf(state, winner) }
      const known = byFeature.get(featureId)
      if (known === undefined) byFeature.set(featureId, [override])
      else known.push(override)
    }
  }
  for (const list of byFeature.values()) list.sort(byPriority)
  return byFeature
}

/** Subtraction would turn two infinite priorities into no order at all. */
function byPriority(a: CompiledOverride, b: CompiledOverride): number {
  if (a.priority === b.priority) return 0
  return a.priority < b.priority ? -1 : 1
}
