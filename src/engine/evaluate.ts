/**
 * Evaluation: a pure, synchronous function of a compiled document and an identity. Only the segments
 * that can still decide a feature are looked at, each at most once.
 */

import type { Compiled, CompiledFeature } from './compile.ts'
import type { FeatureState, Segment } from './document.ts'
import { compositeKey, type Flag, type Identity } from './model.ts'
import { choose, outcomeOf } from './outcome.ts'
import type { Run } from './reading.ts'
import { matches } from './segment.ts'

/**
 * Every feature's flag, in the document's feature order. Without an identity segments still count
 * (they may match on the environment alone, §5.2); `/flags/`, which never asks segments, serves
 * `compiled.defaults` instead.
 */
export function evaluate(compiled: Compiled, identity: Identity | null): Flag[] {
  const run = start(compiled, identity)
  const { features } = compiled
  const flags = compiled.defaults.slice()
  if (identity !== null && identity.overrides.size > 0) {
    for (let i = 0; i < features.length; i++) flags[i] = decide(features[i] as CompiledFeature, run)
  } else {
    for (const i of compiled.open) flags[i] = decide(features[i] as CompiledFeature, run)
  }
  finish(run)
  return flags
}

/** One feature's flag by exact name; null when the document has no such feature. */
export function evaluateFeature(
  compiled: Compiled,
  name: string,
  identity: Identity | null,
): Flag | null {
  const feature = compiled.byName.get(name)
  if (feature === undefined) return null
  const run = start(compiled, identity)
  const flag = decide(feature, run)
  finish(run)
  return flag
}

/** Every segment that matches, in document order, whether or not it overrides anything. */
export function matchingSegments(compiled: Compiled, identity: Identity | null): Segment[] {
  const run = start(compiled, identity)
  const matching: Segment[] = []
  for (const segment of compiled.segments) {
    if (matches(segment, run)) matching.push(segment.segment)
  }
  finish(run)
  return matching
}

function start(compiled: Compiled, identity: Identity | null): Run {
  const run = compiled.run
  run.stamp++
  run.identity = identity
  run.key =
    identity === null
      ? ''
      : identity.key || compositeKey(compiled.environmentKey, identity.identifier)
  return run
}

/** A compiled document outlives the request; the identity with all its maps must not live as long. */
function finish(run: Run): void {
  run.identity = null
  run.key = ''
}

/** Identity override, then the strongest matching segment, then the default (§5.2, gotcha 40). */
function decide(feature: CompiledFeature, run: Run): Flag {
  const identity = run.identity
  const key = identity === null ? null : run.key
  if (identity !== null && identity.overrides.size > 0) {
    const state = identity.overrides.get(feature.id)
    if (state !== undefined) return decideForIdentity(feature, state, run.key)
  }
  const overrides = feature.overrides
  for (let i = 0; i < overrides.length; i++) {
    const override = overrides[i]
    if (override !== undefined && matches(override.segment, run)) {
      return choose(override.outcome, key)
    }
  }
  return choose(feature.outcome, key)
}

/** The contract words an identity override as a segment of this name (§5.8). */
function decideForIdentity(feature: CompiledFeature, state: FeatureState, key: string): Flag {
  const reason = 'TARGETING_MATCH; segment=identity_overrides'
  const winner = { feature, origin: 'identity', reason, featureSegmentId: null } as const
  return choose(outcomeOf(state, winner), key)
}
