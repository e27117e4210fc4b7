/**
 * An SDK key → the document it opens. A pointer only leads to the document; the key is good when the
 * document itself names it, so a key that is deactivated, expired or replaced stops with the version
 * that says so. How a refusal is worded is the asker's business.
 */
import type { Env } from '../env.ts'
import type { Slot } from './memo.ts'
import {
  type Background,
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

function judge(slot: Slot, key: string, { hash }: Pointer): Opened {
  const { document } = slot
  const side: Side = key.startsWith('ser.') ? 'server' : 'client'
  const good =
    side === 'client'
      ? document.environment.apiKey === key
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
  return slot === undefined ? { kind: 'unknown' } : judge(slot, key, pointer)
}

/** The same without a promise: undefined when it takes one to know, and for every refusal. */
export function openAtOnce(key: string): Access | undefined {
  const pointer = rememberedPointer(key)
  if (pointer === undefined || pointer.environmentId === null) return undefined
  const slot = freshDocument(pointer.environmentId)
  if (slot === undefined) return undefined
  const opened = judge(slot, key, pointer)
  return opened.kind === 'open' ? opened : undefined
}
