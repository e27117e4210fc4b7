/**
 * The per-isolate memo of compiled documents: values, never promises, bounded in number. A document
 * is trusted for one second; half-way through, a request renews it without waiting.
 */

import type { Document } from '../engine/document.ts'
import { type Compiled, compile } from '../engine/index.ts'

/** After this long a request must look into KV again before it answers. */
export const freshMs = 1_000
/** After this long a request starts the look in the background. */
export const renewAfterMs = 500
const maxDocuments = 500

export type Slot = { document: Document; compiled: Compiled; checkedAt: number; renewing: boolean }

const slots = new Map<number, Slot>()

/** Keeps the document unless a newer version is already here; answers the one that stays. */
export function remember(document: Document, now = Date.now()): Slot {
  const id = document.environment.id
  const present = slots.get(id)
  if (present !== undefined && present.document.version >= document.version) {
    present.checkedAt = now
    present.renewing = false
    return present
  }
  const slot = { document, compiled: compile(document), checkedAt: now, renewing: false }
  if (present === undefined && slots.size >= maxDocuments) {
    const oldest = slots.keys().next().value
    if (oldest !== undefined) slots.delete(oldest)
  }
  slots.set(id, slot)
  return slot
}

export const recall = (environmentId: number): Slot | undefined => slots.get(environmentId)

export function forget(environmentId: number): void {
  slots.delete(environmentId)
}
