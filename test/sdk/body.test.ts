/** Bodies of every kind, hostile ones among them (sdk-api §1.2, §2.2; security cases 22 and 23). */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  asObject,
  byName,
  createIdentityWorld,
  type IdentityView,
  type IdentityWorld,
  traits,
} from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const json = 'application/json'
const urlencoded = 'application/x-www-form-urlencoded'
const broken = { detail: 'JSON parse error - the body is not valid JSON.' }

const post = async (body: BodyInit, type = json) => {
  const response = await world.send('POST', '/identities/', { body, type })
  return { status: response.status, body: (await response.json()) as IdentityView }
}

describe('forms', () => {
  it('are read like the original does, in both encodings', async () => {
    const fields: [string, string][] = [
      ['identifier', ' form user '],
      ['traits[1]trait_key', 'plan'],
      ['traits[1]trait_value', 'gold'],
      ['traits[0]trait_key', 'age'],
      ['traits[0]trait_value', '30'],
      ['traits[0]transient', 'true'],
    ]
    const multipart = new FormData()
    for (const [name, value] of fields) multipart.append(name, value)
    const encoded = new Response(multipart)
    for (const { body, type } of [
      { body: new URLSearchParams(fields).toString(), type: `${urlencoded}; charset=utf-8` },
      { body: await encoded.text(), type: encoded.headers.get('Content-Type') ?? '' },
    ]) {
      const answer = await post(body, type)
      expect(answer.status).toBe(200)
      expect(answer.body.identifier).toBe('form user')
      expect(asObject(answer.body.traits)).toEqual({ age: '30', plan: 'gold' })
      expect(byName(answer.body.flags, 'banner').enabled).toBe(true)
    }
    expect(await world.storedTraits('form user')).toEqual({ plan: '"gold"' })
  })

  it('carry nested objects by a point, and mean nothing by hostile names', async () => {
    const body = 'identity.identifier=dotty&trait_key=plan&trait_value=gold'
    const response = await world.send('POST', '/traits/', { body, type: urlencoded })
    expect(await response.json()).toEqual({
      identity: { identifier: 'dotty' },
      trait_value: 'gold',
      trait_key: 'plan',
    })
    const hostile =
      '__proto__=a&__proto__.identifier=b&constructor.prototype=c&traits[999999999]trait_key=k' +
      '&traits[999999999]trait_value=v&traits[0]__proto__=x&__proto__[0]a=b&identifier=quiet'
    const answer = await post(hostile, urlencoded)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ traits: [{ trait_key: ['This field is required.'] }, {}] })
    expect({}).not.toHaveProperty('identifier')
  })

  it('that are no multipart are a 400', async () => {
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
      expect((await post('garbage', type)).status).toBe(400)
    }
  })
})

describe('a content type', () => {
  it('other than the three is 415 with its name, whatever the body', async () => {
    for (const type of ['text/plain', 'application/xml; charset=utf-8', 'application/jsonp']) {
      const answer = await post('{}', type)
      expect([answer.status, answer.body]).toEqual([
        415,
        { detail: `Unsupported media type "${type}" in request.` },
      ])
    }
  })

  it('does not matter for an empty body', async () => {
    for (const type of ['text/plain', json, urlencoded, 'multipart/form-data']) {
      const response = await world.send('POST', '/identities/', { type })
      expect(response.status).toBe(200)
    }
  })
})

describe('malformed JSON', () => {
  it.each([
    ['cut off', '{"identifier":'],
    ['NaN', '{"traits":[{"trait_key":"a","trait_value":NaN}]}'],
    ['Infinity', '{"traits":[{"trait_key":"a","trait_value":-Infinity}]}'],
    ['a trailing comma', '{"identifier":"a",}'],
    ['single quotes', "{'identifier':'a'}"],
    ['a bare NUL', '{"identifier":"a\0"}'],
    ['two documents', '{}{}'],
    ['blanks only', '  '],
  ])('is a 400: %s', async (_name, body) => {
    expect(await post(body)).toEqual({ status: 400, body: broken })
  })

  it('is a 400: bytes that are no UTF-8, announced or streamed', async () => {
    const bytes = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    const streamed = new Response(bytes).body ?? ''
    for (const body of [bytes, streamed]) {
      expect(await post(body)).toEqual({ status: 400, body: broken })
    }
  })

  it('is not what a byte order mark or a replacement character makes', async () => {
    expect((await post('\ufeff{"identifier":"marked"}')).body.identifier).toBe('marked')
    expect((await post('{"identifier":"a\ufffdb"}')).body.identifier).toBe('a\ufffdb')
  })

  it('is a 400: nesting without end, wherever it stands', async () => {
    const deep = (open: string, close: string, levels: number) =>
      open.repeat(levels) + close.repeat(levels)
    for (const bomb of [deep('[', ']', 100_000), deep('{"a":', '1}', 1_000), '['.repeat(900_000)]) {
      for (const body of [
        bomb,
        `{"identifier":${bomb}}`,
        `{"junk":${bomb}}`,
        `{"traits":${bomb}}`,
        `{"traits":[{"trait_key":"a","trait_value":${bomb}}]}`,
        `{"n":5.0,"traits":[{"trait_key":"a","trait_value":${bomb}}]}`,
      ]) {
        expect((await post(body)).status).toBe(400)
      }
    }
  })
})

describe('numbers at the edges', () => {
  it.each([
    ['1e400', 400],
    ['-1e400', 400],
    ['9007199254740993', 400],
    ['123456789012345678901234567890', 400],
    ['2147483648', 400],
    ['2147483647', 200],
    ['3e9', 200],
    ['1e-320', 200],
    ['-0', 200],
    ['-0.0', 200],
  ])('as a trait value: %s', async (literal, status) => {
    const body = `{"identifier":"edge","traits":[{"trait_key":"n","trait_value":${literal}}]}`
    const answer = await post(body)
    expect(answer.status).toBe(status)
    const again = await world.get('/identities/?identifier=edge')
    expect(again.status).toBe(200)
  })
})

describe('hostile names', () => {
  it('are keys and identifiers like any other, and change nothing else', async () => {
    for (const name of [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '$.identity.key',
    ]) {
      const sent = `{"identifier":"${name}","traits":[{"trait_key":"${name}","trait_value":"x"}]}`
      const { body, status } = await post(sent)
      expect(status).toBe(200)
      expect(body.identifier).toBe(name)
      expect(body.traits.map((trait) => [trait.trait_key, trait.trait_value])).toEqual([
        [name, 'x'],
      ])
      const rows = await world.storedTraits(name)
      expect(Object.entries(rows)).toEqual([[name, '"x"']])
      const one = await world.get(`/identities/?identifier=a&feature=${name}`)
      expect(one.status).toBe(404)
    }
    const polluting = '{"__proto__":{"identifier":"evil","transient":true},"identifier":"good"}'
    expect((await post(polluting)).body.identifier).toBe('good')
    expect(({} as Record<string, unknown>).transient).toBeUndefined()
  })

  it('of SQL mean nothing', async () => {
    const name = `'); DROP TABLE traits; -- " \\ %`
    await world.identify({ identifier: name, traits: traits({ [name]: name }) })
    expect(await world.storedTraits(name)).toEqual({ [name]: JSON.stringify(name) })
  })
})

describe('size', () => {
  it('up to a megabyte is read, beyond it is 413, told or streamed', async () => {
    const padded = (length: number) => `{"identifier":"big","junk":"${'x'.repeat(length - 28)}"}`
    expect((await post(padded(999_000))).status).toBe(200)
    expect((await post(padded(1_000_001))).status).toBe(413)
    const chunk = new TextEncoder().encode(' '.repeat(100_000))
    let sent = 0
    const stream = new ReadableStream({
      pull(controller) {
        sent += 1
        if (sent > 1_000) controller.close()
        else controller.enqueue(chunk)
      },
    })
    expect((await post(stream)).status).toBe(413)
    expect(sent).toBeLessThan(50)
  })

  it('of ten thousand traits, a megabyte of one value, and many keys is a 400', async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => ({ trait_key: `k${n}`, trait_value: n }))
    expect((await post(JSON.stringify({ identifier: 'x', traits: many }))).status).toBe(400)
    const long = traits({ k: 'x'.repeat(990_000) })
    expect((await post(JSON.stringify({ identifier: 'x', traits: long }))).status).toBe(400)
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, n]))
    expect((await post(JSON.stringify({ traits: traits({ wide }) }))).status).toBe(400)
  })

  it('of a thousand of the longest traits that fit is stored whole', async () => {
    const full = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [`key ${n}`, '\\'.repeat(450)]),
    )
    await world.identify({ identifier: 'y'.repeat(2_000), traits: traits(full) })
    expect(Object.keys(await world.storedTraits('y'.repeat(2_000)))).toHaveLength(1_000)
  })
})
