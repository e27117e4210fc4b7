/**
 * Requests as receivers get them, golden (contract audit-and-webhooks §9.5) and hostile, and whether
 * their signatures fit. Whoever verifies, in whatever language, has to say the same of each.
 */
import { createHmac, createPrivateKey, sign } from 'node:crypto'

export type Case = {
  name: string
  secret: string
  headers: Record<string, string>
  body: string
  /** The receiver's clock, Unix seconds. */
  now: number
  /** Whether the standard signature fits. */
  fits: boolean
}

/** Signed by an Ed25519 key. */
export type AsymmetricCase = Omit<Case, 'secret'> & { publicKey: string }

export type LegacyCase = {
  name: string
  secret: string
  signature: string
  body: string
  fits: boolean
}

const generated = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const typed = 'my shared secret'
const body = '{"data":{},"event_type":"FLAG_UPDATED"}'
const id = 'evt_01JD0000000000000000000000'
const now = 1_731_000_000
const golden = 'v1,eStRviiW1pvUEvFbzAgTKZEhU/g3pt6mMZN/+p/I7k4='

export type Signed = { id?: string; timestamp?: number | string; body?: string }

/** Of the key's bytes: what a secret stands for is for the verifiers to know. */
export const signed = (
  key: Buffer,
  { id: ofId = id, timestamp = now, body: ofBody = body }: Signed,
) => `v1,${createHmac('sha256', key).update(`${ofId}.${timestamp}.${ofBody}`).digest('base64')}`

const key = Buffer.from('0123456789abcdef0123456789abcdef')
const otherKey = Buffer.from('fedcba9876543210fedcba9876543210')
const other = signed(otherKey, {})

const headersOf = (signature: string, at: Signed = {}) => ({
  'webhook-id': at.id ?? id,
  'webhook-timestamp': String(at.timestamp ?? now),
  'webhook-signature': signature,
})

/** The golden request but for what is given. */
const one = (name: string, fits: boolean, changed: Partial<Case> = {}): Case => ({
  name,
  secret: generated,
  headers: headersOf(golden),
  body,
  now,
  fits,
  ...changed,
})

/** Signed rightly, by what its headers say. */
const honest = (name: string, fits: boolean, at: Signed & { now?: number }): Case =>
  one(name, fits, {
    headers: headersOf(signed(key, at), at),
    body: at.body ?? body,
    now: at.now ?? now,
  })

const signature = (name: string, fits: boolean, text: string): Case =>
  one(name, fits, { headers: headersOf(text) })

function without(name: string): Case {
  const { [name]: _, ...headers } = headersOf(golden) as Record<string, string>
  return one(`no ${name}`, false, { headers })
}

export const cases: Case[] = [
  one('golden: a generated secret', true),
  one('golden: a typed secret', true, {
    secret: typed,
    headers: headersOf('v1,jJo3mepXYJg8H7PVOzWArrV3cyzMuFxgVgobxLnV+5o='),
  }),
  one('golden: a typed secret as it is shown for libraries', true, {
    secret: 'whsec_bXkgc2hhcmVkIHNlY3JldA==',
    headers: headersOf('v1,jJo3mepXYJg8H7PVOzWArrV3cyzMuFxgVgobxLnV+5o='),
  }),
  one('golden: the published vector', true, {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    body: '{"test": 2432232314}',
    now: 1_614_265_330,
  }),
  one('a typed secret beyond ASCII', true, {
    secret: 'пароль',
    headers: headersOf(signed(Buffer.from('пароль'), {})),
  }),
  honest('a body beyond ASCII', true, { body: '{"name": "Grüße 🎉"}' }),
  signature('two signatures, ours the first', true, `${golden} ${other}`),
  signature('two signatures, ours the second', true, `${other} ${golden}`),
  signature('a version that nobody knows beside ours', true, `v1a,c2lnbmF0dXJl ${golden}`),
  honest('five minutes old', true, { timestamp: now - 300 }),
  honest('five minutes early', true, { timestamp: now + 300 }),
  honest('older than five minutes', false, { timestamp: now - 301 }),
  honest('earlier than five minutes', false, { timestamp: now + 301 }),
  one('another secret', false, { headers: headersOf(other) }),
  one('a secret that is the text of ours', false, { secret: generated.slice(6) }),
  one('a changed body', false, { body: body.replace('UPDATED', 'DELETED') }),
  one('a longer body', false, { body: `${body} ` }),
  one('another id', false, { headers: headersOf(golden, { id: 'evt_2' }) }),
  one('another timestamp', false, { headers: headersOf(golden, { timestamp: now + 1 }) }),
  honest('a timestamp that is no number', false, { timestamp: 'soon' }),
  honest('a timestamp without bounds', false, { timestamp: '9'.repeat(400) }),
  honest('a timestamp below zero', false, { timestamp: -now }),
  without('webhook-id'),
  without('webhook-timestamp'),
  without('webhook-signature'),
  honest('an empty id', false, { id: '' }),
  honest('an empty timestamp', false, { timestamp: '' }),
  signature('an empty signature', false, ''),
  signature('a signature of spaces', false, '  '),
  signature('a signature without its version', false, golden.slice(3)),
  signature('a version without its signature', false, 'v1'),
  signature('an unknown version', false, golden.replace('v1', 'v2')),
  signature('half a signature', false, golden.slice(0, 24)),
  signature('a signature and more', false, `${golden}A`),
  signature('a signature that is no base64', false, 'v1,%%%=é=%%%'),
  signature('signatures separated by commas', false, `${other},${golden}`),
  one('no secret', false, { secret: '', headers: headersOf(signed(Buffer.of(), {})) }),
  one('a secret of no bytes', false, {
    secret: 'whsec_',
    headers: headersOf(signed(Buffer.of(), {})),
  }),
]

const fliptBody =
  '{"version":"","type":"flag","action":"create","metadata":{},"payload":null,"timestamp":"","status":""}'
const legacyGolden = '734351ed3d6aaebd27cd583a392b299e78b4dcd30cc605000bde3995372d26f6'

const legacy = (name: string, fits: boolean, changed: Partial<LegacyCase> = {}): LegacyCase => ({
  name,
  secret: generated,
  signature: legacyGolden,
  body,
  fits,
  ...changed,
})

export const legacyCases: LegacyCase[] = [
  legacy('golden: a generated secret', true),
  legacy('golden: a typed secret', true, {
    secret: typed,
    signature: '8bd8088759005eafe4224606d7e30ea104bf79828c654c438098f844d9d09ded',
  }),
  legacy('golden: the published vector', true, {
    secret: 's3crET',
    signature: '6bc16d7434cbd746abfd25e3350a3f43fba04883b7f0b83f09bbc373116f84b0',
    body: fliptBody,
  }),
  legacy('another secret', false, { secret: typed }),
  legacy('a changed body', false, { body: `${body}\n` }),
  legacy('no signature', false, { signature: '' }),
  legacy('half a signature', false, { signature: legacyGolden.slice(0, 32) }),
  legacy('a signature beyond ASCII', false, { signature: `é${legacyGolden.slice(1)}` }),
  legacy('no secret', false, {
    secret: '',
    signature: createHmac('sha256', '').update(body).digest('hex'),
  }),
]

/** Seed and public key of the published vector. */
const pair = Buffer.from(
  '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  'base64',
)
export const publicKey = `whpk_${pair.subarray(32).toString('base64')}`

const ed25519 = (seed: Buffer) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  })
const privateKey = ed25519(pair.subarray(0, 32))
const otherPrivateKey = ed25519(Buffer.alloc(32, 7))

const signedBy = (
  key: typeof privateKey,
  { id: ofId = id, timestamp = now, body: ofBody = body }: Signed,
) => {
  const signature = sign(null, Buffer.from(`${ofId}.${timestamp}.${ofBody}`), key)
  return `v1a,${Buffer.from(signature).toString('base64')}`
}

const asymmetricGolden = signedBy(privateKey, {})
const otherSignature = signedBy(otherPrivateKey, {})

const asymmetric = (
  name: string,
  fits: boolean,
  changed: Partial<AsymmetricCase> = {},
): AsymmetricCase => ({
  name,
  publicKey,
  headers: headersOf(asymmetricGolden),
  body,
  now,
  fits,
  ...changed,
})

const asymmetricAt = (name: string, fits: boolean, at: Signed): AsymmetricCase =>
  asymmetric(name, fits, {
    headers: headersOf(signedBy(privateKey, at), at),
    body: at.body ?? body,
  })

const asymmetricText = (name: string, fits: boolean, text: string): AsymmetricCase =>
  asymmetric(name, fits, { headers: headersOf(text) })

export const asymmetricCases: AsymmetricCase[] = [
  asymmetric('golden: the published vector', true, {
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature':
        'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    },
    body: '{"test": 2432232314}',
    now: 1_614_265_330,
  }),
  asymmetric('alone', true),
  asymmetricText('beside that of a secret', true, `${golden} ${asymmetricGolden}`),
  asymmetricText('beside that of another key', true, `${otherSignature} ${asymmetricGolden}`),
  asymmetricAt('a body beyond ASCII', true, { body: '{"name": "Grüße 🎉"}' }),
  asymmetricAt('five minutes old', true, { timestamp: now - 300 }),
  asymmetricAt('older than five minutes', false, { timestamp: now - 301 }),
  asymmetricAt('earlier than five minutes', false, { timestamp: now + 301 }),
  asymmetricAt('a timestamp that is no number', false, { timestamp: 'soon' }),
  asymmetricAt('an empty id', false, { id: '' }),
  asymmetric('a changed body', false, { body: body.replace('UPDATED', 'DELETED') }),
  asymmetric('another id', false, { headers: headersOf(asymmetricGolden, { id: 'evt_2' }) }),
  asymmetric('another timestamp', false, {
    headers: headersOf(asymmetricGolden, { timestamp: now + 1 }),
  }),
  asymmetricText('another key', false, otherSignature),
  asymmetricText('that of a secret alone', false, golden),
  asymmetricText('under the version of a secret', false, asymmetricGolden.replace('v1a', 'v1')),
  asymmetricText('half a signature', false, asymmetricGolden.slice(0, 40)),
  asymmetricText('no base64', false, 'v1a,%%%'),
  asymmetricText('a version without its signature', false, 'v1a,'),
  asymmetricText('an empty signature', false, ''),
]
