/**
 * Stored traits and sent ones → what the identity has in this evaluation, and what is to be written.
 * Pure. Contract sdk-api §2.2, "Trait write rules".
 */
import type { TraitValue } from '../engine/index.ts'
import type { SentTrait } from './sent-traits.ts'

/** One trait of an identity as it is evaluated and answered. */
export type Trait = SentTrait & { id: number | null }

export type Merge = {
  /** In the order in which they are answered: stored first, then new. */
  traits: Map<string, Trait>
  set: { key: string; value: string }[]
  remove: string[]
}

export type MergeRules = {
  /** There is a stored identity: only then is there something that a transient null can mask. */
  isStored: boolean
  /** The identity itself is transient, and so is every sent trait. */
  transient: boolean
  /** The organisation lets traits be stored. */
  persist: boolean
}

function mask(merge: Merge, trait: SentTrait, { isStored }: MergeRules): void {
  if (trait.json === 'null' && !isStored) return
  const { key, json, value } = trait
  merge.traits.set(key, { id: null, key, json, value, transient: true })
}

function remove(merge: Merge, key: string, { persist }: MergeRules): void {
  if (persist && merge.traits.delete(key)) merge.remove.push(key)
}

function set(merge: Merge, trait: SentTrait, { persist }: MergeRules): void {
  const present = merge.traits.get(trait.key)
  if (persist && present?.json !== trait.json) {
    merge.set.push({ key: trait.key, value: trait.json })
  }
  merge.traits.set(trait.key, { ...trait, id: present?.id ?? null })
}

/** `sent` has each key once. A replaced trait keeps its place. */
export function mergeTraits(stored: Trait[], sent: SentTrait[], rules: MergeRules): Merge {
  const merge: Merge = { traits: new Map(), set: [], remove: [] }
  for (const trait of stored) merge.traits.set(trait.key, trait)
  for (const trait of sent) {
    if (rules.transient || trait.transient) mask(merge, trait, rules)
    else if (trait.json === 'null') remove(merge, trait.key, rules)
    else set(merge, trait, rules)
  }
  return merge
}

/** As the engine takes them. */
export function valuesOf(traits: Map<string, Trait>): Map<string, TraitValue> {
  const values = new Map<string, TraitValue>()
  for (const trait of traits.values()) values.set(trait.key, trait.value)
  return values
}
