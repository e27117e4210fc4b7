/**
 * The headers by which a receiver knows an attempt: the identification and signature of Standard
 * Webhooks beside the one of Flagsmith (contract audit-and-webhooks §8.7, §9.5). Never sees a URL.
 */
import { encodeBase64 } from 'hono/utils/encode'

const utf8 = new TextEncoder()

async function hmac(key: Uint8Array, text: string): Promise<ArrayBuffer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign'])
  return crypto.subtle.sign('HMAC', imported, utf8.encode(text))
}

/**
 * What stock verifiers make of the secret: `whsec_` and base64 stand for the decoded bytes. Any
 * other secret stands for its own UTF-8 bytes, since Flagsmith allows arbitrary text.
 */
export function standardKey(secret: string): Uint8Array {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  if (encoded === undefined || encoded.replace(/=+$/, '').length % 4 === 1) {
    return utf8.encode(secret)
  }
  return Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
}

export type Message = {
  id: string
  /** Unix seconds. */
  timestamp: number
  body: string
}

export async function standardSignature(secret: string, message: Message): Promise<string> {
  const signed = `${message.id}.${message.timestamp}.${message.body}`
  return `v1,${encodeBase64(await hmac(standardKey(secret), signed))}`
}

/** Lower-case hex over the body alone, keyed with the secret exactly as the owner typed it. */
export async function bodySignature(secret: string, body: string): Promise<string> {
  const digest = new Uint8Array(await hmac(utf8.encode(secret), body))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Without a secret the signatures are absent, as in the original; receivers can still dedupe. */
export async function attemptHeaders(
  message: Message,
  secret: string | null,
): Promise<Record<string, string>> {
  const known = {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
  }
  if (secret === null || secret === '') return known
  return {
    ...known,
    'webhook-signature': await standardSignature(secret, message),
    'X-Flagsmith-Signature': await bodySignature(secret, message.body),
  }
}
