/** What the database holds of an identity, in one round trip. It creates and writes nothing. */
import type { FeatureState } from '../engine/document.ts'
import type { TraitValue } from '../engine/index.ts'
import type { Env } from '../env.ts'
import { type IdentityKey, readTraitValue } from '../storage/identities.ts'
import { readIdentityRows } from '../storage/identity-rows.ts'
import { stateBuilder } from './build.ts'

export type StoredIdentity = {
  id: number
  traits: ReadonlyMap<string, TraitValue>
  overrides: ReadonlyMap<number, FeatureState>
}

export async function findIdentity(env: Env, key: IdentityKey): Promise<StoredIdentity | null> {
  const rows = await readIdentityRows(env, key)
  if (rows.identity === undefined) return null
  const build = stateBuilder(rows)
  return {
    id: rows.identity.id,
    traits: new Map(rows.traits.map((trait) => [trait.key, readTraitValue(trait.value)])),
    overrides: new Map(rows.states.map((state) => [state.featureId, build(state)])),
  }
}
