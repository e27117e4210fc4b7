/**
 * Secrets that must be readable again (webhook secrets, server-side keys) are sealed with AES-GCM
 * under the instance's secret. Without that secret the database alone opens nothing. A fingerprint
 * tells whether a secret is the same as before, and nothing else.
 */
import { decodeBase64, encodeBase64 } from 'hono/utils/encode'

const bytesOf = (text: string) => new TextEncoder().encode(text)

const baseOf = (secret: string) =>
  crypto.subtle.importKey('raw', bytesOf(secret), 'HKDF', false, ['deriveKey'])

const deriveKey = async (secret: string) =>
  crypto.subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: new Uint8Array(),
      info: bytesOf('burgee sealed column v1'),
    },
    await baseOf(secret),
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )

/** Answers `v1.` + base64 of a fresh 12-byte nonce followed by the ciphertext. */
export async function seal(secret: string, plain: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const key = await deriveKey(secret)
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, bytesOf(plain))
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

/** An organisation's own, so that none can tell that another one has the same secret. */
const fingerprintKey = async (secret: string, organisationId: number) =>
  crypto.subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: bytesOf(`organisation:${organisationId}`),
      info: bytesOf('burgee secret fingerprint v1'),
    },
    await baseOf(secret),
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign'],
  )

/** `hmac:` and 16 hex digits, the same for the same text; who lacks the instance's secret cannot guess. */
export async function fingerprint(
  secret: string,
  organisationId: number,
  text: string,
): Promise<string> {
  const key = await fingerprintKey(secret, organisationId)
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytesOf(text)), 0, 8)
  return `hmac:${Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** Null for nothing, and for what cannot be opened any more: it must stay replaceable. */
export async function fingerprintOfSealed(
  secret: string,
  organisationId: number,
  sealed: string | null,
): Promise<string | null> {
  const text = sealed === null ? null : await unseal(secret, sealed).catch(() => null)
  return text === null ? null : fingerprint(secret, organisationId, text)
}
