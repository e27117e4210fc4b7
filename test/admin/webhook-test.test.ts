/** The test of an endpoint: what it sends, what it tells, and what it does not. */
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { administration } from '../../src/app.ts'
import { bodySignature, standardSignature } from '../../src/delivery/signing.ts'
import { addMember, addUser, createWorld, forbidden, readRecords } from '../support/admin.ts'
import { createShop, createWebhook, masked, secret } from '../support/webhooks.ts'

type Seen = { url: string; headers: Headers; body: string; redirect: string | undefined }

let seen: Seen[]
let answer: (url: string) => Response | Promise<Response>

beforeEach(() => {
  seen = []
  answer = () => new Response('thanks')
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input)
    const sent = { headers: new Headers(init?.headers), body: String(init?.body) }
    if (!url.includes('dns-query')) seen.push({ url, ...sent, redirect: init?.redirect })
    return answer(url)
  })
})

afterEach(() => vi.unstubAllGlobals())

const url = 'https://receiver.example.com/hook'
const path = 'webhooks/test/'

const connection = {
  detail: 'Could not connect to webhook URL',
  body: expect.stringMatching(/No answer came/),
}

describe('the test of an endpoint', () => {
  it('sends a signed sample of a flag event for an environment', async () => {
    const { world, environment } = await createShop()
    const scope = { type: 'environment', id: environment.api_key }
    const answered = await world.api('POST', path, { webhook_url: url, secret, scope })
    expect(answered).toMatchObject({ status: 200 })
    expect(answered.body).toEqual({ detail: 'Webhook test successful', status: 200 })
    const [sent, ...more] = seen
    if (sent === undefined) throw new Error('nothing was sent')
    expect(more).toEqual([])
    expect(sent).toMatchObject({ url, redirect: 'manual' })
    expect(JSON.parse(sent.body)).toMatchObject({
      event_type: 'FLAG_UPDATED',
      data: { changed_by: 'user@domain.com', new_state: { feature: { name: 'test_feature' } } },
    })
    const head = (name: string) => sent.headers.get(name) ?? ''
    expect(head('X-Flagsmith-Signature')).toBe(await bodySignature(secret, sent.body))
    const message = {
      id: head('webhook-id'),
      timestamp: Number(head('webhook-timestamp')),
      body: sent.body,
    }
    expect(message.id).toMatch(/^evt_test[0-9a-f]{32}$/)
    expect(head('webhook-signature')).toBe(await standardSignature(secret, message))
  })

  it('sends a sample of an audit entry for an organisation, unsigned without a secret', async () => {
    const { world } = await createShop()
    const scope = { type: 'organisation', id: world.organisation.id }
    const answered = await world.api('POST', path, { webhook_url: url, scope })
    expect(answered.status).toBe(200)
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
      event_type: 'AUDIT_LOG_CREATED',
      data: { environment: null, related_object_type: 'FEATURE' },
    })
    expect(seen[0]?.headers.has('X-Flagsmith-Signature')).toBe(false)
  })

  it('is signed with the secret of the endpoint when that is sent as it was shown', async () => {
    const { world, environment, path: hooks } = await createShop()
    await createWebhook(world, hooks, { url, secret })
    const scope = { type: 'environment', id: environment.api_key }
    await world.api('POST', path, { webhook_url: url, secret: masked, scope })
    const [sent] = seen
    expect(sent?.headers.get('X-Flagsmith-Signature')).toBe(
      await bodySignature(secret, sent?.body ?? ''),
    )
    for (const other of [
      { webhook_url: `${url}/other`, secret: masked, scope },
      { webhook_url: url, secret: '********abcd', scope },
    ]) {
      expect(await world.api('POST', path, other)).toMatchObject({
        status: 400,
        body: { secret: [expect.any(String)] },
      })
    }
    expect(seen).toHaveLength(1)
  })

  it.each([
    [204, 200, { detail: 'Webhook test successful', status: 204 }],
    [302, 200, { detail: 'Webhook test successful', status: 302 }],
    [
      403,
      400,
      {
        detail: 'Webhook returned error status',
        body: 'Webhook returned HTTP 403.',
        status: 403,
      },
    ],
    [
      500,
      400,
      {
        detail: 'Webhook returned error status',
        body: 'Webhook returned HTTP 500.',
        status: 500,
      },
    ],
  ])('tells of an answer of %i the status alone', async (status, told, body) => {
    answer = () => new Response(status === 204 ? null : 'the internal wiki', { status })
    const { world, environment } = await createShop()
    const scope = { type: 'environment', id: environment.api_key }
    const answered = await world.api('POST', path, { webhook_url: url, scope })
    expect([answered.status, answered.body]).toEqual([told, body])
  })

  it('is no oracle: blocked, unknown and silent hosts look alike', async () => {
    const { world, environment } = await createShop()
    const strict = { ...env, ALLOW_PRIVATE_WEBHOOKS: 'false' }
    const ask = async (resolves: Response | (() => Response)) => {
      answer = (asked) => {
        if (!asked.includes('dns-query')) throw new Error('connect ECONNREFUSED 10.0.0.7')
        return typeof resolves === 'function' ? resolves() : resolves
      }
      const request = new Request(`http://localhost/api/v1/${path}`, {
        method: 'POST',
        headers: { Authorization: world.auth, 'Content-Type': 'application/json' },
        body: JSON.stringify({
          webhook_url: url,
          scope: { type: 'environment', id: environment.api_key },
        }),
      })
      const response = await administration.fetch(request, strict)
      return [response.status, await response.json()]
    }
    const resolved = (data: string) => () =>
      Response.json({ Status: 0, Answer: [{ type: 1, data }] })
    const expected = [400, connection]
    expect(await ask(resolved('10.0.0.7'))).toEqual(expected)
    expect(await ask(() => Response.json({ Status: 3 }))).toEqual(expected)
    expect(seen).toEqual([])
    expect(await ask(resolved('93.184.216.34'))).toEqual(expected)
    expect(seen).toHaveLength(1)
  })

  it.each([
    [{}, { webhook_url: ['This field is required.'], scope: ['This field is required.'] }],
    [{ webhook_url: 'ftp://x.example.com' }, { webhook_url: [expect.any(String)] }],
    [{ webhook_url: 'https://a:b@x.example.com' }, { webhook_url: [expect.any(String)] }],
    [{ scope: { type: 'project', id: 1 } }, { scope: { type: [expect.any(String)] } }],
  ])('is refused with %j', async (body, errors) => {
    const { world, environment } = await createShop()
    const scope = { type: 'environment', id: environment.api_key }
    const whole = Object.keys(body).length === 0 ? {} : { webhook_url: url, scope, ...body }
    expect(await world.api('POST', path, whole)).toMatchObject({ status: 400, body: errors })
    expect(seen).toEqual([])
  })

  it('is for administrators of the place alone, and leaves no entry', async () => {
    const { world, environment } = await createShop()
    const stranger = await createWorld('Other')
    const member = await addUser('member-of-tests@example.com')
    await addMember(world.organisation.id, member.id, 'USER')
    const before = await readRecords()
    for (const scope of [
      { type: 'environment', id: environment.api_key },
      { type: 'organisation', id: world.organisation.id },
      { type: 'environment', id: 'nobody' },
      { type: 'organisation', id: 'x' },
    ]) {
      const body = { webhook_url: url, scope }
      expect((await world.api('POST', path, body, '')).status).toBe(401)
      for (const auth of [stranger.auth, stranger.keyAuth, member.auth]) {
        const { status, body: told } = await world.api('POST', path, body, auth)
        expect([status, told]).toEqual([403, forbidden])
      }
    }
    expect(seen).toEqual([])
    const scope = { type: 'organisation', id: String(world.organisation.id) }
    const byKey = await world.api('POST', path, { webhook_url: url, scope }, world.keyAuth)
    expect(byKey.status).toBe(200)
    expect(await readRecords()).toEqual(before)
  })

  it('is slowed down: ten a minute', async () => {
    const { world, environment } = await createShop()
    const body = { webhook_url: url, scope: { type: 'environment', id: environment.api_key } }
    const statuses: number[] = []
    for (const _ of Array(11)) statuses.push((await world.api('POST', path, body)).status)
    expect(statuses).toEqual([...Array(10).fill(200), 429])
    expect(seen).toHaveLength(10)
  })
})
