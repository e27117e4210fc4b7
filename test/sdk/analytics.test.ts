import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { maxBodyBytes } from '../../src/http/boundary.ts'
import { sdkV2Routes } from '../../src/sdk/index.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { organisations } from '../../src/storage/organisations.ts'
import { type Ask, ask, createServedWorld, json, publish, type ServedWorld } from './documents.ts'

const path = '/analytics/flags/'
const jsonType = { 'Content-Type': 'application/json' }

let world: ServedWorld

beforeAll(async () => {
  world = await createServedWorld()
})

const post = (body: string, question: Ask = {}) =>
  ask(path, { method: 'POST', key: world.environment.apiKey, headers: jsonType, body, ...question })

const postV2 = async (body: string, key = world.environment.apiKey) =>
  sdkV2Routes.fetch(
    new Request(`http://localhost${path}`, {
      method: 'POST',
      headers: { ...jsonType, 'X-Environment-Key': key },
      body,
    }),
    env,
    createExecutionContext(),
  )

describe('POST /api/v1/analytics/flags/', () => {
  it('answers 200 without a body or a type, to either key, with and without the slash', async () => {
    const counts = JSON.stringify({ banner: 3, unknown: 1 })
    for (const key of [world.environment.apiKey, world.serverKey]) {
      const response = await post(counts, { key })
      expect(response.status).toBe(200)
      expect(await response.text()).toBe('')
      expect(response.headers.get('Content-Type')).toBeNull()
    }
    const bare = await ask('/analytics/flags', {
      method: 'POST',
      key: world.serverKey,
      headers: jsonType,
      body: counts,
    })
    expect(bare.status).toBe(200)
  })

  it('skips in silence what is no integer', async () => {
    const counts = { banner: true, a: '3', b: 1.5, c: null, d: {}, ['__proto__']: 1 }
    expect((await post(JSON.stringify(counts))).status).toBe(200)
    expect((await post('{}')).status).toBe(200)
    expect((await post('')).status).toBe(200)
  })

  it.each([
    ['[]', { non_field_errors: ['Expected a JSON object.'] }],
    ['"banner"', { non_field_errors: ['Expected a JSON object.'] }],
    ['3', { non_field_errors: ['Expected a JSON object.'] }],
    ['null', { non_field_errors: ['No data provided'] }],
  ])('refuses %s', async (body, errors) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await json(response)).toEqual(errors)
  })

  it('refuses what is no JSON, and any type but JSON and forms', async () => {
    const broken = await post('{"banner": NaN}')
    expect(broken.status).toBe(400)
    expect(await json(broken)).toEqual({ detail: expect.stringMatching(/^JSON parse error - /) })
    const text = await post('{}', { headers: { 'Content-Type': 'text/plain' } })
    expect(text.status).toBe(415)
    expect(await json(text)).toEqual({ detail: 'Unsupported media type "text/plain" in request.' })
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect((await post('banner=3', { headers: form })).status).toBe(200)
    const named = { 'Content-Type': 'application/json; charset=utf-8' }
    expect((await post('{}', { headers: named })).status).toBe(200)
  })

  it('refuses bodies beyond all reason', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_001 }, (_, index) => [`f${index}`, 1]))
    expect((await post(JSON.stringify(many))).status).toBe(400)
    const big = await post(JSON.stringify({ [`${'x'.repeat(maxBodyBytes)}`]: 1 }))
    expect(big.status).toBe(413)
  })
})

describe('POST /api/v2/analytics/flags/', () => {
  const evaluation = { feature_name: 'banner', enabled_when_evaluated: true, count: 2 }
  const bodyOf = (...evaluations: unknown[]) => JSON.stringify({ evaluations })

  it('answers 204 to either key', async () => {
    const body = bodyOf(evaluation, {
      ...evaluation,
      identity_identifier: 'me',
      feature_name: 'no',
    })
    for (const key of [world.environment.apiKey, world.serverKey]) {
      const response = await postV2(body, key)
      expect(response.status).toBe(204)
      expect(await response.text()).toBe('')
    }
    expect((await postV2(bodyOf())).status).toBe(204)
    const float = '{"evaluations":[{"feature_name":"a","enabled_when_evaluated":true,"count":5.0}]}'
    expect((await postV2(float)).status).toBe(204)
  })

  const required = ['This field is required.']

  it.each([
    ['no evaluations', '{}', { evaluations: required }],
    ['an empty body', '', { evaluations: required }],
    ['null', 'null', { non_field_errors: ['No data provided'] }],
    ['a list', '[]', { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
    ['null for a list', '{"evaluations": null}', { evaluations: ['This field may not be null.'] }],
    [
      'an object for a list',
      '{"evaluations": {}}',
      {
        evaluations: { non_field_errors: ['Expected a list of items but got type "dict".'] },
      },
    ],
    [
      'fields that are not there',
      bodyOf(evaluation, {}),
      {
        evaluations: [
          {},
          { feature_name: required, enabled_when_evaluated: required, count: required },
        ],
      },
    ],
    [
      'null for an identifier',
      bodyOf({ ...evaluation, identity_identifier: null }),
      { evaluations: [{ identity_identifier: ['This field may not be null.'] }] },
    ],
    [
      'wrong types',
      bodyOf({ feature_name: {}, enabled_when_evaluated: 'maybe', count: 'many' }),
      {
        evaluations: [
          {
            feature_name: ['Not a valid string.'],
            enabled_when_evaluated: ['Must be a valid boolean.'],
            count: ['A valid integer is required.'],
          },
        ],
      },
    ],
    [
      'an item that is no object',
      bodyOf('x'),
      {
        evaluations: [{ non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] }],
      },
    ],
  ])('refuses %s', async (_, body, errors) => {
    const response = await postV2(body)
    expect(response.status).toBe(400)
    expect(await json(response)).toEqual(errors)
  })

  it('refuses lists beyond all reason', async () => {
    const response = await postV2(bodyOf(...Array.from({ length: 5_001 }, () => evaluation)))
    expect(response.status).toBe(400)
  })
})

describe('the key of analytics', () => {
  it('comes before body and method', async () => {
    for (const key of ['nobody', '']) {
      expect((await post('null', { key })).status).toBe(403)
      expect((await postV2('null', key)).status).toBe(403)
    }
    const response = await ask(path, { key: world.serverKey })
    expect(response.status).toBe(405)
    expect(response.headers.get('Allow')).toContain('POST')
    expect((await ask(path, { key: 'nobody' })).status).toBe(403)
  })

  it('is refused where the organisation is stopped', async () => {
    const own = await createServedWorld()
    await openDatabase(env.DB)
      .update(organisations)
      .set({ stopServingFlags: true })
      .where(eq(organisations.id, own.organisationId))
    await publish(own)
    const stopped = { detail: 'Organisation is disabled from serving flags.' }
    for (const asked of [
      post('{}', { key: own.serverKey }),
      postV2('{"evaluations": []}', own.serverKey),
      ask('/environment-document/', { key: own.serverKey }),
    ]) {
      const response = await asked
      expect(response.status).toBe(403)
      expect(await json(response)).toEqual(stopped)
    }
  })

  it('is not asked for by a preflight', async () => {
    const headers = { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' }
    const response = await ask(path, { method: 'OPTIONS', headers })
    expect(response.status).toBe(200)
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
  })
})
