/**
 * What an identity gets, by the engine, from what D1 says at this moment: for administration, which
 * must see its own changes at once. Serving asks the published document instead.
 */
import type { Document, FeatureState, FlagValue, Segment, Variant } from '../engine/document.ts'
import {
  compile,
  type Evaluable,
  evaluate,
  type Identity,
  matchingSegments,
  type Origin,
} from '../engine/index.ts'
import type { Env } from '../env.ts'
import { openDatabase } from '../storage/database.ts'
import { type DocumentRows, readDocumentRows } from '../storage/document-rows.ts'
import type { IdentityKey } from '../storage/identities.ts'
import { buildDocument } from './build.ts'
import { readRules } from './rules.ts'
import { findIdentity } from './stored-identity.ts'

type Known = { rows: DocumentRows; identity: Identity }

/** Undefined when either is not there. */
async function read(env: Env, key: IdentityKey): Promise<Known | undefined> {
  const [rows, stored] = await Promise.all([
    readDocumentRows(openDatabase(env.DB), key.environmentId),
    findIdentity(env, key),
  ])
  if (rows === undefined || stored === null) return undefined
  const isComposite = rows.environment.useIdentityCompositeKeyForHashing
  const identity: Identity = {
    identifier: key.identifier,
    key: isComposite ? null : String(stored.id),
    traits: stored.traits,
    overrides: stored.overrides,
  }
  return { rows, identity }
}

/** One feature as the identity gets it, and why. */
export type Decided = {
  feature: { id: number; name: string; type: string }
  enabled: boolean
  value: FlagValue
  origin: Origin
  segment: { id: number; name: string } | null
  /** The shares of the state that won. */
  variants: Variant[]
}

/** The states of a document by id, with the segment that each overrides for. */
function statesOf({ features, segments }: Document, own: Identity['overrides']) {
  const states = new Map<number, { state: FeatureState; segment: Segment | null }>()
  for (const { state } of features) states.set(state.id, { state, segment: null })
  for (const state of own.values()) states.set(state.id, { state, segment: null })
  for (const segment of segments) {
    for (const { state } of segment.overrides) states.set(state.id, { state, segment })
  }
  return states
}

/** Every feature of the environment, in the order of its default states. */
export async function decideAll(env: Env, key: IdentityKey): Promise<Decided[] | undefined> {
  const known = await read(env, key)
  if (known === undefined) return undefined
  const document = buildDocument(known.rows)
  const states = statesOf(document, known.identity.overrides)
  const types = new Map(document.features.map((feature) => [feature.id, feature.type]))
  return evaluate(compile(document), known.identity).map((flag) => {
    const { state, segment } = states.get(flag.stateId) ?? { state: undefined, segment: null }
    const type = types.get(flag.featureId) ?? 'STANDARD'
    return {
      feature: { id: flag.featureId, name: flag.name, type },
      enabled: flag.enabled,
      value: flag.value,
      origin: flag.origin,
      segment: segment && { id: segment.id, name: segment.name },
      variants: state?.variants ?? [],
    }
  })
}

/**
 * The ids of the project's segments that the identity is in. Also of those of single features that
 * override nothing here and are in no document.
 */
export async function segmentsOf(env: Env, key: IdentityKey): Promise<number[] | undefined> {
  const known = await read(env, key)
  if (known === undefined) return undefined
  const { environment, segments } = known.rows
  const evaluable: Evaluable = {
    environment: { name: environment.name, apiKey: environment.apiKey },
    features: [],
    segments: segments.map(({ id, name, description, rules }) => {
      return { id, name, description, rules: readRules(rules), overrides: [] }
    }),
  }
  return matchingSegments(compile(evaluable), known.identity).map((segment) => segment.id)
}
