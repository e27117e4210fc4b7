/**
 * An SDK key → the document it opens. A pointer only leads to the document; the key is good when the
 * document itself names it, so a key that is deactivated, expired or replaced stops with the version
 * that says so. How a refusal is worded is the asker's business.
 */
import type { Document } from '../engine/document.ts'
import type { Env } from '../env.ts'
import { isUseOfNewKey, isUseRecorded, recordUse } from './key-use.ts'
import type { Slot } from './memo.ts'
import {
  type Background,
  doubtPointer,
  freshDocument,
  type Pointer,
  readDocument,
  readPointer,
  rememberedPointer,
} from './read.ts'

/** Which of the two kinds of key was presented. */
export type Side = 'client' | 'server'

export type Access = { slot: Slot; side: Side }

export type Opened =
  | ({ kind: 'open' } & Access)
  | { kind: 'missing' }
  | { kind: 'unknown' }
  /** The key is good and its organisation is not served. */
  | { kind: 'stopped' }

/** Longer than any key there is: not worth a hash. */
const maxKeyLength = 100

/** The environment's key, or the one that it replaces while the leeway lasts. */
const isClientKey = ({ apiKey, oldKey }: Document['environment'], key: string): boolean =>
  apiKey === key || (oldKey !== undefined && oldKey.key === key && oldKey.expiresAt > Date.now())

function judge(slot: Slot, key: string, { hash }: Pointer): Opened {
  const { document } = slot
  const side: Side = key.startsWith('ser.') ? 'server' : 'client'
  const good =
    side === 'client'
      ? isClientKey(document.environment, key)
      : document.serverKeys.some(
          (known) =>
            known.hash === hash && (known.expiresAt === null || known.expiresAt > Date.now()),
        )
  if (!good) return { kind: 'unknown' }
  return document.organisation.stopServingFlags ? { kind: 'stopped' } : { kind: 'open', slot, side }
}

/** `background` keeps work alive after the response (a request's `waitUntil`). */
export async function openWithKey(
  env: Env,
  key: string | undefined,
  background: Background,
): Promise<Opened> {
  if (key === undefined || key === '') return { kind: 'missing' }
  if (key.length > maxKeyLength) return { kind: 'unknown' }
  const pointer = await readPointer(env, key)
  if (pointer.environmentId === null) return { kind: 'unknown' }
  const slot = await readDocument(env, pointer.environmentId, background)
  const opened = slot === undefined ? { kind: 'unknown' as const } : judge(slot, key, pointer)
  if (opened.kind === 'unknown') doubtPointer(key)
  if (opened.kind === 'open' && isUseOfNewKey(opened.slot.document, key) && !isUseRecorded(key)) {
    background(recordUse(env, pointer.environmentId, key))
  }
  return opened
}

/**
 * The same without a promise: undefined when it takes one to know, and for every refusal; also when
 * the use of the key is still to be recorded.
 */
export function openAtOnce(key: string): Access | undefined {
  const pointer = rememberedPointer(key)
  if (pointer === undefined || pointer.environmentId === null) return undefined
  const slot = freshDocument(pointer.environmentId)
  if (slot === undefined) return undefined
  if (isUseOfNewKey(slot.document, key) && !isUseRecorded(key)) return undefined
  const opened = judge(slot, key, pointer)
  return opened.kind === 'open' ? opened : undefined
}
