import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { readContext } from '../../src/ofrep/context.ts'
import { bulkFailure, evaluationFailure } from '../../src/ofrep/schemas.ts'
import { createPlace, evaluateOne, feature, nextId, planSegment, send, state } from './world.ts'

const bulk = '/evaluate/flags'
const one = `${bulk}/it`

/** Worth `all`, and `few` for the plan `pro`. */
async function createTargeted(settings: { allowClientTraits?: boolean } = {}) {
  const it = feature('it', state('all'))
  const segments = [planSegment('pro', it, state('few'))]
  return createPlace({ features: [it], segments, settings })
}

const answerTo = async (body: unknown, path = one) => {
  const { clientKey } = await createTargeted()
  return send(path, { headers: { 'X-API-Key': clientKey }, body })
}

describe('a body', () => {
  it.each([[''], ['{}'], ['{"context":null}'], ['{"context":{}}'], ['{"other":1}']])(
    'of %j is an empty context',
    async (body) => {
      expect(await (await answerTo(body)).json()).toMatchObject({ value: 'all', reason: 'DEFAULT' })
    },
  )

  it.each([
    ['{"context":', 'PARSE_ERROR'],
    ['context', 'PARSE_ERROR'],
    [new Uint8Array([0x7b, 0xff, 0x7d]), 'PARSE_ERROR'],
    ['null', 'INVALID_CONTEXT'],
    ['[]', 'INVALID_CONTEXT'],
    ['"it"', 'INVALID_CONTEXT'],
    ['{"context":[]}', 'INVALID_CONTEXT'],
    ['{"context":"ann"}', 'INVALID_CONTEXT'],
    ['{"context":7}', 'INVALID_CONTEXT'],
  ])('of %j is %s, for one flag with its key', async (body, errorCode) => {
    const single = await answerTo(body)
    expect(single.status).toBe(400)
    expect(evaluationFailure.parse(await single.json())).toMatchObject({ key: 'it', errorCode })
    const all = await answerTo(body, bulk)
    expect(all.status).toBe(400)
    expect(bulkFailure.parse(await all.json())).toMatchObject({ errorCode })
  })

  it('is read whatever its content type', async () => {
    const { clientKey } = await createTargeted()
    const response = await send(one, {
      headers: { 'X-API-Key': clientKey, 'Content-Type': 'text/plain' },
      body: '{"context":{"plan":"pro"}}',
    })
    expect(await response.json()).toMatchObject({ value: 'few' })
  })

  it('of a megabyte is refused', async () => {
    const response = await answerTo({ context: { plan: 'x'.repeat(1_000_000) } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      errorCode: 'INVALID_CONTEXT',
      errorDetails: expect.stringContaining('100000'),
    })
  })

  it('that says it is too large is not read: half a body would end the connection', async () => {
    const body = JSON.stringify({ context: { plan: 'x'.repeat(200_000) } })
    const headers = { 'Content-Length': String(body.length) }
    const request = new Request('http://localhost/', { method: 'POST', headers, body })
    expect(await readContext(request)).toMatchObject({ errorCode: 'INVALID_CONTEXT' })
    expect(request.bodyUsed).toBe(false)
  })
})

describe('a targeting key', () => {
  it.each([
    ['a number', 7],
    ['a fraction', 7.5],
    ['a boolean', true],
    ['an object', { id: 'ann' }],
    ['a list', ['ann']],
    ['too long', 'x'.repeat(2_001)],
    ['with NUL', 'an\0n'],
    ['with half a surrogate pair', 'an\ud800n'],
  ])('that is %s is INVALID_CONTEXT', async (_, targetingKey) => {
    const response = await answerTo({ context: { targetingKey } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ key: 'it', errorCode: 'INVALID_CONTEXT' })
  })

  it('that is a number stays one however it is written', async () => {
    const response = await answerTo('{"context":{"targetingKey":7.0}}')
    expect(response.status).toBe(400)
  })

  it.each([[null], [''], ['  '], [undefined]])('of %j means nobody', async (targetingKey) => {
    const answer = await answerTo({ context: { targetingKey } })
    expect(await answer.json()).toMatchObject({ value: 'all' })
  })
})

describe('a context entry', () => {
  const valueFor = async (context: unknown) =>
    (await (await answerTo({ context })).json<{ value: unknown }>()).value

  it('is a trait for this evaluation, with and without a targeting key', async () => {
    expect(await valueFor({ plan: 'pro' })).toBe('few')
    expect(await valueFor({ targetingKey: 'ann', plan: 'pro' })).toBe('few')
    expect(await valueFor({ targetingKey: 'ann', plan: 'free' })).toBe('all')
  })

  it.each([['{"value":"pro"}'], ['["pro"]'], ['null'], ['1e999']])(
    'of %s is no trait and no error',
    async (plan) => {
      const body = `{"context":{"targetingKey":"ann","plan":${plan}}}`
      expect(await (await answerTo(body)).json()).toMatchObject({ value: 'all' })
    },
  )

  it('of any name is only a trait', async () => {
    const text = '{"context":{"__proto__":{"plan":"pro"},"constructor":"x","toString":1,"":2}}'
    expect(await (await answerTo(text)).json()).toMatchObject({ value: 'all' })
    expect(({} as Record<string, unknown>).plan).toBeUndefined()
  })

  it('may hold any text', async () => {
    expect(
      await valueFor({ plan: 'pro', '\0': '\0', '\ud800': '\udfff', long: 'x'.repeat(9_000) }),
    ).toBe('few')
  })

  it('may be one of thousands', async () => {
    const entries = Array.from({ length: 4_000 }, (_, index) => [`trait ${index}`, index])
    expect(await valueFor({ ...Object.fromEntries(entries), plan: 'pro' })).toBe('few')
  })

  it('nests as deep as it likes without harm', async () => {
    const deep = `{"context":{"plan":"pro","x":${'['.repeat(40_000)}${']'.repeat(40_000)}}}`
    expect([200, 400]).toContain((await answerTo(deep)).status)
  })

  it('tells whole numbers from fractions by how they are written', async () => {
    const it = feature('it', state('all'))
    const conditions = [{ operator: 'IN', property: 'plan', value: '5,12345678901234567890' }]
    const segment = planSegment('any', it, state('few'))
    const rules = [{ type: 'ALL' as const, conditions, rules: [] }]
    const { clientKey } = await createPlace({ features: [it], segments: [{ ...segment, rules }] })
    const worthFor = async (plan: string) => {
      const body = `{"context":{"plan":${plan}}}`
      const answer = await send(one, { headers: { 'X-API-Key': clientKey }, body })
      return (await answer.json<{ value: unknown }>()).value
    }
    expect(await worthFor('5')).toBe('few')
    expect(await worthFor('5.0')).toBe('all')
    expect(await worthFor('12345678901234567890')).toBe('few')
    expect(await worthFor('12345678901234567891')).toBe('all')
  })
})

describe('an environment that does not allow client traits', () => {
  it('lets no context of a client-side key decide, with or without a targeting key', async () => {
    const { clientKey: key, serverKey } = await createTargeted({ allowClientTraits: false })
    const attacks = [
      { plan: 'pro' },
      { targetingKey: 'ann', plan: 'pro' },
      { targetingKey: 'ann', traits: { plan: 'pro' } },
      { targetingKey: 'ann', '$.identity.traits.plan': 'pro' },
    ]
    for (const context of attacks) {
      expect((await evaluateOne('it', { key, context })).value).toBe('all')
    }
    const context = { targetingKey: 'ann', plan: 'pro' }
    expect((await evaluateOne('it', { key: serverKey, context })).value).toBe('few')
  })
})

describe('a failure of the server', () => {
  it('is GENERAL and can be read by a browser', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { clientKey } = await createTargeted()
    const broken = { ...env, DB: null as unknown as D1Database }
    const headers = { 'X-API-Key': clientKey }
    const body = { context: { targetingKey: `user ${nextId()}` } }
    const single = await send(one, { headers, body, env: broken })
    expect(single.status).toBe(500)
    expect(single.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(evaluationFailure.parse(await single.json())).toMatchObject({
      key: 'it',
      errorCode: 'GENERAL',
    })
    const all = await send(bulk, { headers, body, env: broken })
    expect(bulkFailure.parse(await all.json()).errorCode).toBe('GENERAL')
  })

  it('does not touch those who are nobody in particular: they need no database', async () => {
    const { clientKey } = await createTargeted()
    const broken = { ...env, DB: null as unknown as D1Database }
    for (const context of [{}, { plan: 'pro' }]) {
      const headers = { 'X-API-Key': clientKey }
      expect((await send(bulk, { headers, body: { context }, env: broken })).status).toBe(200)
    }
  })
})
