/** What `POST /identities/` refuses, in the contract's own words (sdk-api §2.2), and what it takes. */
import { beforeAll, describe, expect, it } from 'vitest'
import { asObject, createIdentityWorld, type IdentityWorld, traits } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const key = (trait_key: unknown) => ({ traits: [{ trait_key, trait_value: 1 }] })
const value = (trait_value: unknown) => ({ traits: [{ trait_key: 'k', trait_value }] })
const list = (type: string) => ({
  traits: { non_field_errors: [`Expected a list of items but got type "${type}".`] },
})
const dictionary = (type: string) => ({
  non_field_errors: [`Invalid data. Expected a dictionary, but got ${type}.`],
})
const noString = ['Not a valid string.']
const noNull = ['This field may not be null.']
const nul = ['Null characters are not allowed.']
const surrogate = ['Surrogate characters are not allowed: U+D800.']
const tooLong = ['Value string is too long. Must be less than 2000 character']

const refused: [string, unknown, unknown][] = [
  ['a boolean identifier', { identifier: true }, { identifier: noString }],
  ['a list as identifier', { identifier: [] }, { identifier: noString }],
  ['an object as identifier', { identifier: {} }, { identifier: noString }],
  ['NUL in the identifier', { identifier: 'a\0b' }, { identifier: nul }],
  ['a lone surrogate in the identifier', { identifier: 'a\ud800' }, { identifier: surrogate }],
  [
    'an identifier of 2001 characters',
    { identifier: 'x'.repeat(2_001) },
    { identifier: ['Ensure this field has no more than 2000 characters.'] },
  ],
  ['gotcha 9: null traits', { traits: null }, { traits: noNull }],
  ['gotcha 9: null transient', { transient: null }, { transient: noNull }],
  ['an unclear boolean', { transient: 'maybe' }, { transient: ['Must be a valid boolean.'] }],
  ['a list as boolean', { transient: [] }, { transient: ['Must be a valid boolean.'] }],
  ['an object of traits', { traits: {} }, list('dict')],
  ['text as traits', { traits: 'str' }, list('str')],
  ['a number as traits', { traits: 5 }, list('int')],
  ['a boolean as traits', { traits: false }, list('bool')],
  ['a trait that is text', { traits: ['x'] }, { traits: [dictionary('str')] }],
  ['a trait that is a list', { traits: [[]] }, { traits: [dictionary('list')] }],
  ['a trait that is null', { traits: [null] }, { traits: [noNull] }],
  [
    'gotcha 8: a trait without value, beside a good one',
    { traits: [...traits({ a: 1 }), { trait_key: 'b' }] },
    { traits: [{}, { trait_value: ['This field is required.'] }] },
  ],
  [
    'a trait without anything',
    { traits: [{}] },
    {
      traits: [
        { trait_key: ['This field is required.'], trait_value: ['This field is required.'] },
      ],
    },
  ],
  ['a blank key', key('  '), { traits: [{ trait_key: ['This field may not be blank.'] }] }],
  ['a null key', key(null), { traits: [{ trait_key: noNull }] }],
  ['a boolean key', key(true), { traits: [{ trait_key: noString }] }],
  ['NUL in a key', key('a\0'), { traits: [{ trait_key: nul }] }],
  [
    'a key of 201 characters',
    key('x'.repeat(201)),
    { traits: [{ trait_key: ['Ensure this field has no more than 200 characters.'] }] },
  ],
  ['a value of 2001 characters', value('x'.repeat(2_001)), { traits: [{ trait_value: tooLong }] }],
  ['a list of 2001 characters', value(Array(700).fill(1)), { traits: [{ trait_value: tooLong }] }],
  ['NUL in a value', value('a\0'), { traits: [{ trait_value: nul }] }],
  ['a lone surrogate in a value', value('\ud800'), { traits: [{ trait_value: surrogate }] }],
  [
    'a value above 32 bits, which the original fails on',
    value(2 ** 31),
    { traits: [{ trait_value: ['Ensure this value is less than or equal to 2147483647.'] }] },
  ],
  [
    'a value below 32 bits',
    value(-(2 ** 31) - 1),
    { traits: [{ trait_value: ['Ensure this value is greater than or equal to -2147483648.'] }] },
  ],
  [
    'a null transient of a trait',
    { traits: [{ trait_key: 'a', trait_value: 1, transient: null }] },
    { traits: [{ transient: noNull }] },
  ],
  [
    'more than a thousand traits',
    { traits: Array.from({ length: 1_001 }, (_, n) => ({ trait_key: `k${n}`, trait_value: 1 })) },
    { traits: { non_field_errors: ['Ensure this field has no more than 1000 elements.'] } },
  ],
  ['a list as body', [], dictionary('list')],
  ['text as body', 'x', dictionary('str')],
  ['null as body', null, { non_field_errors: ['No data provided'] }],
  [
    'several faults at once',
    { identifier: {}, transient: 7, traits: 'x' },
    { identifier: noString, transient: ['Must be a valid boolean.'], ...list('str') },
  ],
]

describe('POST /identities/ refuses', () => {
  it('a bare number, by its kind', async () => {
    for (const [body, type] of [
      ['5', 'int'],
      ['5.0', 'float'],
      ['true', 'bool'],
    ] as const) {
      const response = await world.send('POST', '/identities/', { body, type: 'application/json' })
      expect([response.status, await response.json()]).toEqual([400, dictionary(type)])
    }
  })

  it.each(refused)('%s', async (_name, body, expected) => {
    const response = await world.post(body)
    expect([response.status, await response.json()]).toEqual([400, expected])
  })
})

describe('POST /identities/ takes', () => {
  it('an identifier that is a number, as its text, every digit of it', async () => {
    for (const [literal, identifier] of [
      ['123', '123'],
      ['1.5', '1.5'],
      ['5.0', '5.0'],
      ['12345678901234567890', '12345678901234567890'],
    ]) {
      const response = await world.send('POST', '/identities/', {
        body: `{"identifier":${literal},"transient":true}`,
        type: 'application/json',
      })
      expect(await response.json()).toMatchObject({ identifier })
    }
  })

  it('booleans in all their spellings', async () => {
    for (const transient of ['true', 'True', 'YES', 'on', '1', 1, 't', 'y']) {
      const { traits: answered } = await world.identify({
        identifier: 'bo',
        traits: [{ trait_key: 'k', trait_value: 1, transient }],
      })
      expect(answered[0]?.transient).toBe(true)
    }
    for (const transient of ['false', 'No', 'OFF', '0', 0, 'f', 'n']) {
      await world.identify({ identifier: `stored ${transient}`, transient })
      expect(await world.storedIdentity(`stored ${transient}`)).toBeDefined()
    }
  })

  it('values with their types, floats that are whole among them', async () => {
    const body = `{"identifier":"typed","traits":[
      {"trait_key":"int","trait_value":5}, {"trait_key":"whole","trait_value":5.0},
      {"trait_key":"exponent","trait_value":1e3}, {"trait_key":"float","trait_value":-0.25},
      {"trait_key":"yes","trait_value":true}, {"trait_key":"text","trait_value":"5"},
      {"trait_key":"empty","trait_value":""}, {"trait_key":"max","trait_value":-2147483648}]}`
    const expected =
      '"int","trait_value":5,|"whole","trait_value":5.0,|"exponent","trait_value":1000.0,|' +
      '"float","trait_value":-0.25,|"yes","trait_value":true,|"text","trait_value":"5",|' +
      '"empty","trait_value":"",|"max","trait_value":-2147483648,'
    for (const attempt of ['sent', 'stored']) {
      const response = await world.send('POST', '/identities/', {
        body: attempt === 'sent' ? body : '{"identifier":"typed"}',
        type: 'application/json; charset=utf-8',
      })
      const text = await response.text()
      for (const part of expected.split('|')) expect(text).toContain(part)
    }
  })

  it('gotcha 13: lists and objects as the text that Python makes of them', async () => {
    const { traits: answered } = await world.identify({
      identifier: 'py',
      traits: traits({
        list: [1, 'a', null, true, 1.5],
        object: { a: 'b', n: { q: "it's" } },
        empty: [[], {}],
      }),
    })
    expect(asObject(answered)).toEqual({
      list: "[1, 'a', None, True, 1.5]",
      object: `{'a': 'b', 'n': {'q': "it's"}}`,
      empty: '[[], {}]',
    })
  })

  it('unknown keys, an empty body, and 2000 characters beyond the basic plane', async () => {
    expect((await world.post({ identifier: 'junk', other: [1], __proto__: {} })).status).toBe(200)
    const empty = await world.send('POST', '/identities/', { type: 'application/json' })
    expect(empty.status).toBe(200)
    const long = await world.identify({ identifier: 'long', ...value('😀'.repeat(2_000)) })
    expect(asObject(long.traits)).toEqual({ k: '😀'.repeat(2_000) })
  })
})

describe('an identity', () => {
  it('may have a thousand traits and not one more, in however many requests', async () => {
    const some = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ trait_key: `k${from + n}`, trait_value: n }))
    await world.identify({ identifier: 'full', traits: some(0, 1_000) })
    const more = await world.post({ identifier: 'full', traits: some(1_000, 1) })
    expect([more.status, await more.json()]).toEqual([
      400,
      { traits: { non_field_errors: ['Ensure this field has no more than 1000 elements.'] } },
    ])
    const swap = [...traits({ k0: null }), ...some(1_000, 1)]
    expect((await world.identify({ identifier: 'full', traits: swap })).traits).toHaveLength(1_000)
  })
})
