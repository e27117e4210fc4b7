/**
 * The headers by which a receiver knows an attempt: the identification and signature of Standard
 * Webhooks beside those of Flagsmith and Flipt (contract audit-and-webhooks §8.7, §9.4, §9.5). Never
 * sees a URL.
 */
import { encodeBase64 } from 'hono/utils/encode'
import { sha256Hex } from '../storage/digest.ts'

const utf8 = new TextEncoder()

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

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
  // With the padding that it should have or any other: the runtime refuses only the latter.
  const encoded = /^whsec_([A-Za-z0-9+/]+)={0,2}$/.exec(secret)?.[1]
  if (encoded === undefined || encoded.length % 4 === 1) return utf8.encode(secret)
  return Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
}

export type Message = {
  id: string
  /** Unix seconds. */
  timestamp: number
  body: string
}

const signedText = ({ id, timestamp, body }: Message) => `${id}.${timestamp}.${body}`

export async function standardSignature(secret: string, message: Message): Promise<string> {
  return `v1,${encodeBase64(await hmac(standardKey(secret), signedText(message)))}`
}

/** Ed25519: who verifies it could not have made it. */
export async function asymmetricSignature(key: CryptoKey, message: Message): Promise<string> {
  const signed = utf8.encode(signedText(message))
  return `v1a,${encodeBase64(await crypto.subtle.sign('Ed25519', key, signed))}`
}

/** Lower-case hex over the body alone, keyed with the secret exactly as the owner typed it. */
export async function bodySignature(secret: string, body: string): Promise<string> {
  return hexOf(new Uint8Array(await hmac(utf8.encode(secret), body)))
}

export type Secrets = {
  present: string | null
  /** While a rotation runs: the one that follows. */
  next: string | null
  /** The endpoint's own Ed25519 key, which signs besides. */
  privateKey: CryptoKey | null
}

/**
 * During a rotation Standard Webhooks carries both signatures, so that a receiver may know either
 * secret. The legacy headers have room for one: it is the present secret's until the next is promoted.
 * Without a secret these signatures are absent, as in the original; receivers can still dedupe.
 */
export async function signatureHeaders(
  message: Message,
  { present, next, privateKey }: Secrets,
): Promise<Record<string, string>> {
  const known = {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
  }
  const secrets = [present, next].filter((secret) => secret !== null && secret !== '')
  const signatures = await Promise.all([
    ...secrets.map((secret) => standardSignature(secret as string, message)),
    ...(privateKey === null ? [] : [asymmetricSignature(privateKey, message)]),
  ])
  if (signatures.length === 0) return known
  const standard = { ...known, 'webhook-signature': signatures.join(' ') }
  if (present === null || present === '') return standard
  const legacy = await bodySignature(present, message.body)
  return { ...standard, 'X-Flagsmith-Signature': legacy, 'x-flipt-webhook-signature': legacy }
}

/** Where an attempt stands: dense for each endpoint and environment, so that a gap can be seen. */
export const placeHeaders = (at: {
  /** Null: of no environment; those are numbered by themselves. */
  environmentId: number | null
  sequence: number
  attempt: number
}) => ({
  ...(at.environmentId !== null && { 'x-environment': String(at.environmentId) }),
  'x-sequence': String(at.sequence),
  'x-previous-sequence': String(at.sequence - 1),
  'x-attempt': String(at.attempt),
})

/**
 * W3C Trace Context: one trace for an event, whatever its retries and endpoints, in which every attempt is
 * a parent of its own: eight random bytes, of which the last bit is set because zero is not valid.
 */
export async function traceHeaders(eventId: string, random: Uint8Array) {
  const trace = (await sha256Hex(eventId)).slice(0, 32)
  const parent = hexOf(random.with(7, (random[7] ?? 0) | 1))
  return { traceparent: `00-${trace}-${parent}-01` }
}
