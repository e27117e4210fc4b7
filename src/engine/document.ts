/**
 * The document: the published state of one environment, all that the serving path ever reads about
 * flags. It is plain JSON, so that it can be stored in KV and read back without a schema library.
 */

/** What a flag can be worth: contract sdk-api §2.1. Integers are signed 32-bit, never fractions. */
export type FlagValue = string | number | boolean | null

export type FeatureType = 'STANDARD' | 'MULTIVARIATE'

/** One option of a multivariate feature with the share a feature state gives it. */
export type Variant = {
  /** Id of the share itself: the contract's ordering key for bucketing (sdk-api §5). */
  id: number
  uuid: string
  optionId: number
  key: string | null
  value: FlagValue
  /** Percent, 0 to 100; the shares of one state never exceed 100 together. */
  weight: number
}

export type FeatureState = {
  id: number
  uuid: string
  enabled: boolean
  /** The control value of a multivariate feature, the value of a standard one. */
  value: FlagValue
  variants: Variant[]
  /** Bucketing seed: the contract's `django_id`; survives a state being recreated. */
  seed: number
  /** Hashed in place of the seed by a state that came with a textual one (contract sdk-api §2.4). */
  hashKey?: string
}

export type Feature = {
  id: number
  name: string
  type: FeatureType
  description: string | null
  initialValue: string | null
  defaultEnabled: boolean
  /** Epoch milliseconds. */
  createdAt: number
  isServerKeyOnly: boolean
  /** The environment's default state. */
  state: FeatureState
}

export type RuleType = 'ALL' | 'ANY' | 'NONE'

/** The operator is text: a document may carry one that this version does not know; it never matches. */
export type Condition = { operator: string; property: string | null; value: string | null }

export type Rule = { type: RuleType; conditions: Condition[]; rules: Rule[] }

/** A segment's state for one feature; the smaller priority is the stronger. */
export type SegmentOverride = {
  featureId: number
  featureSegmentId: number
  priority: number
  state: FeatureState
}

export type Segment = {
  id: number
  name: string
  description: string | null
  rules: Rule[]
  overrides: SegmentOverride[]
  /** Hashed in place of the id by percentage splits of a segment that came with a textual key. */
  hashKey?: string
}

/** A server-side key that opens this document; only its SHA-256 (hex) is published. */
export type DocumentKey = { hash: string; expiresAt: number | null }

export type Document = {
  /** Shape of this JSON; raised when a reader of the old shape could not read the new one. */
  schema: 1
  /** Rises by one with every change of the environment; an older document never replaces a newer. */
  version: number
  /** Epoch milliseconds of the change that made this version. */
  updatedAt: number
  environment: {
    id: number
    name: string
    /** The client-side key; while a rotation runs, the new one. */
    apiKey: string
    /** While a rotation runs, and a little longer: what it replaces, good before `expiresAt`. */
    oldKey?: { key: string; expiresAt: number }
    allowClientTraits: boolean
    /** Null: the project's setting holds. */
    hideDisabledFlags: boolean | null
    hideSensitiveData: boolean
    useIdentityCompositeKeyForHashing: boolean
    useIdentityOverridesInLocalEval: boolean
  }
  project: { id: number; name: string; hideDisabledFlags: boolean; enableRealtimeUpdates: boolean }
  organisation: { id: number; name: string; stopServingFlags: boolean; persistTraitData: boolean }
  serverKeys: DocumentKey[]
  features: Feature[]
  segments: Segment[]
}
