/**
 * Publishes the document of one environment to KV. Idempotent, and safe against a second publisher:
 * an older version never stays on top of a newer one.
 */
import type { Document } from '../engine/document.ts'
import type { Env } from '../env.ts'
import { openDatabase } from '../storage/database.ts'
import { sha256Hex } from '../storage/digest.ts'
import { readDocumentRows } from '../storage/document-rows.ts'
import {
  deleteDocument,
  deletePointer,
  getDocument,
  getPointer,
  putDocument,
  putPointer,
} from '../storage/documents.ts'
import { findEnvironment } from '../storage/environments.ts'
import { buildDocument } from './build.ts'
import { forget, remember } from './memo.ts'

async function keyHashes(document: Document | null): Promise<Set<string>> {
  if (document === null) return new Set()
  const { apiKey, oldKey } = document.environment
  const clientKeys = oldKey === undefined ? [apiKey] : [apiKey, oldKey.key]
  const hashes = await Promise.all(clientKeys.map(sha256Hex))
  return new Set([...hashes, ...document.serverKeys.map((key) => key.hash)])
}

/** A key that was freed here may be another environment's by now: its pointer is left alone. */
async function release(kv: KVNamespace, hashes: Iterable<string>, id: number) {
  await Promise.all(
    [...hashes].map(async (hash) => {
      if ((await getPointer(kv, hash)) === id) await deletePointer(kv, hash)
    }),
  )
}

/** Pointers come before the document that makes them good, and go after the one that ends them. */
async function putWithPointers(kv: KVNamespace, document: Document, before: Document | null) {
  const [wanted, present] = await Promise.all([keyHashes(document), keyHashes(before)])
  const { id } = document.environment
  await Promise.all([...wanted.difference(present)].map((hash) => putPointer(kv, hash, id)))
  await putDocument(kv, document)
  await release(kv, present.difference(wanted), id)
}

async function withdraw(kv: KVNamespace, environmentId: number, before: Document | null) {
  await release(kv, await keyHashes(before), environmentId)
  await deleteDocument(kv, environmentId)
  forget(environmentId)
}

/** Brings KV to what D1 says now; withdraws the document of an environment that is gone. */
export async function publishDocument(env: Env, environmentId: number): Promise<void> {
  const db = openDatabase(env.DB)
  for (;;) {
    const [rows, before] = await Promise.all([
      readDocumentRows(db, environmentId),
      getDocument(env.DOCUMENTS, environmentId),
    ])
    if (rows === undefined) return withdraw(env.DOCUMENTS, environmentId, before)
    const document = buildDocument(rows)
    if (before === null || before.version <= document.version) {
      await putWithPointers(env.DOCUMENTS, document, before)
      remember(document)
    }
    // Between our read and our put another publisher may have put a newer version: then ours hides it.
    const present = await findEnvironment(db, environmentId)
    if (present?.version === document.version) return
  }
}
