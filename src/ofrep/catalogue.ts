/**
 * What of a document OFREP looks up beside the engine, found once per version: features by name, and
 * the state that an evaluated flag stems from.
 */
import type { Slot } from '../document/memo.ts'
import type { Feature, FeatureState } from '../engine/document.ts'
import type { Flag, Identity } from '../engine/index.ts'
import type { Side } from './access.ts'

export type Listed = {
  feature: Feature
  /** Whether who is asked can make a difference, individual overrides apart. */
  varies: boolean
}

export type Catalogue = {
  /** In the document's order, which is also the order the engine answers in. */
  all: Listed[]
  byName: ReadonlyMap<string, Listed>
  /** By the link of segment and feature that they stand for. */
  segmentStates: ReadonlyMap<number, FeatureState>
  hidesDisabled: boolean
}

const catalogues = new WeakMap<Slot, Catalogue>()

function build({ document, compiled }: Slot): Catalogue {
  const all = document.features.map((feature, index) => ({
    feature,
    varies:
      feature.state.variants.length > 0 || (compiled.features[index]?.overrides.length ?? 0) > 0,
  }))
  const overrides = document.segments.flatMap((segment) => segment.overrides)
  return {
    all,
    byName: new Map(all.map((listed) => [listed.feature.name, listed])),
    segmentStates: new Map(
      overrides.map(({ featureSegmentId, state }) => [featureSegmentId, state]),
    ),
    hidesDisabled: document.environment.hideDisabledFlags ?? document.project.hideDisabledFlags,
  }
}

export function catalogueOf(slot: Slot): Catalogue {
  const known = catalogues.get(slot)
  if (known !== undefined) return known
  const catalogue = build(slot)
  catalogues.set(slot, catalogue)
  return catalogue
}

/** A server-key-only feature does not exist for a client-side key. */
export const isVisible = ({ feature }: Listed, side: Side): boolean =>
  side === 'server' || !feature.isServerKeyOnly

export function stateOf(
  flag: Flag,
  { feature }: Listed,
  from: { catalogue: Catalogue; identity: Identity | null },
): FeatureState {
  switch (flag.origin) {
    case 'default':
      return feature.state
    case 'segment':
      return from.catalogue.segmentStates.get(flag.featureSegmentId ?? 0) ?? feature.state
    case 'identity':
      return from.identity?.overrides.get(flag.featureId) ?? feature.state
  }
}
