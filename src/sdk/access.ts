/** `X-Environment-Key` → the document it opens. Contract sdk-api §1.2: every failure is a 403. */

import type { Slot } from '../document/memo.ts'
import { readDocument, readPointer } from '../document/read.ts'
import type { Env } from '../env.ts'
import { forbidden, type Outcome, ok } from '../outcome.ts'

/** Which of the two kinds of key was presented. */
export type Side = 'client' | 'server'

export type Access = { slot: Slot; side: Side }

const missing = forbidden('Invalid or missing Environment key')
const unknown = forbidden('Invalid or missing Environment Key')
const stopped = forbidden('Organisation is disabled from serving flags.')

export type SdkRequest = {
  env: Env
  req: { header: (name: string) => string | undefined }
  executionCtx: { waitUntil: (work: Promise<unknown>) => void }
}

/** Longer than any key there is: not worth a hash. */
const maxKeyLength = 100

/**
 * A pointer only leads to the document; the key is good when the document itself names it, so a key
 * that is deactivated, expired or replaced stops with the version that says so.
 */
export async function openDocument(c: SdkRequest): Promise<Outcome<Access>> {
  const key = c.req.header('X-Environment-Key')
  if (key === undefined || key === '') return missing
  if (key.length > maxKeyLength) return unknown
  const pointer = await readPointer(c.env, key)
  if (pointer.environmentId === null) return unknown
  const slot = await readDocument(c.env, pointer.environmentId, (work) =>
    c.executionCtx.waitUntil(work),
  )
  if (slot === undefined) return unknown
  const { document } = slot
  const side: Side = key.startsWith('ser.') ? 'server' : 'client'
  const good =
    side === 'client'
      ? document.environment.apiKey === key
      : document.serverKeys.some(
          (known) =>
            known.hash === pointer.hash &&
            (known.expiresAt === null || known.expiresAt > Date.now()),
        )
  if (!good) return unknown
  return document.organisation.stopServingFlags ? stopped : ok({ slot, side })
}
