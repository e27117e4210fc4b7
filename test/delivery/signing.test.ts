import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { attemptHeaders, bodySignature, standardSignature } from '../../src/delivery/signing.ts'

const generated = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const arbitrary = 'my shared secret'
const body = '{"data":{},"event_type":"FLAG_UPDATED"}'
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

  it('a generated secret signs with its text for Flagsmith and its bytes for Standard', async () => {
    expect(await attemptHeaders(message, generated)).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1731000000',
      'webhook-signature': 'v1,eStRviiW1pvUEvFbzAgTKZEhU/g3pt6mMZN/+p/I7k4=',
      'X-Flagsmith-Signature': '734351ed3d6aaebd27cd583a392b299e78b4dcd30cc605000bde3995372d26f6',
    })
  })

  it('an arbitrary secret signs with its text for both', async () => {
    expect(await attemptHeaders(message, arbitrary)).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1731000000',
      'webhook-signature': 'v1,jJo3mepXYJg8H7PVOzWArrV3cyzMuFxgVgobxLnV+5o=',
      'X-Flagsmith-Signature': '8bd8088759005eafe4224606d7e30ea104bf79828c654c438098f844d9d09ded',
    })
  })
})

describe('the headers of an attempt', () => {
  it.each([null, ''])('carry no signature without a secret (%j)', async (secret) => {
    expect(await attemptHeaders(message, secret)).toEqual({
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
    const headers = await attemptHeaders({ id: 'evt_1', timestamp, body: text }, secret)
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
    const headers = await attemptHeaders({ id: 'evt_1', timestamp, body }, secret)
    expect(() => new Webhook(shown).verify(body, headers)).not.toThrow()
  })
})
