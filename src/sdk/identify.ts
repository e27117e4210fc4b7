/**
 * From a request to an identity with its traits: what is stored of it is read, merged with what was
 * sent, and written where it differs. Contract sdk-api §2.2, "Persistence modes". It renders nothing.
 */
import type { Env } from '../env.ts'
import { sha256Hex } from '../storage/digest.ts'
import type { Access } from './access.ts'
import type { IdentifyRequest } from './identify-request.ts'
import type { Subject } from './identity-flags.ts'
import { recallIdentity, rememberIdentity } from './identity-memo.ts'
import { nobody, readIdentity, type StoredIdentity, writeIdentity } from './identity-store.ts'
import { type Merge, mergeTraits, type Trait, valuesOf } from './merge-traits.ts'
import type { SentTrait } from './sent-traits.ts'

export type Identified = {
  identifier: string
  traits: ReadonlyMap<string, Trait>
  subject: Subject
}

/** A client-side key may be forbidden to bring traits: then anybody could claim to be anything. */
export const mayBringTraits = ({ slot, side }: Access): boolean =>
  side === 'server' || slot.document.environment.allowClientTraits

/**
 * What splits hash where composite keys are off: the identity's id, which who is not stored does not
 * have. Null stands for the composite key (sdk-api §6.1).
 */
function hashKey({ slot }: Access, id: number | null): string | null {
  if (slot.document.environment.useIdentityCompositeKeyForHashing) return null
  return id === null ? 'None' : String(id)
}

function identified(
  access: Access,
  identifier: string,
  { id, traits, overrides }: Pick<StoredIdentity, 'id' | 'overrides'> & Pick<Merge, 'traits'>,
): Identified {
  const subject = {
    id,
    identifier,
    key: hashKey(access, id),
    traits: valuesOf(traits),
    overrides,
  }
  return { identifier, traits, subject }
}

const spoken = new Map([
  ['true', 'True'],
  ['false', 'False'],
])

/** As the contract's server prints it: numbers as they lie, text without its quotes. */
const textOf = ({ json }: SentTrait): string =>
  json.startsWith('"') ? JSON.parse(json) : (spoken.get(json) ?? json)

/** Where UTF-16 puts characters beyond the basic plane before some within it, code points do not. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)

function byCodePoint(a: SentTrait, b: SentTrait): number {
  for (let index = 0; index < a.key.length && index < b.key.length; index++) {
    const difference = rank(a.key.charCodeAt(index)) - rank(b.key.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return a.key.length - b.key.length
}

/** The same traits are always the same somebody; without any, each is another (gotcha 7). */
async function anonymousIdentifier(sent: SentTrait[]): Promise<string> {
  if (sent.length === 0) return crypto.randomUUID().replaceAll('-', '')
  const ordered = sent.toSorted(byCodePoint)
  const told = ordered.filter((trait) => trait.json !== 'null')
  return sha256Hex(told.map((trait) => trait.key + textOf(trait)).join(''))
}

/** Somebody who has no place in the database: nothing is read and nothing written. */
export function passingIdentity(access: Access, identifier: string, sent: SentTrait[]): Identified {
  const rules = { isStored: false, transient: true, persist: false }
  return identified(access, identifier, { ...nobody, ...mergeTraits([], sent, rules) })
}

/** The written traits know their ids now; the others keep what they had. */
function withIds(merge: Merge, ids: Map<string, number>): Merge['traits'] {
  for (const [key, id] of ids) {
    const trait = merge.traits.get(key)
    if (trait !== undefined && !trait.transient) merge.traits.set(key, { ...trait, id })
  }
  return merge.traits
}

/** Who only looks may be told what was so a moment ago; who may write must know what is so. */
async function findIdentity(
  env: Env,
  { slot }: Access,
  { identifier, transient }: Pick<Ask, 'identifier' | 'transient'>,
): Promise<StoredIdentity> {
  const { version, environment } = slot.document
  const key = { environmentId: environment.id, identifier }
  if (!transient) return readIdentity(env, key)
  const readAt = Date.now()
  const recalled = recallIdentity(key, { version, now: readAt })
  if (recalled !== undefined) return recalled
  const identity = await readIdentity(env, key)
  rememberIdentity(key, { identity, version, readAt })
  return identity
}

export type Ask = { identifier: string; transient: boolean; sent: SentTrait[] }

/** Null: it would have more traits than an identity may have. */
export async function storedIdentity(
  env: Env,
  access: Access,
  { identifier, transient, sent }: Ask,
): Promise<Identified | null> {
  const { environment, organisation } = access.slot.document
  const key = { environmentId: environment.id, identifier }
  const stored = await findIdentity(env, access, { identifier, transient })
  const merge = mergeTraits(stored.traits, sent, {
    // An identity that is made by this very request has nothing yet that could be masked.
    isStored: stored.id !== null,
    transient,
    persist: organisation.persistTraitData,
  })
  const { traits } = merge
  const isSame = stored.id !== null && merge.set.length === 0 && merge.remove.length === 0
  if (transient || isSame) return identified(access, identifier, { ...stored, traits })
  const written = await writeIdentity(env, key, merge)
  if (written === null) return null
  const { id, traitIds } = written
  return identified(access, identifier, { ...stored, id, traits: withIds(merge, traitIds) })
}

/** Whoever a `POST /identities/` asks for. */
export async function identify(
  env: Env,
  access: Access,
  { identifier, transient, traits }: IdentifyRequest,
): Promise<Identified | null> {
  const sent = mayBringTraits(access) ? traits : []
  return identifier === null
    ? passingIdentity(access, await anonymousIdentifier(sent), sent)
    : storedIdentity(env, access, { identifier, transient, sent })
}
