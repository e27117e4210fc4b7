/**
 * The bulk answer and its entity tag. The tag is a digest of the answer itself: whatever a change
 * touches (document, key kind, context, stored traits, overrides), it shows there or it is no change.
 */
import type { Slot } from '../document/memo.ts'
import type { Identity } from '../engine/index.ts'
import { sha256Hex } from '../storage/digest.ts'
import type { Access, Side } from './access.ts'
import { evaluateEvery } from './evaluate.ts'

export type Bulk = { body: string; tag: string }

async function render(access: Access, identity: Identity | null): Promise<Bulk> {
  const body = `{"flags":[${evaluateEvery(access, identity).join(',')}]}`
  // Weak, because it is the same with and without compression.
  return { body, tag: `W/"${(await sha256Hex(body)).slice(0, 32)}"` }
}

const defaults = new WeakMap<Slot, Partial<Record<Side, Bulk>>>()

/** What depends on nobody in particular is rendered once per document version and key kind. */
export async function bulkFor(access: Access, identity: Identity | null): Promise<Bulk> {
  if (identity !== null) return render(access, identity)
  const { slot, side } = access
  const known = defaults.get(slot)?.[side]
  if (known !== undefined) return known
  const bulk = await render(access, null)
  defaults.set(slot, { ...defaults.get(slot), [side]: bulk })
  return bulk
}

const opaque = (tag: string) => tag.replace(/^W\//, '')

/** If-None-Match is a list and compares weakly (RFC 9110 §13.1.2). */
export const isNamed = (tag: string, header = ''): boolean =>
  header.trim() === '*' || (header.match(/"[^"]*"/g) ?? []).some((named) => named === opaque(tag))
