/**
 * Everything one feature state can come to, as finished flags: choosing between them is all that is
 * left for a request (contract sdk-api §5.6). It does not decide which state wins.
 */

import type { FeatureState, Variant } from './document.ts'
import type { Flag, Origin } from './model.ts'
import { percentage } from './percentage.ts'

export type Outcome = {
  readonly hashKey: string
  /** Served where nothing is bucketed. */
  readonly plain: Flag
  /** Served when bucketing hits no variant. */
  readonly control: Flag
  /** One for each variant in bucketing order, with the end of its range. */
  readonly variants: readonly Flag[]
  readonly ends: readonly number[]
}

export type Winner = {
  readonly feature: { readonly id: number; readonly name: string }
  readonly origin: Origin
  readonly reason: string
  readonly featureSegmentId: number | null
}

export function outcomeOf(state: FeatureState, winner: Winner): Outcome {
  const plain = flagOf(state, winner, null)
  const hashKey = state.hashKey ?? `${state.seed}`
  if (state.variants.length === 0) return { hashKey, plain, control: plain, variants: [], ends: [] }
  const ordered = [...state.variants].sort((a, b) => a.id - b.id)
  const ends: number[] = []
  let total = 0
  for (const variant of ordered) {
    total += variant.weight
    ends.push(total)
  }
  return {
    hashKey,
    plain,
    control: { ...plain, variant: 'control' },
    variants: ordered.map((variant) => flagOf(state, winner, variant)),
    ends,
  }
}

/** Ranges are half-open, so a weight of zero never wins and one of a hundred always does. */
export function choose(outcome: Outcome, key: string | null): Flag {
  const { variants, ends } = outcome
  if (variants.length === 0 || key === null) return outcome.plain
  // The percentage is always below a hundred: what is allotted wholly needs no hash.
  if ((ends[0] as number) >= 100) return variants[0] as Flag
  const place = percentage(outcome.hashKey, key)
  for (let i = 0; i < ends.length; i++) {
    if (place < (ends[i] as number)) return variants[i] as Flag
  }
  return outcome.control
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
