import { describe, expect, it } from 'vitest'
import {
  createPlace,
  feature,
  type Headers,
  planSegment,
  publish,
  sendBulk,
  state,
} from './world.ts'

async function createTargeted() {
  const it = feature('it', state('all'))
  const secret = feature('secret', state('x'), true)
  return createPlace({ features: [it, secret], segments: [planSegment('pro', it, state('few'))] })
}

const tagOf = async (key: string, context: unknown = {}) =>
  (await sendBulk(key, context)).headers.get('ETag') ?? ''

describe('the bulk answer', () => {
  it('holds every flag in the document’s order, as it is alone', async () => {
    const { serverKey } = await createTargeted()
    const response = await sendBulk(serverKey, { targetingKey: 'ann', plan: 'pro' })
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await response.json()).toEqual({
      flags: [
        expect.objectContaining({ key: 'it', value: 'few', reason: 'TARGETING_MATCH' }),
        expect.objectContaining({ key: 'secret', value: 'x', reason: 'STATIC' }),
      ],
    })
  })

  it('is an empty list for an environment without flags', async () => {
    const { clientKey } = await createPlace({ features: [] })
    expect(await (await sendBulk(clientKey)).json()).toEqual({ flags: [] })
  })

  it('says what is true for an empty context whoever asked before', async () => {
    const { clientKey } = await createTargeted()
    const before = await (await sendBulk(clientKey)).text()
    await sendBulk(clientKey, { plan: 'pro' })
    expect(await (await sendBulk(clientKey)).text()).toBe(before)
  })
})

describe('If-None-Match', () => {
  it('that names the present tag is answered 304, without a body', async () => {
    const { clientKey } = await createTargeted()
    for (const context of [{}, { plan: 'pro' }, { targetingKey: 'ann' }]) {
      const tag = await tagOf(clientKey, context)
      const response = await sendBulk(clientKey, context, { 'If-None-Match': tag })
      expect(response.status).toBe(304)
      expect(response.headers.get('ETag')).toBe(tag)
      expect(await response.text()).toBe('')
    }
  })

  it.each([
    ['among others', (tag: string) => `"x", ${tag}, W/"y,z"`],
    ['as a strong tag', (tag: string) => tag.replace('W/', '')],
    ['as a star', () => '*'],
  ])('may name it %s', async (_, headerOf) => {
    const { clientKey } = await createTargeted()
    const headers: Headers = { 'If-None-Match': headerOf(await tagOf(clientKey)) }
    expect((await sendBulk(clientKey, {}, headers)).status).toBe(304)
  })

  it.each([['"x"'], [''], ['W/""'], ['x'.repeat(8_000)]])('of %.9s is 200', async (header) => {
    const { clientKey } = await createTargeted()
    const response = await sendBulk(clientKey, {}, { 'If-None-Match': header })
    expect(response.status).toBe(200)
  })

  it('does not bridge contexts, kinds of key or changes that lead to other flags', async () => {
    const { clientKey, serverKey, document } = await createTargeted()
    const tags = [
      await tagOf(clientKey),
      await tagOf(clientKey, { plan: 'pro' }),
      await tagOf(serverKey),
    ]
    const [it] = document.features
    if (it === undefined) throw new Error('a feature')
    await publish({
      ...document,
      version: document.version + 1,
      features: [{ ...it, state: state('changed') }],
    })
    tags.push(await tagOf(clientKey))
    expect(new Set(tags).size).toBe(4)
  })

  it('survives a new document version that changes nothing for this context', async () => {
    const { clientKey, document } = await createTargeted()
    const tag = await tagOf(clientKey)
    await publish({ ...document, version: document.version + 1, updatedAt: 2 })
    expect((await sendBulk(clientKey, {}, { 'If-None-Match': tag })).status).toBe(304)
  })

  it('does not help a stranger to a 304', async () => {
    const { clientKey } = await createTargeted()
    const headers = { 'If-None-Match': await tagOf(clientKey) }
    expect((await sendBulk('nobody', {}, headers)).status).toBe(401)
  })
})
