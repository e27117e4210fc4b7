/**
 * Compiles a document once for many evaluations: nothing is parsed, sorted or built afterwards. The
 * result carries its own scratch space; it belongs to one isolate and must not be stored.
 */

import { wordsOf } from './hashing.ts'
import { compositeKey, type Evaluable, type Flag } from './model.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import type { Run } from './reading.ts'
import { type CompiledSegment, compileSegment, newReadings } from './segment.ts'

export type CompiledFeature = {
  readonly id: number
  readonly name: string
  /** Its place in the document. */
  readonly place: number
  readonly outcome: Outcome
  /** Strongest first, so that the first whose segment matches has won. */
  readonly overrides: readonly CompiledOverride[]
}

type CompiledOverride = {
  readonly priority: number
  /** The segment's place in the document. */
  readonly segment: number
  readonly outcome: Outcome
}

/** All features' overrides in one row: those of the feature in place `p` begin at `starts[p]`. */
type Overrides = {
  readonly starts: Int32Array
  readonly segments: Int32Array
  readonly outcomes: readonly Outcome[]
}

export type Compiled = {
  readonly environmentKey: string
  readonly features: readonly CompiledFeature[]
  readonly byName: ReadonlyMap<string, CompiledFeature>
  readonly byId: ReadonlyMap<number, readonly CompiledFeature[]>
  readonly segments: readonly CompiledSegment[]
  readonly overrides: Overrides
  /** The environment's own flags, in feature order. */
  readonly defaults: readonly Flag[]
  /** Places of the features that an identity without overrides of its own can change. */
  readonly open: Int32Array
  readonly run: Run
  readonly scratch: Scratch
}

/** What one evaluation notes down and the next writes over. */
export type Scratch = {
  /** For each segment whether it matches: not asked yet, no, yes. */
  readonly verdicts: Uint8Array
  /** Which features the identity's own overrides have decided. */
  readonly taken: Uint8Array
  /** The outcomes that wait for a hash, and their places. */
  readonly waiting: Outcome[]
  readonly places: Int32Array
}

export function compile(document: Evaluable): Compiled {
  const { name, apiKey } = document.environment
  const environment = new Map([
    ['name', name],
    ['key', apiKey],
  ])
  const run = newRun(apiKey)
  const readings = newReadings(environment, run)
  const segments = document.segments.map((segment) => compileSegment(segment, readings))
  const overrides = collectOverrides(document)
  const features = document.features.map((feature, place) => ({
    id: feature.id,
    name: feature.name,
    place,
    outcome: outcomeOf(feature.state, {
      feature,
      origin: 'default',
      reason: 'DEFAULT',
      featureSegmentId: null,
    }),
    overrides: overrides.get(feature.id) ?? [],
  }))
  const size = features.length
  return {
    environmentKey: apiKey,
    features,
    byName: new Map(features.map((feature) => [feature.name, feature])),
    byId: Map.groupBy(features, ({ id }) => id),
    segments,
    overrides: layOut(features),
    defaults: features.map((feature) => feature.outcome.plain),
    open: Int32Array.from(features.filter(isOpen), ({ place }) => place),
    run,
    scratch: {
      verdicts: new Uint8Array(segments.length),
      taken: new Uint8Array(size),
      waiting: [],
      places: new Int32Array(size),
    },
  }
}

function newRun(environmentKey: string): Run {
  return {
    stamp: 0,
    identity: null,
    key: '',
    isComposite: false,
    isEncoded: false,
    environment: wordsOf(compositeKey(environmentKey, '')),
  }
}

/** Whether anything but the default can come out, identity overrides apart. */
function isOpen({ overrides, outcome }: CompiledFeature): boolean {
  return overrides.length > 0 || outcome.variants.length > 0
}

function layOut(features: readonly CompiledFeature[]): Overrides {
  const all = features.flatMap(({ overrides }) => overrides)
  const starts = new Int32Array(features.length + 1)
  for (const { place, overrides } of features) {
    starts[place + 1] = (starts[place] as number) + overrides.length
  }
  return {
    starts,
    segments: Int32Array.from(all, ({ segment }) => segment),
    outcomes: all.map(({ outcome }) => outcome),
  }
}

/**
 * Sorting by priority is stable, so equal priorities keep the earlier segment (gotcha 40). Overrides of
 * features the document does not have are dropped (§5.2, step 4); so are those of segments without
 * rules, which never match.
 */
function collectOverrides(document: Evaluable): Map<number, CompiledOverride[]> {
  const byFeature = new Map<number, CompiledOverride[]>()
  const features = new Map(document.features.map((feature) => [feature.id, feature]))
  for (const [place, segment] of document.segments.entries()) {
    if (segment.rules.length === 0) continue
    for (const { featureId, featureSegmentId, priority, state } of segment.overrides) {
      const feature = features.get(featureId)
      if (feature === undefined) continue
      const reason = `TARGETING_MATCH; segment=${segment.name}`
      const winner = { feature, origin: 'segment', reason, featureSegmentId } as const
      const override = { priority, segment: place, outcome: outcomeOf(state, winner) }
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
