import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createWorld, type World } from '../support/admin.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})

type Sent = { body?: BodyInit; type?: string | null; path?: string; auth?: string | null }

/** Bytes as they are, to `POST projects/` unless told otherwise. */
async function send({ body, type = 'application/json', path = 'projects/', auth }: Sent) {
  const headers = new Headers(type === null ? {} : { 'Content-Type': type })
  if (auth !== null) headers.set('Authorization', auth ?? world.auth)
  const response = await exports.default.fetch(
    new Request(`http://localhost/api/v1/${path}`, {
      method: 'POST',
      headers,
      ...(body !== undefined && { body }),
    }),
  )
  return { status: response.status, body: (await response.json()) as unknown }
}

const bytes = (text: string) => new TextEncoder().encode(text)
const required = ['This field is required.']
const parseError = { detail: expect.stringMatching(/^JSON parse error - ./) }

describe('a body that is not JSON', () => {
  it.each([
    ['a torn object', '{"name":'],
    ['a trailing comma', '{"name":"x",}'],
    ['single quotes', "{'name':'x'}"],
    ['NaN', '{"name":NaN}'],
    ['two documents', '{}{}'],
    ['a lone bracket', '['],
    ['nothing', ''],
    ['a NUL byte', '\u0000'],
    ['HTML', '<html>'],
    ['ten thousand opened lists', '['.repeat(10_000)],
  ])('is refused with 400: %s', async (_, body) => {
    expect(await send({ body: bytes(body) })).toEqual({ status: 400, body: parseError })
  })
})

describe('a JSON body that is no object', () => {
  const refused = (message: string) => ({ status: 400, body: { non_field_errors: [message] } })

  it.each([
    ['[]', 'list'],
    ['[{"name":"x"}]', 'list'],
    ['"x"', 'str'],
    ['7', 'int'],
    ['7.5', 'float'],
    ['true', 'bool'],
  ])('is refused by name: %s', async (body, type) => {
    expect(await send({ body })).toEqual(
      refused(`Invalid data. Expected a dictionary, but got ${type}.`),
    )
  })

  it('is refused when it is null', async () => {
    expect(await send({ body: 'null' })).toEqual(refused('This field may not be null.'))
  })
})

describe('a body that is not there', () => {
  const missing = { status: 400, body: { name: required, organisation: required } }

  it.each([
    ['no body and no type', {}],
    ['an empty body', { body: bytes('') }],
  ])('counts as an empty object: %s', async (_, sent: Sent) => {
    expect(await send({ type: null, ...sent })).toEqual(missing)
  })
})

describe('the type of a body', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'may be %s',
    async (type) => {
      expect((await send({ body: '{}', type })).status).toBe(400)
      expect((await send({ body: '{"name":" "}', type })).body).toMatchObject({
        name: ['This field may not be blank.'],
      })
    },
  )

  it.each([
    ['text/plain', 'text/plain'],
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['application/xml', 'application/xml'],
    ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x', 'multipart/form-data; boundary=x'],
    ['application/jsonp', 'application/jsonp'],
  ])('is refused with 415 when it is %s', async (type, named) => {
    const body = JSON.stringify({ name: 'Shop', organisation: world.organisation.id })
    expect(await send({ body, type })).toEqual({
      status: 415,
      body: { detail: `Unsupported media type "${named}" in request.` },
    })
    expect((await world.api('GET', 'projects/')).body).toEqual([])
  })

  it('is refused when bytes come without one', async () => {
    expect(await send({ body: bytes('{}'), type: null })).toEqual({
      status: 415,
      body: { detail: 'Unsupported media type "" in request.' },
    })
  })

  it('does not matter to a stranger, who gets 401', async () => {
    expect((await send({ body: '<x/>', type: 'text/xml', auth: null })).status).toBe(401)
    expect((await send({ body: '{', auth: null })).status).toBe(401)
  })
})

describe('a hostile body', () => {
  const big = `{"name":"${'x'.repeat(1_100_000)}"}`
  const tooBig = {
    status: 413,
    body: { detail: 'Request body is larger than the 1000000 bytes allowed.' },
  }

  it('larger than the limit is refused', async () => {
    expect(await send({ body: big })).toEqual(tooBig)
  })

  it('larger than the limit is refused while it streams, without a length', async () => {
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(bytes('x'.repeat(65_536)))
        sent += 65_536
        if (sent > 50_000_000) controller.close()
      },
    })
    expect(await send({ body })).toEqual(tooBig)
    expect(sent).toBeLessThan(2_000_000)
  })

  it('with 100,000 unknown keys is read and ignored', async () => {
    const keys = Array.from({ length: 70_000 }, (_, index) => `"key${index}":1`)
    expect(await send({ body: `{${keys.join(',')}}` })).toEqual({
      status: 400,
      body: { name: required, organisation: required },
    })
  })

  it('nested 100,000 deep is read and ignored', async () => {
    const deep = `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect((await send({ body: deep })).body).toMatchObject({ name: ['Not a valid string.'] })
  })

  it('pollutes no prototype', async () => {
    const body =
      '{"__proto__":{"name":"polluted","organisation":1},"constructor":{"prototype":{"name":"x"}}}'
    expect(await send({ body })).toEqual({
      status: 400,
      body: { name: required, organisation: required },
    })
    expect(({} as { name?: string }).name).toBeUndefined()
  })

  it('counts the last of two equal keys, and a byte order mark for nothing', async () => {
    expect((await send({ body: '{"name":"x","name":" "}' })).body).toMatchObject({
      name: ['This field may not be blank.'],
    })
    expect((await send({ body: bytes('\ufeff{}') })).body).toMatchObject({ name: required })
  })
})
