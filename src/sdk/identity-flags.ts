/**
 * Flags as an identity has them, as JSON. All that a flag can come to is rendered to bytes once per
 * document version; a request only joins the pieces. It reads and writes nothing.
 */
import type { Slot } from '../document/memo.ts'
import type { Document, Feature } from '../engine/document.ts'
import { evaluate, type Flag, type Identity } from '../engine/index.ts'
import { asciiJson } from '../http/ascii-json.ts'
import type { Access, Side } from './access.ts'
import { identityFlagView } from './flag-view.ts'

/** Finished pieces of one document version. The engine shares its flags, so they can be keys. */
type Pieces = Map<Flag, Uint8Array>

const rendered = new WeakMap<Slot, Pieces>()

function piecesOf(slot: Slot): Pieces {
  let pieces = rendered.get(slot)
  if (pieces === undefined) {
    pieces = new Map()
    rendered.set(slot, pieces)
  }
  return pieces
}

/** Both filters judge the flag as it came out, so an override can hide one (gotcha 18). */
function isServed(document: Document, side: Side): (feature: Feature, flag: Flag) => boolean {
  const hideDisabled = document.environment.hideDisabledFlags ?? document.project.hideDisabledFlags
  return (feature, flag) =>
    (flag.enabled || !hideDisabled) && (side === 'server' || !feature.isServerKeyOnly)
}

export type Subject = Identity & { id: number | null }

/** The flags that this key may see of this identity, each with its feature. */
export function servedFlags({ slot, side }: Access, subject: Subject): [Feature, Flag][] {
  const { document, compiled } = slot
  const isVisible = isServed(document, side)
  const flags = evaluate(compiled, subject)
  const served: [Feature, Flag][] = []
  for (const [index, feature] of document.features.entries()) {
    const flag = flags[index]
    if (flag !== undefined && isVisible(feature, flag)) served.push([feature, flag])
  }
  return served
}

const encoder = new TextEncoder()

type Place = { slot: Slot; pieces: Pieces; id: number | null }

/** One flag as `/identities/` writes it. */
function pieceOf([feature, flag]: [Feature, Flag], { slot, pieces, id }: Place): Uint8Array {
  const known = pieces.get(flag)
  if (known !== undefined) return known
  const view = identityFlagView(feature, flag, { document: slot.document, identityId: id })
  const piece = encoder.encode(asciiJson(view))
  // An identity's own states are made for one request: keeping them would only fill the map.
  if (flag.origin !== 'identity') pieces.set(flag, piece)
  return piece
}

/** The served flags as JSON, each for itself, in feature order. */
export function flagPieces(access: Access, subject: Subject): Uint8Array[] {
  const place = { slot: access.slot, pieces: piecesOf(access.slot), id: subject.id }
  return servedFlags(access, subject).map((served) => pieceOf(served, place))
}

/** One flag by its exact name (gotcha 16); undefined if it is not there or not to be seen. */
export function flagPieceByName(
  access: Access,
  subject: Subject,
  name: string,
): Uint8Array | undefined {
  const served = servedFlags(access, subject).find(([feature]) => feature.name === name)
  const place = { slot: access.slot, pieces: piecesOf(access.slot), id: subject.id }
  return served && pieceOf(served, place)
}
