/** A webhook from the PUT that causes it to the socket it arrives at, verified as receivers do. */
import { createHmac, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCheckpoint } from '../../src/ledger/note.ts'
import { list } from '../../src/tools/api.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { adminOf, type Environment, environmentOf, putState, until } from './demo.ts'
import { type Received, startReceiver } from './receiver.ts'

let server: TestServer
let development: Environment
let production: Environment

beforeAll(async () => {
  server = await startServer()
  development = environmentOf(server, 'Development')
  production = environmentOf(server, 'Production')
})

afterAll(() => server.stop())

type Asked = { url: string; secret?: string; asymmetric?: boolean }

const register = (environment: Environment, body: Asked) =>
  adminOf(server).call<{ public_key: string | null }>(
    'POST',
    `environments/${environment.client_key}/webhooks/`,
    body,
  )

/** As an auditor asks for it. */
async function takeCheckpoint(): Promise<string> {
  const [organisation] = await list<{ id: number }>(adminOf(server), 'organisations/')
  const path = `/api/v1/organisations/${organisation?.id}/audit/checkpoint/`
  const headers = { Authorization: `Token ${server.demo.token}` }
  return (await fetch(new URL(path, server.url), { headers })).text()
}

type Event = { event_type: string; data: Record<string, unknown> }

const textOf = ({ body }: Received) => new TextDecoder().decode(body)
const eventOf = (received: Received) => JSON.parse(textOf(received)) as Event

const standardHeaders = ({ headers }: Received) => ({
  'webhook-id': String(headers['webhook-id']),
  'webhook-timestamp': String(headers['webhook-timestamp']),
  'webhook-signature': String(headers['webhook-signature']),
})

const count = (received: Received[], wanted: number, withinMs: number) =>
  until(() => received.length, { satisfied: (length) => length >= wanted, withinMs })

describe('a webhook with a secret', () => {
  const secret = `whsec_${btoa('thirty-two bytes of a secret key')}`
  let first: Received
  let publicKey: string | null
  let checkpoint: string

  beforeAll(async () => {
    const receiver = await startReceiver()
    const asked = { url: receiver.url, secret, asymmetric: true }
    publicKey = (await register(development, asked)).public_key
    checkpoint = await takeCheckpoint()
    await putState(server, development, {
      feature: 'welcome_text',
      feature_state_value: 'Grüße 🎉',
    })
    await count(receiver.received, 1, 10_000)
    receiver.close()
    if (receiver.received[0] === undefined) throw new Error('Nothing was delivered.')
    first = receiver.received[0]
  })

  test('is told of the change with the state before and after', () => {
    const { event_type, data } = eventOf(first)
    expect(event_type).toBe('FLAG_UPDATED')
    expect(data).toMatchObject({
      changed_by: server.demo.email,
      new_state: { feature: { name: 'welcome_text' }, feature_state_value: 'Grüße 🎉' },
      previous_state: { feature_state_value: 'Hello from Development' },
    })
  })

  test('carries the signature of Flagsmith over the exact bytes', () => {
    const expected = createHmac('sha256', secret).update(first.body).digest('hex')
    expect(first.headers['x-flagsmith-signature']).toBe(expected)
  })

  test('is accepted by the verifier of Standard Webhooks', () => {
    const verified = new Webhook(secret).verify(textOf(first), standardHeaders(first))
    expect(verified).toEqual(eventOf(first))
  })

  test('carries a signature that its public key verifies', () => {
    const x = Buffer.from((publicKey ?? '').slice(5), 'base64').toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, ...rest } = standardHeaders(first)
    const signature = / v1a,(.*)/.exec(rest['webhook-signature'])?.[1] ?? ''
    const signed = Buffer.from(`${id}.${timestamp}.${textOf(first)}`)
    expect(verify(null, signed, key, Buffer.from(signature, 'base64'))).toBe(true)
  })

  test('carries the last checkpoint of the audit log', () => {
    const carried = Buffer.from(String(first.headers['x-audit-checkpoint']), 'base64').toString()
    expect(carried).toMatch(/^burgee\/audit\/.+\n\d+\n.+\n\n— burgee\/audit\/.+\n$/)
    // Or one that the cron has made since.
    expect(parseCheckpoint(carried)?.checkpoint.size).toBeGreaterThanOrEqual(
      parseCheckpoint(checkpoint)?.checkpoint.size ?? Number.NaN,
    )
  })

  test('is refused by the verifier when a byte was changed', () => {
    const forged = textOf(first).replace('FLAG_UPDATED', 'FLAG_DELETED')
    expect(() => new Webhook(secret).verify(forged, standardHeaders(first))).toThrow()
  })
})

describe('a receiver that is gone', () => {
  test('has its endpoint switched off, and the mail about it is named in the log', async () => {
    const receiver = await startReceiver(() => 410)
    await register(production, { url: receiver.url })
    await putState(server, production, { feature: 'welcome_text', feature_state_value: 'gone' })
    const named = /To: (.+)\nSubject: Burgee switched off .*\n\nText: (.+\.txt)\n/
    const [, to, file] =
      (await until(() => named.exec(readFileSync(server.logFile, 'utf8')), {
        satisfied: (found) => found !== null,
        withinMs: 20_000,
      })) ?? []
    receiver.close()
    expect(to).toBe(server.demo.email)
    expect(readFileSync(file ?? '', 'utf8')).toContain(receiver.url)
  })
})

describe('a receiver that fails first', () => {
  test('gets the same bytes again under the same id, some five seconds later', async () => {
    const receiver = await startReceiver((attempt) => (attempt === 1 ? 500 : 200))
    const secret = 'a plain secret, as Flagsmith allows'
    await register(production, { url: receiver.url, secret })
    await putState(server, production, { feature: 'max_basket_items', feature_state_value: 30 })
    await count(receiver.received, 2, 30_000)
    receiver.close()
    const [first, second] = receiver.received
    if (first === undefined || second === undefined) throw new Error('There was no second attempt.')
    expect(second.body).toEqual(first.body)
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
    expect(second.headers['x-flagsmith-signature']).toBe(first.headers['x-flagsmith-signature'])
    // Five seconds, give or take a fifth; queues count in whole seconds.
    expect(second.at - first.at).toBeGreaterThan(3_500)
    expect(second.at - first.at).toBeLessThan(15_000)
    // The plain secret's bytes are the key: that is how it is shown to users of other verifiers.
    const key = `whsec_${btoa(secret)}`
    for (const attempt of [first, second]) {
      expect(() => new Webhook(key).verify(textOf(attempt), standardHeaders(attempt))).not.toThrow()
    }
  })
})

describe('a receiver through a rotation of its secret', () => {
  type Shown = { id: number; standard_secret: string; rotation: { secret: string } }

  function accepts(verifier: Webhook, received: Received): boolean {
    try {
      verifier.verify(textOf(received), standardHeaders(received))
      return true
    } catch {
      return false
    }
  }

  const hasLegacy = (secret: string, { headers, body }: Received) =>
    headers['x-flagsmith-signature'] === createHmac('sha256', secret).update(body).digest('hex')

  test('verifies every event with whichever secret it has', async () => {
    const { received, url, close } = await startReceiver()
    const api = adminOf(server)
    const path = `environments/${development.client_key}/webhooks/`
    const secret = 'typed, as Flagsmith allows'
    const { id, standard_secret } = await api.call<Shown>('POST', path, { url, secret })
    const change = async (feature_state_value: string) => {
      const already = received.length
      await putState(server, development, { feature: 'welcome_text', feature_state_value })
      await count(received, already + 1, 20_000)
    }

    await change('before')
    const { rotation } = await api.call<Shown>('POST', `${path}${id}/rotate-secret/`, {})
    await change('meanwhile')
    await api.call('POST', `${path}${id}/promote-secret/`, {})
    await change('after')
    close()

    const [old, next] = [standard_secret, rotation.secret].map((one) => new Webhook(one))
    const seen = received.map((one) => ({
      number: one.headers['x-sequence'],
      old: accepts(old as Webhook, one),
      next: accepts(next as Webhook, one),
      oldLegacy: hasLegacy(secret, one),
      nextLegacy: hasLegacy(rotation.secret, one),
    }))
    expect(seen).toEqual([
      { number: '1', old: true, next: false, oldLegacy: true, nextLegacy: false },
      { number: '2', old: true, next: true, oldLegacy: true, nextLegacy: false },
      { number: '3', old: false, next: true, oldLegacy: false, nextLegacy: true },
    ])
  })
})
