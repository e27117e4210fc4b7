/**
 * Whether the new key of a rotation is in use: told to D1 behind the response, once an isolate and ten
 * minutes, and only while the document says that a rotation runs. A report that is lost with its
 * isolate is made up for by the next one; no request ever waits for it or fails with it.
 */
import type { Document } from '../engine/document.ts'
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { openDatabase } from '../storage/database.ts'
import { recordNewKeyUse } from '../storage/key-rotations.ts'

/** So exact is the time of the last use that administrators read. */
const quietMs = 10 * 60_000
/** After this long a report that failed is made again. */
const retryMs = 10_000
const maxKeys = 1_000

/** Until when an isolate says nothing more of a key. */
const quietUntil = new Map<string, number>()

export const isUseOfNewKey = ({ environment }: Document, key: string): boolean =>
  environment.oldKey !== undefined && environment.apiKey === key

export const isUseRecorded = (key: string): boolean => (quietUntil.get(key) ?? 0) > Date.now()

export async function recordUse(env: Env, environmentId: number, key: string): Promise<void> {
  const now = Date.now()
  if (quietUntil.size >= maxKeys) quietUntil.clear()
  quietUntil.set(key, now + quietMs)
  try {
    await recordNewKeyUse(openDatabase(env.DB), { environmentId, key }, now)
  } catch (error) {
    quietUntil.set(key, now + retryMs)
    logError('key-rotation.use-unrecorded', { environment: environmentId, error: reasonOf(error) })
  }
}
