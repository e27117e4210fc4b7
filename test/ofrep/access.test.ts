import { describe, expect, it } from 'vitest'
import { generalError } from '../../src/ofrep/schemas.ts'
import { createPlace, feature, publish, send, sendBulk, state } from './world.ts'

const bulk = '/evaluate/flags'
const shown = { features: [feature('shown', state('a'))] }
const two = () => ({
  features: [feature('shown', state('a')), feature('secret', state('b'), true)],
})

const namesOf = async (response: Response) =>
  (await response.json<{ flags: { key: string }[] }>()).flags.map((flag) => flag.key)

describe('an environment key', () => {
  it.each([
    ['X-Environment-Key', (key: string) => key],
    ['X-API-Key', (key: string) => key],
    ['Authorization', (key: string) => `Bearer ${key}`],
    ['Authorization', (key: string) => `bearer ${key}`],
  ])('is taken from %s', async (name, headerFor) => {
    const { clientKey, serverKey } = await createPlace(shown)
    for (const key of [clientKey, serverKey]) {
      const response = await send(bulk, { headers: { [name]: headerFor(key) }, body: {} })
      expect(response.status).toBe(200)
    }
  })

  it('that is missing, empty or in another scheme is 401 and says how to send one', async () => {
    const { clientKey } = await createPlace(shown)
    for (const headers of [
      {},
      { 'X-API-Key': '' },
      { Authorization: 'Bearer' },
      { Authorization: `Token ${clientKey}` },
      { Authorization: `Api-Key ${clientKey}` },
    ]) {
      for (const path of [bulk, `${bulk}/shown`]) {
        const response = await send(path, { headers: { ...headers }, body: {} })
        expect(response.status).toBe(401)
        expect(response.headers.get('WWW-Authenticate')).toBe('Bearer')
        const body = generalError.parse(await response.json())
        expect(body.errorDetails).toContain('X-Environment-Key')
      }
    }
  })

  it.each([['nobody'], ['ser.nobody'], ['ser.'], ['x'.repeat(5_000)], ['__proto__']])(
    'that is unknown (%.12s) is 401',
    async (key) => {
      const response = await sendBulk(key)
      expect(response.status).toBe(401)
      expect(await response.json()).toEqual({ errorDetails: 'The environment key is not valid.' })
    },
  )

  it('that is wrong in one header is not rescued by a good one in another', async () => {
    const { clientKey } = await createPlace(shown)
    const response = await sendBulk(clientKey, {}, { 'X-Environment-Key': 'nobody' })
    expect(response.status).toBe(401)
  })

  it('that expired is 401', async () => {
    const { document, serverKey } = await createPlace(shown)
    const [key] = document.serverKeys
    if (key === undefined) throw new Error('a server-side key')
    await publish({
      ...document,
      version: document.version + 1,
      serverKeys: [{ ...key, expiresAt: Date.now() - 1 }],
    })
    expect((await sendBulk(serverKey)).status).toBe(401)
  })

  it('of a stopped organisation is 403', async () => {
    const { clientKey } = await createPlace({ ...shown, stopServingFlags: true })
    const response = await sendBulk(clientKey)
    expect(response.status).toBe(403)
    expect(generalError.parse(await response.json()).errorDetails).toContain('disabled')
  })
})

describe('what a key may see', () => {
  it('leaves out server-key-only flags for client-side keys, as if they did not exist', async () => {
    const { clientKey, serverKey } = await createPlace(two())
    expect(await namesOf(await sendBulk(serverKey))).toEqual(['shown', 'secret'])
    expect(await namesOf(await sendBulk(clientKey))).toEqual(['shown'])
    const answers = await Promise.all(
      ['secret', 'nothing'].map((name) =>
        send(`${bulk}/${name}`, { headers: { 'X-API-Key': clientKey }, body: {} }),
      ),
    )
    const [hidden, unknown] = await Promise.all(answers.map((answer) => answer.text()))
    expect(answers.map((answer) => answer.status)).toEqual([404, 404])
    expect(hidden?.replace('secret', 'nothing')).toBe(unknown)
  })

  it('leaves out disabled flags where the environment hides them, after overrides', async () => {
    const { clientKey } = await createPlace({
      features: [feature('off', state('a', false)), feature('on', state('b'))],
      settings: { hideDisabledFlags: true },
    })
    expect(await namesOf(await sendBulk(clientKey))).toEqual(['on'])
    const one = await send(`${bulk}/off`, { headers: { 'X-API-Key': clientKey }, body: {} })
    expect(one.status).toBe(404)
  })
})

describe('paths', () => {
  it('answer with and without the trailing slash', async () => {
    const { clientKey } = await createPlace(shown)
    for (const path of [bulk, `${bulk}/`, `${bulk}/shown`, `${bulk}/shown/`]) {
      const response = await send(path, { headers: { 'X-API-Key': clientKey }, body: {} })
      expect([path, response.status]).toEqual([path, 200])
    }
  })

  it.each([
    ['größe & mehr', 'gr%C3%B6%C3%9Fe%20%26%20mehr'],
    ['team/flag', 'team%2Fflag'],
    ['team/flag', 'team/flag'],
    ['100%', '100%25'],
    ['__proto__', '__proto__'],
  ])('find the flag %s as %s', async (name, path) => {
    const { clientKey } = await createPlace({ features: [feature(name, state('a'))] })
    const response = await send(`${bulk}/${path}`, {
      headers: { 'X-API-Key': clientKey },
      body: {},
    })
    expect(await response.json()).toMatchObject({ key: name, value: 'a' })
  })

  it.each([['constructor'], ['__proto__'], ['%ff'], ['Shown'], ['x'.repeat(5_000)]])(
    'answer 404 in the specification’s words for the flag %.12s',
    async (name) => {
      const { clientKey } = await createPlace(shown)
      const response = await send(`${bulk}/${name}`, {
        headers: { 'X-API-Key': clientKey },
        body: {},
      })
      expect(response.status).toBe(404)
      expect(await response.json()).toEqual({
        key: name,
        errorCode: 'FLAG_NOT_FOUND',
        errorDetails: expect.any(String),
      })
    },
  )
})

describe('CORS', () => {
  it.each([[bulk], [`${bulk}/`], [`${bulk}/shown`]])(
    'answers a preflight of %s before it asks for a key',
    async (path) => {
      const response = await send(path, {
        method: 'OPTIONS',
        headers: {
          Origin: 'https://shop.example',
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,if-none-match',
        },
      })
      expect(response.status).toBe(200)
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
      expect(response.headers.get('Access-Control-Allow-Methods')).toContain('POST')
      const allowed = response.headers.get('Access-Control-Allow-Headers')?.split(', ')
      for (const name of ['authorization', 'content-type', 'if-none-match']) {
        expect(allowed).toContain(name)
      }
      for (const name of ['x-api-key', 'x-environment-key']) expect(allowed).toContain(name)
    },
  )

  it('lets a browser read answers, refusals and the entity tag', async () => {
    const { clientKey } = await createPlace(shown)
    const found = await sendBulk(clientKey)
    const tag = found.headers.get('ETag') ?? ''
    const same = await sendBulk(clientKey, {}, { 'If-None-Match': tag })
    for (const response of [found, same, await sendBulk('nobody')]) {
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
      expect(response.headers.get('Access-Control-Expose-Headers')).toContain('ETag')
      expect(response.headers.get('Access-Control-Allow-Credentials')).toBeNull()
    }
  })
})
