/** One flag or all of them for a subject, as JSON text. What the key may not see is left out here. */
import {
  evaluate as evaluateAll,
  evaluateFeature,
  type Flag,
  type Identity,
} from '../engine/index.ts'
import type { Access } from './access.ts'
import { catalogueOf, isVisible, type Listed, stateOf } from './catalogue.ts'
import { resultJson } from './result.ts'

/** Renders a flag for whoever asks; undefined when the document hides it from them. */
function rendererFor({ slot, side }: Access, identity: Identity | null) {
  const catalogue = catalogueOf(slot)
  const { hideSensitiveData } = slot.document.environment
  return (listed: Listed, flag: Flag): string | undefined => {
    // Judged after overrides (sdk-api §2.2).
    if (!flag.enabled && catalogue.hidesDisabled) return undefined
    if (!isVisible(listed, side)) return undefined
    const state = stateOf(flag, listed, { catalogue, identity })
    return resultJson({ flag, listed, state, side, hideSensitiveData })
  }
}

/** Whether the flag can be served at all: asked before an identity is read for it. */
export function mayServe({ slot, side }: Access, name: string): boolean {
  const listed = catalogueOf(slot).byName.get(name)
  return listed !== undefined && isVisible(listed, side)
}

/** Undefined when there is no such flag, or none that this key is served. */
export function evaluateOne(
  access: Access,
  name: string,
  identity: Identity | null,
): string | undefined {
  const { compiled } = access.slot
  const listed = catalogueOf(access.slot).byName.get(name)
  const flag =
    identity === null
      ? compiled.byName.get(name)?.outcome.plain
      : evaluateFeature(compiled, name, identity)
  return listed && flag ? rendererFor(access, identity)(listed, flag) : undefined
}

/** Nobody in particular gets the environment's own flags; segments are not asked (sdk-api §2.1). */
export function evaluateEvery(access: Access, identity: Identity | null): string[] {
  const { compiled } = access.slot
  const flags = identity === null ? compiled.defaults : evaluateAll(compiled, identity)
  const render = rendererFor(access, identity)
  return catalogueOf(access.slot).all.flatMap((listed, index) => {
    const flag = flags[index]
    return (flag && render(listed, flag)) ?? []
  })
}
