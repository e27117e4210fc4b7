/**
 * Who is evaluated: the context's targeting key as an identity, like a transient identity of the SDK
 * endpoints (sdk-api §2.2). Its stored traits and overrides count, the context's traits win over
 * them, and nothing is written.
 */
import { findIdentity } from '../document/stored-identity.ts'
import type { Identity, TraitValue } from '../engine/index.ts'
import type { Env } from '../env.ts'
import { sha256Hex } from '../storage/digest.ts'
import type { Access } from './access.ts'
import type { Context } from './context.ts'

type Traits = ReadonlyMap<string, TraitValue>

const noTraits: Traits = new Map()

const textOf = (value: TraitValue): string => {
  if (typeof value !== 'boolean') return String(value)
  return value ? 'True' : 'False'
}

/** The contract's own: the same traits are always the same somebody, who lands in the same split. */
async function anonymousIdentity(traits: Traits): Promise<Identity> {
  const names = [...traits.keys()].sort()
  const text = names.map((name) => name + textOf(traits.get(name) ?? null)).join('')
  return { identifier: await sha256Hex(text), key: null, traits, overrides: new Map() }
}

/** A browser's key may be forbidden to bring traits: then anybody could claim to be anything. */
function admittedTraits({ slot, side }: Access, context: Context): Traits {
  const admitted = side === 'server' || slot.document.environment.allowClientTraits
  return admitted ? context.traits : noTraits
}

/** Null for nobody in particular, who is served the environment's defaults without any read. */
export async function subjectOf(
  env: Env,
  access: Access,
  context: Context,
): Promise<Identity | null> {
  const traits = admittedTraits(access, context)
  const { targetingKey: identifier } = context
  if (identifier === null) {
    const present = new Map([...traits].filter(([, value]) => value !== null))
    return present.size === 0 ? null : anonymousIdentity(present)
  }
  const { id: environmentId, useIdentityCompositeKeyForHashing } = access.slot.document.environment
  const stored = await findIdentity(env, { environmentId, identifier })
  return {
    identifier,
    key: useIdentityCompositeKeyForHashing ? null : String(stored?.id ?? identifier),
    traits: stored === null ? traits : new Map([...stored.traits, ...traits]),
    overrides: stored?.overrides ?? new Map(),
  }
}
