/**
 * Evaluation: a pure, synchronous function of a compiled document and an identity. Only the segments
 * that can still decide a feature are looked at, each at most once; then all that needs a hash is
 * hashed together.
 */

import type { Compiled, CompiledFeature } from './compile.ts'
import type { FeatureState, Segment } from './document.ts'
import { hashTogether, percentages } from './hashing.ts'
import { compositeKey, type Flag, type Identity } from './model.ts'
import { choose, type Outcome, outcomeOf } from './outcome.ts'
import { type CompiledSegment, matches } from './segment.ts'

const UNKNOWN = 0
const OUT = 1
const IN = 2

/**
 * Every feature's flag, in the document's feature order. Without an identity segments still count
 * (they may match on the environment alone, §5.2); `/flags/`, which never asks segments, serves
 * `compiled.defaults` instead.
 */
export function evaluate(compiled: Compiled, identity: Identity | null): Flag[] {
  start(compiled, identity)
  const { open, scratch } = compiled
  const flags = compiled.defaults.slice()
  const hasOwn = identity !== null && identity.overrides.size > 0
  let waiting = hasOwn ? applyOwn(compiled, identity, flags) : 0
  for (let i = 0; i < open.length; i++) {
    const place = open[i] as number
    if (hasOwn && scratch.taken[place] === 1) continue
    const outcome = winner(compiled, place)
    const flag = identity === null ? outcome.plain : outcome.settled
    if (flag === null) waiting = wait(compiled, { outcome, place, waiting })
    else flags[place] = flag
  }
  if (waiting > 0) settle(compiled, waiting, flags)
  finish(compiled)
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
  start(compiled, identity)
  const state = identity?.overrides.get(feature.id)
  const outcome = state === undefined ? winner(compiled, feature.place) : ownOutcome(feature, state)
  const flags = [identity === null ? outcome.plain : outcome.settled]
  if (flags[0] === null) settle(compiled, wait(compiled, { outcome, place: 0, waiting: 0 }), flags)
  finish(compiled)
  return flags[0] ?? null
}

/** Every segment that matches, in document order, whether or not it overrides anything. */
export function matchingSegments(compiled: Compiled, identity: Identity | null): Segment[] {
  start(compiled, identity)
  const matching: Segment[] = []
  for (const segment of compiled.segments) {
    if (matches(segment, compiled.run)) matching.push(segment.segment)
  }
  finish(compiled)
  return matching
}

function start({ run, scratch, environmentKey }: Compiled, identity: Identity | null): void {
  run.stamp++
  run.identity = identity
  run.isEncoded = false
  run.isComposite = identity !== null && !identity.key
  run.key =
    identity === null ? '' : identity.key || compositeKey(environmentKey, identity.identifier)
  scratch.verdicts.fill(UNKNOWN)
}

/** A compiled document outlives the request; nothing of the identity must live as long. */
function finish({ run, scratch }: Compiled): void {
  if (run.identity !== null && run.identity.overrides.size > 0) scratch.waiting.length = 0
  run.identity = null
  run.key = ''
}

/** The strongest matching segment's outcome, else the default (§5.2, gotcha 40). */
function winner(compiled: Compiled, place: number): Outcome {
  const { starts, segments, outcomes } = compiled.overrides
  const { verdicts } = compiled.scratch
  const end = starts[place + 1] as number
  for (let i = starts[place] as number; i < end; i++) {
    const segment = segments[i] as number
    const verdict = verdicts[segment] as number
    if (verdict === IN || (verdict === UNKNOWN && judge(compiled, segment))) {
      return outcomes[i] as Outcome
    }
  }
  return (compiled.features[place] as CompiledFeature).outcome
}

function judge({ segments, run, scratch }: Compiled, place: number): boolean {
  const isIn = matches(segments[place] as CompiledSegment, run)
  scratch.verdicts[place] = isIn ? IN : OUT
  return isIn
}

/**
 * The identity's own overrides, which go before everything; answers how many wait for a hash. The
 * fewer are gone through, the more are looked up in.
 */
function applyOwn(compiled: Compiled, identity: Identity, flags: Flag[]): number {
  const { features, byId, scratch } = compiled
  const { overrides } = identity
  scratch.taken.fill(0)
  let waiting = 0
  if (overrides.size > features.length) {
    for (const feature of features) {
      const state = overrides.get(feature.id)
      if (state !== undefined) waiting = applyOne(compiled, { feature, state, waiting }, flags)
    }
    return waiting
  }
  for (const [id, state] of overrides) {
    for (const feature of byId.get(id) ?? []) {
      waiting = applyOne(compiled, { feature, state, waiting }, flags)
    }
  }
  return waiting
}

type Own = { feature: CompiledFeature; state: FeatureState; waiting: number }

function applyOne(compiled: Compiled, { feature, state, waiting }: Own, flags: Flag[]): number {
  const { place } = feature
  const outcome = ownOutcome(feature, state)
  compiled.scratch.taken[place] = 1
  if (outcome.settled === null) return wait(compiled, { outcome, place, waiting })
  flags[place] = outcome.settled
  return waiting
}

/** The contract words an identity override as a segment of this name (§5.8). */
function ownOutcome(feature: CompiledFeature, state: FeatureState): Outcome {
  const reason = 'TARGETING_MATCH; segment=identity_overrides'
  return outcomeOf(state, { feature, origin: 'identity', reason, featureSegmentId: null })
}

type Waiting = { outcome: Outcome; place: number; waiting: number }

function wait({ scratch }: Compiled, { outcome, place, waiting }: Waiting): number {
  scratch.waiting[waiting] = outcome
  scratch.places[waiting] = place
  return waiting + 1
}

/** Hashes what waits, and serves what each percentage hits. */
function settle({ scratch, run }: Compiled, to: number, flags: (Flag | null)[]): void {
  const { waiting, places } = scratch
  for (let from = 0; from < to; ) {
    const end = hashTogether(waiting, { from, to }, run)
    for (let i = from; i < end; i++) {
      const place = places[i] as number
      flags[place] = choose(waiting[i] as Outcome, percentages[i - from] as number)
    }
    from = end
  }
}
