/** Literals to build documents and identities from; decides nothing about what they should do. */

import type {
  Condition,
  FeatureState,
  FlagValue,
  Rule,
  Segment,
  SegmentOverride,
  Variant,
} from '../../src/engine/document.ts'
import {
  compile,
  type Evaluable,
  evaluateFeature,
  type Flag,
  type Identity,
  matchingSegments,
  type TraitValue,
} from '../../src/engine/index.ts'

export function state(id: number, value: FlagValue, extra: Partial<FeatureState> = {}) {
  return { id, uuid: '', enabled: true, value, variants: [], seed: id, ...extra }
}

export function variant(id: number, value: FlagValue, extra: Partial<Variant> = {}): Variant {
  return { id, uuid: '', optionId: id, key: null, value, weight: 0, ...extra }
}

export function all(...conditions: Condition[]): Rule {
  return { type: 'ALL', conditions, rules: [] }
}

export function condition(operator: string, property: string | null, value: string | null) {
  return { operator, property, value }
}

export function segment(id: number, rules: Rule[], overrides: SegmentOverride[] = []): Segment {
  return { id, name: `segment_${id}`, description: null, rules, overrides }
}

export function override(featureId: number, priority: number, of: FeatureState): SegmentOverride {
  return { featureId, featureSegmentId: 1000 + of.id, priority, state: of }
}

export function document(parts: Partial<Evaluable>): Evaluable {
  return {
    environment: { name: 'Production', apiKey: 'env' },
    features: [],
    segments: [],
    ...parts,
  }
}

export function identity(traits: Record<string, TraitValue>, extra: Partial<Identity> = {}) {
  return {
    identifier: 'user',
    key: null,
    traits: new Map(Object.entries(traits)),
    overrides: new Map<number, FeatureState>(),
    ...extra,
  }
}

/** Whether one condition holds for a trait of that value. */
export function holds(operator: string, trait: TraitValue | undefined, value: string | null) {
  const traits: Record<string, TraitValue> = trait === undefined ? {} : { trait }
  return matchesRules([all(condition(operator, 'trait', value))], identity(traits))
}

export function matchesRules(rules: Rule[], who: Identity | null): boolean {
  const compiled = compile(document({ segments: [segment(1, rules)] }))
  return matchingSegments(compiled, who).length === 1
}

export function flag(parts: Partial<Evaluable>, who: Identity | null, name = 'feature'): Flag {
  const found = evaluateFeature(compile(document(parts)), name, who)
  if (found === null) throw new Error(`no feature ${name}`)
  return found
}

/** Small, seeded, repeatable. */
export function randomSource(seed: number): (below: number) => number {
  let bits = seed | 0
  return (below) => {
    bits = (bits + 0x6d2b79f5) | 0
    let mixed = Math.imul(bits ^ (bits >>> 15), 1 | bits)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
