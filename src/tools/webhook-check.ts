/**
 * Whether the signatures of a webhook fit a secret, a public key or both, and why not. Shares no code with what signs: two that
 * agree by accident of one mistake would prove nothing.
 */
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export type Signed = {
  headers: IncomingHttpHeaders
  body: Buffer
  /** Unix seconds. */
  now: number
}

/** What the receiver was given; an empty text is nothing. */
export type Keys = { secret?: string | undefined; publicKey?: string | undefined }

export type Checked = {
  verdict: 'verified' | 'refused' | 'unchecked'
  text: string
}

const toleranceSeconds = 300

const hmac = (key: Buffer, message: Buffer) => createHmac('sha256', key).update(message)

function isEqual(told: string, expected: string): boolean {
  const [one, other] = [Buffer.from(told), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** `whsec_` and base64 stand for the decoded bytes, every other text for its own. */
function keyOf(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+)={0,2}$/.exec(secret)?.[1]
  const isEncoded = encoded !== undefined && encoded.length % 4 !== 1
  return isEncoded ? Buffer.from(encoded, 'base64') : Buffer.from(secret)
}

const textOf = (headers: IncomingHttpHeaders, name: string) => String(headers[name] ?? '')

/** What one of the signatures has to be. */
type Demand = { name: string; isMetBy: (signature: string) => boolean }

function demandOfSecret(secret: string, message: Buffer): Demand {
  const expected = `v1,${hmac(keyOf(secret), message).digest('base64')}`
  return { name: 'this secret', isMetBy: (signature) => isEqual(signature, expected) }
}

/** `whpk_` and the base64 of the key's 32 bytes. */
function demandOfPublicKey(publicKey: string, message: Buffer): Demand {
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const isMetBy = (signature: string) =>
    signature.startsWith('v1a,') &&
    verify(null, message, key, Buffer.from(signature.slice('v1a,'.length), 'base64'))
  return { name: 'this public key', isMetBy }
}

/** Undefined when it fits. */
function faultOfStandard(
  { secret, publicKey }: Keys,
  { headers, body, now }: Signed,
): string | undefined {
  const id = textOf(headers, 'webhook-id')
  const timestamp = textOf(headers, 'webhook-timestamp')
  const signatures = textOf(headers, 'webhook-signature')
  if (id === '') return 'there is no webhook-id'
  if (!/^\d+$/.test(timestamp)) return 'webhook-timestamp is no number of seconds'
  if (signatures === '')
    return 'there is no webhook-signature: has the endpoint a secret or a key pair?'
  const message = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
  const demands = [
    ...(secret ? [demandOfSecret(secret, message)] : []),
    ...(publicKey ? [demandOfPublicKey(publicKey, message)] : []),
  ]
  const unmet = demands.find(({ isMetBy }) => !signatures.split(' ').some(isMetBy))
  if (unmet !== undefined) return `webhook-signature fits neither ${unmet.name} nor this body`
  const age = now - Number(timestamp)
  if (Math.abs(age) <= toleranceSeconds) return undefined
  return `webhook-timestamp is ${Math.abs(age)} s ${age > 0 ? 'old' : 'ahead'}, which is more than ${toleranceSeconds}`
}

const legacyHeaders = ['x-flagsmith-signature', 'x-flipt-webhook-signature']

/** Those that are there, by whether they fit. */
function legacyOf(secret: string, { headers, body }: Signed) {
  const expected = hmac(Buffer.from(secret), body).digest('hex')
  const there = legacyHeaders.filter((name) => headers[name] !== undefined)
  const fits = (name: string) => isEqual(textOf(headers, name), expected)
  return { fit: there.filter(fits), unfit: there.filter((name) => !fits(name)) }
}

/** The standard signature decides: alone it says when it was made, and knows both secrets of a rotation. */
export function checkSignatures(keys: Keys, signed: Signed): Checked {
  const { secret, publicKey } = keys
  if (!secret && !publicKey) {
    return { verdict: 'unchecked', text: 'not checked: start with --secret or --public-key' }
  }
  const fault = faultOfStandard(keys, signed)
  const { fit, unfit } = secret ? legacyOf(secret, signed) : { fit: [], unfit: [] }
  if (fault !== undefined) {
    const but = fit.length === 0 ? '' : ` (${fit.join(', ')} fits)`
    return { verdict: 'refused', text: `NOT VERIFIED: ${fault}${but}` }
  }
  const but =
    unfit.length === 0
      ? ''
      : `, but not ${unfit.join(', ')}: in a rotation that is the present secret's`
  return {
    verdict: 'verified',
    text: `verified (${['webhook-signature', ...fit].join(', ')})${but}`,
  }
}
