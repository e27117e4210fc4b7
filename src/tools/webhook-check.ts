/**
 * Whether the signatures of a webhook fit a secret, and why not. Shares no code with what signs: two that
 * agree by accident of one mistake would prove nothing.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export type Signed = {
  headers: IncomingHttpHeaders
  body: Buffer
  /** Unix seconds. */
  now: number
}

export type Checked = {
  verdict: 'verified' | 'refused' | 'unchecked'
  text: string
}

const toleranceSeconds = 300

const hmac = (key: Buffer, ...parts: (string | Buffer)[]) =>
  parts.reduce((sum, part) => sum.update(part), createHmac('sha256', key))

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

/** Undefined when it fits. */
function faultOfStandard(secret: string, { headers, body, now }: Signed): string | undefined {
  const id = textOf(headers, 'webhook-id')
  const timestamp = textOf(headers, 'webhook-timestamp')
  const signatures = textOf(headers, 'webhook-signature')
  if (id === '') return 'there is no webhook-id'
  if (!/^\d+$/.test(timestamp)) return 'webhook-timestamp is no number of seconds'
  if (signatures === '') return 'there is no webhook-signature: has the endpoint a secret?'
  const expected = `v1,${hmac(keyOf(secret), `${id}.${timestamp}.`, body).digest('base64')}`
  if (!signatures.split(' ').some((one) => isEqual(one, expected))) {
    return 'webhook-signature fits neither this secret nor this body'
  }
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
export function checkSignatures(secret: string | undefined, signed: Signed): Checked {
  if (!secret) return { verdict: 'unchecked', text: 'not checked: start with --secret' }
  const fault = faultOfStandard(secret, signed)
  const { fit, unfit } = legacyOf(secret, signed)
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
