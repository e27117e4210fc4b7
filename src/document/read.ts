/**
 * The serving path's way to a document: memo, then KV, and only if KV has nothing, D1. A D1 outage
 * does not stop it; a KV outage is bridged by what the isolate still remembers.
 */
import type { Env } from '../env.ts'
import { logError, reasonOf } from '../log.ts'
import { openDatabase } from '../storage/database.ts'
import { sha256Hex } from '../storage/digest.ts'
import { readDocumentRows } from '../storage/document-rows.ts'
import { getDocument, getPointer } from '../storage/documents.ts'
import { findEnvironmentIdByKeyHash } from '../storage/environment-keys.ts'
import { findEnvironmentByKey } from '../storage/environments.ts'
import { buildDocument } from './build.ts'
import { forget, freshMs, recall, remember, renewAfterMs, type Slot } from './memo.ts'

/** The document as KV has it; where KV has none yet, as the rows say. */
async function refresh(env: Env, environmentId: number): Promise<Slot | undefined> {
  const published = await getDocument(env.DOCUMENTS, environmentId)
  if (published !== null) return remember(published)
  const rows = await readDocumentRows(openDatabase(env.DB), environmentId)
  if (rows !== undefined) return remember(buildDocument(rows))
  forget(environmentId)
  return undefined
}

/** The document when it is so fresh that nobody need look into KV, not even in the background. */
export function freshDocument(environmentId: number): Slot | undefined {
  const slot = recall(environmentId)
  return slot !== undefined && Date.now() - slot.checkedAt <= renewAfterMs ? slot : undefined
}

export type Background = (work: Promise<unknown>) => void

/**
 * The compiled document of an environment, at most a second behind KV; undefined when there is none.
 * `background` keeps work alive after the response (a request's `waitUntil`).
 */
export async function readDocument(
  env: Env,
  environmentId: number,
  background: Background,
): Promise<Slot | undefined> {
  const slot = recall(environmentId)
  const age = slot === undefined ? Number.POSITIVE_INFINITY : Date.now() - slot.checkedAt
  if (slot !== undefined && age < freshMs) {
    if (age > renewAfterMs && !slot.renewing) {
      slot.renewing = true
      background(refresh(env, environmentId).catch(() => undefined))
    }
    return slot
  }
  try {
    return await refresh(env, environmentId)
  } catch (error) {
    logError('document.refresh-failed', { environment: environmentId, error: reasonOf(error) })
    if (slot === undefined) throw error
    return slot
  }
}

/** An SDK key as the isolate knows it: where it points, and its hash for the document to judge. */
export type Pointer = { environmentId: number | null; hash: string; until: number }

const maxPointers = 10_000
/** A key that was unknown is asked for again after this long. */
const unknownForMs = 5_000
/** Strangers who try random keys must not reach D1 more often than this, per second and isolate. */
const lookupsPerSecond = 20

const pointers = new Map<string, Pointer>()
const lookups = { second: 0, count: 0 }

function mayLookUp(now: number): boolean {
  const second = Math.floor(now / 1_000)
  if (lookups.second !== second) Object.assign(lookups, { second, count: 0 })
  lookups.count += 1
  return lookups.count <= lookupsPerSecond
}

async function lookUp(env: Env, key: string, hash: string): Promise<number | null> {
  const pointed = await getPointer(env.DOCUMENTS, hash)
  if (pointed !== null || !mayLookUp(Date.now())) return pointed
  const db = openDatabase(env.DB)
  return key.startsWith('ser.')
    ? ((await findEnvironmentIdByKeyHash(db, hash)) ?? null)
    : ((await findEnvironmentByKey(db, key))?.id ?? null)
}

export function rememberedPointer(key: string): Pointer | undefined {
  const known = pointers.get(key)
  return known !== undefined && known.until > Date.now() ? known : undefined
}

/** The document does not know the key (any more): it may soon be another environment's. */
export function doubtPointer(key: string): void {
  const known = pointers.get(key)
  if (known !== undefined) known.until = Math.min(known.until, Date.now() + unknownForMs)
}

/** Where a presented key points. That it points somewhere does not make it good. */
export async function readPointer(env: Env, key: string): Promise<Pointer> {
  const known = rememberedPointer(key)
  if (known !== undefined) return known
  const hash = await sha256Hex(key)
  const environmentId = await lookUp(env, key, hash)
  const until = environmentId === null ? Date.now() + unknownForMs : Number.POSITIVE_INFINITY
  const pointer = { environmentId, hash, until }
  if (pointers.size >= maxPointers) {
    const oldest = pointers.keys().next().value
    if (oldest !== undefined) pointers.delete(oldest)
  }
  pointers.set(key, pointer)
  return pointer
}
