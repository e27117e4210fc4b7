import { createPublicKey, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it, vi } from 'vitest'
import { mergeHeaders } from '../../src/delivery/headers.ts'
import {
  asymmetricSignature,
  bodySignature,
  placeHeaders,
  signatureHeaders,
  standardSignature,
  traceHeaders,
} from '../../src/delivery/signing.ts'
import { type Sign, witnessHeaders } from '../../src/delivery/witness.ts'
import type { Env } from '../../src/env.ts'
import { parseCheckpoint, parseVerifierKey, verifyNote } from '../../src/ledger/note.ts'
import { logKey, logOf, signPromised } from '../../src/ledger/proofs.ts'
import { importSeed, publicKeyOf } from '../../src/storage/ed25519.ts'

const generated = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const arbitrary = 'my shared secret'
const body = '{"data":{},"event_type":"FLAG_UPDATED"}'
const only = (present: string | null) => ({ present, next: null, privateKey: null })
/** Of the published vector: seed and public key. */
const pair = Buffer.from(
  '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  'base64',
)
const message = { id: 'evt_01JD0000000000000000000000', timestamp: 1731000000, body }

describe('published vectors', () => {
  it('the hex signature of a body', async () => {
    const event =
      '{"version":"","type":"flag","action":"create","metadata":{},"payload":null,"timestamp":"","status":""}'
    expect(await bodySignature('s3crET', event)).toBe(
      '6bc16d7434cbd746abfd25e3350a3f43fba04883b7f0b83f09bbc373116f84b0',
    )
  })

  it('the Standard Webhooks signature', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const published = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1614265330,
      body: '{"test": 2432232314}',
    }
    expect(await standardSignature(secret, published)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    )
  })

  it('the asymmetric signature of Standard Webhooks, and the public key of its seed', async () => {
    const key = await importSeed(pair.subarray(0, 32))
    const published = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1614265330,
      body: '{"test": 2432232314}',
    }
    expect(await asymmetricSignature(key, published)).toBe(
      'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    )
    expect(Buffer.from(await publicKeyOf(key))).toEqual(pair.subarray(32))
  })

  it('a generated secret signs with its text for Flagsmith and its bytes for Standard', async () => {
    expect(await signatureHeaders(message, only(generated))).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1731000000',
      'webhook-signature': 'v1,eStRviiW1pvUEvFbzAgTKZEhU/g3pt6mMZN/+p/I7k4=',
      'X-Flagsmith-Signature': '734351ed3d6aaebd27cd583a392b299e78b4dcd30cc605000bde3995372d26f6',
      'x-flipt-webhook-signature':
        '734351ed3d6aaebd27cd583a392b299e78b4dcd30cc605000bde3995372d26f6',
    })
  })

  it('an arbitrary secret signs with its text for both', async () => {
    expect(await signatureHeaders(message, only(arbitrary))).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1731000000',
      'webhook-signature': 'v1,jJo3mepXYJg8H7PVOzWArrV3cyzMuFxgVgobxLnV+5o=',
      'X-Flagsmith-Signature': '8bd8088759005eafe4224606d7e30ea104bf79828c654c438098f844d9d09ded',
      'x-flipt-webhook-signature':
        '8bd8088759005eafe4224606d7e30ea104bf79828c654c438098f844d9d09ded',
    })
  })
})

describe('the headers of an attempt', () => {
  it.each([null, ''])('carry no signature without a secret (%j)', async (secret) => {
    expect(await signatureHeaders(message, only(secret))).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1731000000',
    })
  })

  it.each([
    ['a generated secret', generated, generated],
    ['an arbitrary secret', arbitrary, `whsec_${btoa(arbitrary)}`],
    ['an unpadded secret', 'whsec_bXkgc2hhcmVkIHNlY3JldA', `whsec_${btoa(arbitrary)}`],
  ])('satisfy the official verifier with %s', async (_, secret, shown) => {
    const text = '{"data": {"name": "caf\\u00e9"}, "event_type": "FLAG_UPDATED"}'
    const timestamp = Math.floor(Date.now() / 1000)
    const headers = await signatureHeaders({ id: 'evt_1', timestamp, body: text }, only(secret))
    expect(new Webhook(shown).verify(text, headers)).toEqual(JSON.parse(text))
    expect(() => new Webhook(shown).verify(`${text} `, headers)).toThrow()
    expect(() => new Webhook(shown).verify(text, { ...headers, 'webhook-id': 'evt_2' })).toThrow()
  })

  it.each([
    'whsec_',
    'whsec_not base64',
    'whsec_a',
    'whsec_ab-_',
    'WHSEC_bXk=',
    'пароль',
    'x'.repeat(255),
  ])('take %j as plain text where it is no encoded secret', async (secret) => {
    const shown = `whsec_${btoa(String.fromCharCode(...new TextEncoder().encode(secret)))}`
    const timestamp = Math.floor(Date.now() / 1000)
    const headers = await signatureHeaders({ id: 'evt_1', timestamp, body }, only(secret))
    expect(() => new Webhook(shown).verify(body, headers)).not.toThrow()
  })
})

describe('during a rotation', () => {
  const text = '{"data": {}, "event_type": "FLAG_UPDATED"}'
  const signed = async (secrets: { present: string | null; next: string | null }) => {
    const timestamp = Math.floor(Date.now() / 1000)
    const message = { id: 'evt_1', timestamp, body: text }
    return signatureHeaders(message, { ...secrets, privateKey: null })
  }

  it('a receiver may know either secret, and no other', async () => {
    const headers = await signed({ present: generated, next: arbitrary })
    expect(headers['webhook-signature']).toMatch(/^v1,[^ ]+ v1,[^ ]+$/)
    for (const known of [generated, `whsec_${btoa(arbitrary)}`]) {
      expect(() => new Webhook(known).verify(text, headers)).not.toThrow()
    }
    const other = new Webhook(`whsec_${btoa('thirty-two bytes of another one!')}`)
    expect(() => other.verify(text, headers)).toThrow()
  })

  it('the legacy headers keep the present secret until the next is promoted', async () => {
    const before = await signed({ present: generated, next: arbitrary })
    const after = await signed({ present: arbitrary, next: null })
    for (const name of ['X-Flagsmith-Signature', 'x-flipt-webhook-signature']) {
      expect(before[name]).toBe(await bodySignature(generated, text))
      expect(after[name]).toBe(await bodySignature(arbitrary, text))
    }
  })

  it('from no secret to the first, only the standard signature is there already', async () => {
    const headers = await signed({ present: null, next: generated })
    expect(() => new Webhook(generated).verify(text, headers)).not.toThrow()
    expect(Object.keys(headers)).toEqual(['webhook-id', 'webhook-timestamp', 'webhook-signature'])
  })
})

describe('an endpoint with a key pair', () => {
  const x = pair.subarray(32).toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const timestamp = Math.floor(Date.now() / 1000)
  const isOurs = (signature: string, text = body) => {
    const [version, encoded = ''] = signature.split(',')
    const signed = Buffer.from(`${message.id}.${timestamp}.${text}`)
    return version === 'v1a' && verify(null, signed, publicKey, Buffer.from(encoded, 'base64'))
  }
  const signed = async (present: string | null, next: string | null) => {
    const privateKey = await importSeed(pair.subarray(0, 32))
    return signatureHeaders({ ...message, timestamp }, { present, next, privateKey })
  }

  it('gets a signature of it beside those of its secrets, which it leaves alone', async () => {
    const headers = await signed(generated, arbitrary)
    const signatures = headers['webhook-signature']?.split(' ') ?? []
    expect(signatures.map((one) => one.split(',')[0])).toEqual(['v1', 'v1', 'v1a'])
    expect(isOurs(signatures[2] ?? '')).toBe(true)
    expect(isOurs(signatures[2] ?? '', `${body} `)).toBe(false)
    for (const known of [generated, `whsec_${btoa(arbitrary)}`]) {
      expect(() => new Webhook(known).verify(body, headers)).not.toThrow()
    }
    expect(headers['X-Flagsmith-Signature']).toBe(await bodySignature(generated, body))
  })

  it('gets that signature alone without a secret', async () => {
    const headers = await signed(null, null)
    expect(Object.keys(headers)).toEqual(['webhook-id', 'webhook-timestamp', 'webhook-signature'])
    expect(isOurs(headers['webhook-signature'] ?? '')).toBe(true)
  })
})

describe('the trace of an event', () => {
  const parentOf = (traceparent: string) => traceparent.split('-')[2]

  it('is the same at all its attempts, each of which is a parent of its own', async () => {
    const [one, other] = await Promise.all([
      traceHeaders('evt_1', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9)),
      traceHeaders('evt_1', Uint8Array.of(255, 2, 3, 4, 5, 6, 7, 9)),
    ])
    // The first half of SHA-256 of "evt_1".
    expect(one.traceparent).toBe('00-7d4e5a76eae6d8c165410ac19fe67565-0102030405060709-01')
    expect(other.traceparent.slice(0, 35)).toBe(one.traceparent.slice(0, 35))
    expect(parentOf(other.traceparent)).toBe('ff02030405060709')
  })

  it('is another one for another event', async () => {
    const zero = new Uint8Array(8)
    const [one, other] = await Promise.all(['evt_1', 'evt_2'].map((id) => traceHeaders(id, zero)))
    expect(one?.traceparent).not.toBe(other?.traceparent)
  })

  it('has a valid parent whatever chance brings', async () => {
    const { traceparent } = await traceHeaders('evt_1', new Uint8Array(8))
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(parentOf(traceparent)).toBe('0000000000000001')
  })
})

describe('the checkpoint that goes along', () => {
  const env = { BURGEE_SECRET: 'dGVzdA==' } as Env
  const sign: Sign = (promised) => signPromised(env, logOf(promised), promised)
  const organisation = { id: 3, uuid: '52a054a0-516b-40b5-a9a1-12a688dca8db' }
  const told = (root: string) =>
    witnessHeaders(sign, { promised: { ...organisation, size: 5, root } })

  it('is a note that the key of the log verifies', async () => {
    const { 'x-audit-checkpoint': header = '' } = await told('05'.repeat(32))
    const note = parseCheckpoint(Buffer.from(header, 'base64').toString())
    const log = logOf(organisation)
    const root = new Uint8Array(32).fill(5)
    expect(note?.checkpoint).toEqual({ origin: log.origin, size: 5, root })
    const key = parseVerifierKey(await logKey(env, log))
    expect(note && key && (await verifyNote(note, [key]))).toBe('good')
  })

  it('is left out before the first one, and where what was promised cannot be signed', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    expect(await witnessHeaders(sign, { promised: null })).toEqual({})
    expect(error).not.toHaveBeenCalled()
    expect(await told('no hex')).toEqual({})
    expect(error.mock.calls.join()).toContain('delivery.no-checkpoint')
    error.mockRestore()
  })
})

describe('the place of an attempt', () => {
  it('is told with the one before it, so that a gap can be seen', () => {
    expect(placeHeaders({ environmentId: 3, sequence: 7, attempt: 2 })).toEqual({
      'x-environment': '3',
      'x-sequence': '7',
      'x-previous-sequence': '6',
      'x-attempt': '2',
    })
    const place = { environmentId: null, sequence: 1, attempt: 1 }
    expect(Object.keys(placeHeaders(place))).not.toContain('x-environment')
  })
})

describe("an endpoint's own headers", () => {
  const ours = { 'webhook-id': 'evt_1', 'X-Flagsmith-Signature': 'abc' }

  it('go along beneath ours, whatever their case', () => {
    const custom = { 'X-Team': 'shop', 'WEBHOOK-ID': 'forged', 'x-flagsmith-signature': 'forged' }
    expect(mergeHeaders(custom, ours).sent).toEqual({ 'X-Team': 'shop', ...ours })
  })

  it.each(['Webhook-Signature', 'X-Audit-Checkpoint', 'TraceParent'])(
    'never take the place of %s',
    (name) => {
      const told = { [name.toLowerCase()]: 'ours' }
      expect(mergeHeaders({ [name]: 'forged' }, told)).toEqual({ sent: told, shown: told })
    },
  )

  it('are shown in the attempt log by name only', () => {
    const { shown } = mergeHeaders({ Authorization: 'Bearer canary' }, ours)
    expect(shown).toEqual({ Authorization: '(hidden)', ...ours })
  })
})
