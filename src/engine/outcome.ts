/**
 * Everything one feature state can come to, as finished flags: choosing between them is all that is
 * left for a request (contract sdk-api §5.6). It does not decide which state wins.
 */

import type { FeatureState, Variant } from './document.ts'
import { type Seed, seedOf } from './hashing.ts'
import type { Flag, Origin } from './model.ts'

export type Outcome = {
  /** Served where nothing is bucketed. */
  readonly plain: Flag
  /** What an identity gets whatever its key; null where the key has to be hashed. */
  readonly settled: Flag | null
  /** Served when bucketing hits no variant. */
  readonly control: Flag
  /** One for each variant in bucketing order, with the end of its range. */
  readonly variants: readonly Flag[]
  readonly ends: readonly number[]
  /** What is hashed in front of the identity's key. */
  readonly seed: Seed
}

export type Winner = {
  readonly feature: { readonly id: number; readonly name: string }
  readonly origin: Origin
  readonly reason: string
  readonly featureSegmentId: number | null
}

const UNHASHED: Seed = { text: '', words: new Int32Array(0), bytes: 0 }

export function outcomeOf(state: FeatureState, winner: Winner): Outcome {
  const plain = flagOf(state, winner, null)
  if (state.variants.length === 0) {
    return { plain, settled: plain, control: plain, variants: [], ends: [], seed: UNHASHED }
  }
  const ordered = [...state.variants].sort((a, b) => a.id - b.id)
  const variants = ordered.map((variant) => flagOf(state, winner, variant))
  const ends: number[] = []
  let total = 0
  for (const variant of ordered) {
    total += variant.weight
    ends.push(total)
  }
  return {
    plain,
    // The percentage is always below a hundred: what is allotted wholly needs no hash.
    settled: (ends[0] as number) >= 100 ? (variants[0] as Flag) : null,
    control: { ...plain, variant: 'control' },
    variants,
    ends,
    seed: seedOf(state.hashKey ?? `${state.seed}`),
  }
}

/** Ranges are half-open, so a weight of zero never wins and one of a hundred always does. */
export function choose({ ends, variants, control }: Outcome, percentage: number): Flag {
  for (let i = 0; i < ends.length; i++) {
    if (percentage < (ends[i] as number)) return variants[i] as Flag
  }
  return control
}

/** A hit variant replaces the reason even of a segment override (gotcha 40). */
function flagOf(state: FeatureState, winner: Winner, variant: Variant | null): Flag {
  return {
    featureId: winner.feature.id,
    name: winner.feature.name,
    enabled: state.enabled,
    value: variant === null ? state.value : variant.value,
    control: state.value,
    variant: variant === null ? null : variant.key,
    reason: variant === null ? winner.reason : `SPLIT; weight=${variant.weight}`,
    stateId: state.id,
    origin: winner.origin,
    featureSegmentId: winner.featureSegmentId,
  }
}
