/**
 * What evaluation takes beside the document and what it gives back. Filtering (disabled, server-only,
 * sensitive) is not the engine's business: callers do it on the flags they receive.
 */

import type { Document, Feature, FeatureState, FlagValue } from './document.ts'

/** The part of a document that evaluation reads; every `Document` is one. */
export type Evaluable = {
  environment: Pick<Document['environment'], 'name' | 'apiKey'>
  features: Pick<Feature, 'id' | 'name' | 'state'>[]
  segments: Document['segments']
}

/**
 * Whole numbers count as integers, others as floats. A caller that still knows `5.0` from `5` passes
 * the text '5.0': normalisation (contract sdk-api §5.4) makes the two indistinguishable.
 */
export type TraitValue = string | number | boolean | null

export type Identity = {
  identifier: string
  /** What splits hash; null or empty means the composite key (contract sdk-api §5.2, step 1). */
  key: string | null
  /** A Map and not an object, so that a trait named `__proto__` is only a trait. */
  traits: ReadonlyMap<string, TraitValue>
  /** By feature id, so that one lookup is enough however many there are. */
  overrides: ReadonlyMap<number, FeatureState>
}

export type Origin = 'default' | 'segment' | 'identity'

/** One feature decided. Shared between evaluations, hence read-only. */
export type Flag = {
  readonly featureId: number
  readonly name: string
  readonly enabled: boolean
  readonly value: FlagValue
  /** The winning state's own value, before any variant: what the legacy endpoints serve (§2.3). */
  readonly control: FlagValue
  /** Null without variants, without an identity, and for a selected option that has no key. */
  readonly variant: string | null
  readonly reason: string
  readonly stateId: number
  /** Which kind of state won. */
  readonly origin: Origin
  /** Of the winning segment override, else null. */
  readonly featureSegmentId: number | null
}

/** The hashing key of an identity unless the environment turned composite keys off (§6.1). */
export function compositeKey(environmentKey: string, identifier: string): string {
  return `${environmentKey}_${identifier}`
}
