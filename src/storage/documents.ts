/**
 * Published documents in KV, and the pointers from SDK keys to them. A pointer only says where to
 * look: whether the key is good stands in the document, so a stale pointer opens nothing.
 */
import type { Document } from '../engine/document.ts'

const documentKey = (environmentId: number) => `document:${environmentId}`
const pointerKey = (keyHash: string) => `key:${keyHash}`

export const getDocument = (kv: KVNamespace, environmentId: number): Promise<Document | null> =>
  kv.get<Document>(documentKey(environmentId), 'json')

export const putDocument = (kv: KVNamespace, document: Document): Promise<void> =>
  kv.put(documentKey(document.environment.id), JSON.stringify(document))

export const deleteDocument = (kv: KVNamespace, environmentId: number): Promise<void> =>
  kv.delete(documentKey(environmentId))

/** The environment that the key with this SHA-256 (hex) belongs to. */
export async function getPointer(kv: KVNamespace, keyHash: string): Promise<number | null> {
  const text = await kv.get(pointerKey(keyHash))
  return text === null ? null : Number(text)
}

export const putPointer = (
  kv: KVNamespace,
  keyHash: string,
  environmentId: number,
): Promise<void> => kv.put(pointerKey(keyHash), String(environmentId))

export const deletePointer = (kv: KVNamespace, keyHash: string): Promise<void> =>
  kv.delete(pointerKey(keyHash))
