/**
 * Secrets that must be readable again (webhook secrets, server-side keys) are sealed with AES-GCM
 * under the instance's secret. Without that secret the database alone opens nothing.
 */
import { decodeBase64, encodeBase64 } from 'hono/utils/encode'

const deriveKey = async (secret: string) => {
  const base = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    'HKDF',
    false,
    ['deriveKey'],
  )
  const info = new TextEncoder().encode('burgee sealed column v1')
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

/** Answers `v1.` + base64 of a fresh 12-byte nonce followed by the ciphertext. */
export async function seal(secret: string, plain: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const key = await deriveKey(secret)
  const data = new TextEncoder().encode(plain)
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, data)
  const bytes = new Uint8Array(12 + cipher.byteLength)
  bytes.set(nonce)
  bytes.set(new Uint8Array(cipher), 12)
  return `v1.${encodeBase64(bytes.buffer)}`
}

/** Throws when the instance's secret is not the one that sealed it. */
export async function unseal(secret: string, sealed: string): Promise<string> {
  const bytes = decodeBase64(sealed.slice(3))
  const key = await deriveKey(secret)
  const iv = bytes.slice(0, 12)
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, bytes.slice(12))
  return new TextDecoder().decode(plain)
}
