/** What a receiver makes of a webhook: its signatures, what it says, what came twice or not at all. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkSignatures } from '../../src/tools/webhook-check.ts'
import { prettyOf, tellOf } from '../../src/tools/webhook-event.ts'
import { createMemory } from '../../src/tools/webhook-memory.ts'
import { asymmetricCases, cases, legacyCases, publicKey, signed } from './webhook-cases.ts'

describe('signatures', () => {
  test.each(cases)('$name: $fits', ({ secret, headers, body, now, fits }) => {
    const { verdict, text } = checkSignatures({ secret }, { headers, body: Buffer.from(body), now })
    expect(verdict === 'verified').toBe(fits)
    expect(text).toMatch(fits ? /^verified/ : /^(NOT VERIFIED: .+|not checked: .+)/)
  })

  test.each(asymmetricCases)(
    'of a key pair, $name: $fits',
    ({ headers, body, now, fits, ...keys }) => {
      const { verdict, text } = checkSignatures(keys, { headers, body: Buffer.from(body), now })
      expect(verdict).toBe(fits ? 'verified' : 'refused')
      expect(text).toMatch(fits ? /^verified \(webhook-signature\)$/ : /^NOT VERIFIED: .+/)
    },
  )

  test('have to fit both, where a secret and a public key are given', () => {
    const isFor = (name: string) => asymmetricCases.find((one) => one.name === name)
    const verdictOf = (name: string) => {
      const { headers = {}, body = '', now = 0 } = isFor(name) ?? {}
      const keys = { secret: cases[0]?.secret, publicKey }
      return checkSignatures(keys, { headers, body: Buffer.from(body), now }).text
    }
    expect(verdictOf('beside that of a secret')).toBe('verified (webhook-signature)')
    expect(verdictOf('alone')).toContain('fits neither this secret nor this body')
    expect(verdictOf('that of a secret alone')).toContain('fits neither this public key nor')
  })

  test.each(legacyCases)('of the original, $name: $fits', ({ secret, signature, body, fits }) => {
    const headers = { 'x-flagsmith-signature': signature }
    const { text } = checkSignatures({ secret }, { headers, body: Buffer.from(body), now: 0 })
    expect(text.includes('(x-flagsmith-signature fits)')).toBe(fits)
  })

  const body = Buffer.from('{}')
  const at = { id: 'evt_1', timestamp: 1_000, body: '{}' }
  const known = { 'webhook-id': 'evt_1', 'webhook-timestamp': '1000' }
  const headers = { ...known, 'webhook-signature': signed(Buffer.from('new'), at) }

  test.each([
    [{ ...headers, 'webhook-id': '' }, 1_000, 'there is no webhook-id'],
    [{ ...headers, 'webhook-timestamp': 'soon' }, 1_000, 'webhook-timestamp is no number'],
    [known, 1_000, 'there is no webhook-signature'],
    [headers, 1_301, 'webhook-timestamp is 301 s old'],
    [headers, 699, 'webhook-timestamp is 301 s ahead'],
    [
      { ...headers, 'webhook-id': 'evt_2' },
      1_000,
      'webhook-signature fits neither this secret nor this body',
    ],
  ])('that do not fit say why: %j at %i', (given, now, why) => {
    const { verdict, text } = checkSignatures({ secret: 'new' }, { headers: given, body, now })
    expect(verdict).toBe('refused')
    expect(text).toContain(`NOT VERIFIED: ${why}`)
  })

  test('of a rotation fit the next secret, while the legacy one is the present secret’s', () => {
    const [both] = legacyCases
    const given = { ...headers, 'x-flagsmith-signature': both?.signature }
    const { verdict, text } = checkSignatures(
      { secret: 'new' },
      { headers: given, body, now: 1_000 },
    )
    expect(verdict).toBe('verified')
    expect(text).toContain('but not x-flagsmith-signature')
  })
})

/** No behaviour tells: a comparison that ends early gives a signature away byte by byte. */
describe('signatures are compared in constant time', () => {
  const read = (file: string) => readFileSync(join(import.meta.dirname, '../../src', file), 'utf8')
  const snippet = (heading: string) =>
    read('WEBHOOKS.md').split(`### ${heading}\n`)[1]?.split('\n### ')[0] ?? ''

  test.each([
    ['the local receiver', read('tools/webhook-check.ts'), 'timingSafeEqual(', 1],
    ['the snippet in Node', snippet('Node, without any package'), 'timingSafeEqual(', 1],
    ['the snippet in Python', snippet('Python'), 'hmac.compare_digest(', 2],
    ['the snippet in Go', snippet('Go'), 'hmac.Equal(', 2],
  ])('by %s', (_, text, call, times) => {
    expect(text.split(call).length - 1).toBe(times)
    expect(text).not.toMatch(/[!=]==? *expected\b|\bexpected\)? *[!=]=/)
  })
})

const state = (more: object) => ({
  enabled: false,
  feature: { name: 'dark_mode' },
  environment: { id: 3, name: 'Production' },
  feature_state_value: 'a',
  ...more,
})

const flag = (data: object, event_type = 'FLAG_UPDATED') =>
  JSON.stringify({ event_type, data: { changed_by: 'ada@example.com', ...data } })

describe('what a webhook says', () => {
  test.each([
    [
      flag({
        previous_state: state({}),
        new_state: state({ enabled: true, feature_state_value: 'b' }),
      }),
      'FLAG_UPDATED dark_mode in Production: enabled false → true, value "a" → "b", by ada@example.com',
      '3',
    ],
    [
      flag({
        previous_state: state({ identity_identifier: 'bob' }),
        new_state: state({
          identity_identifier: 'bob',
          multivariate_feature_state_values: [{ id: 1 }],
        }),
      }),
      'FLAG_UPDATED dark_mode for bob in Production: variants, by ada@example.com',
      '3',
    ],
    [
      flag({ new_state: state({ feature_segment: { segment: { name: 'beta' }, priority: 1 } }) }),
      'FLAG_UPDATED dark_mode for segment beta in Production: new, by ada@example.com',
      '3',
    ],
    [
      flag({ previous_state: state({}), new_state: null }, 'FLAG_DELETED'),
      'FLAG_DELETED dark_mode in Production: deleted, by ada@example.com',
      '3',
    ],
    [
      JSON.stringify({
        event_type: 'AUDIT_LOG_CREATED',
        data: { log: 'New Segment created: beta', author: null, environment: null },
      }),
      'AUDIT_LOG_CREATED: New Segment created: beta',
      '',
    ],
    [
      JSON.stringify({
        version: '0.2',
        type: 'flag',
        action: 'updated',
        status: 'denied',
        metadata: { actor: { email: 'ada@example.com' } },
        payload: { key: 'dark_mode', namespace_key: 'Production' },
      }),
      'flag:updated dark_mode in Production: denied, by ada@example.com',
      'Production',
    ],
    [
      JSON.stringify({
        type: 'feature-state.updated',
        data: {
          log: 'Flag state updated',
          actor: { name: 'CI' },
          environment: { id: 3, name: 'Production' },
        },
      }),
      'feature-state.updated in Production: Flag state updated, by CI',
      '3',
    ],
    ['{"hello": 1}', 'an unknown body', ''],
    ['null', 'an unknown body', ''],
    ['{"data"', 'a body that is no JSON', ''],
  ])('%s', (body, text, series) => {
    expect(tellOf(body)).toEqual({ text, series })
  })

  test('is cut where it would fill the screen', () => {
    const long = flag({ new_state: state({ feature: { name: 'x'.repeat(5_000) } }) })
    expect(tellOf(long).text.length).toBeLessThan(250)
  })

  test('is shown whole with line breaks, and as it stands where it is no JSON', () => {
    expect(prettyOf('{"data":{}}')).toBe('{\n  "data": {}\n}')
    expect(prettyOf('{"data"')).toBe('{"data"')
  })
})

describe('a receiver’s memory', () => {
  /** Ids are the numbers, unless told otherwise. */
  const arrival = (sequence: number, { id = `evt_${sequence}`, series = '/' } = {}) => ({
    id,
    series,
    sequence,
    previous: sequence - 1,
    at: `00:00:0${sequence}`,
  })

  test('finds what comes in order unremarkable, from wherever it began to listen', () => {
    const memory = createMemory()
    expect([7, 8, 9].flatMap((one) => memory.note(arrival(one)))).toEqual([])
  })

  test('knows an id that came before, and when', () => {
    const memory = createMemory()
    memory.note(arrival(1))
    memory.note(arrival(2))
    expect(memory.note(arrival(1))).toEqual(['DUPLICATE: came at 00:00:01'])
  })

  test('names what is missing once, and what comes late', () => {
    const memory = createMemory()
    memory.note(arrival(2))
    expect(memory.note(arrival(6))).toEqual(['GAP: sequence 3 to 5 has not come'])
    expect(memory.note(arrival(7))).toEqual([])
    expect(memory.note(arrival(5))).toEqual([
      'GAP: sequence 3 to 4 has not come',
      'LATE: sequence 7 came before it',
    ])
    expect(memory.note(arrival(3))).toEqual(['LATE: sequence 7 came before it'])
    expect(memory.note(arrival(9))).toEqual(['GAP: sequence 8 has not come'])
    expect(memory.note(arrival(1))).toEqual(['LATE: sequence 9 came before it'])
  })

  test('counts each endpoint and environment by itself', () => {
    const memory = createMemory()
    memory.note(arrival(1))
    expect(memory.note(arrival(5, { series: '/ 3' }))).toEqual([])
    expect(memory.note(arrival(2, { id: 'evt_other' }))).toEqual([])
  })

  test('takes what has no number, as a sample has none', () => {
    const memory = createMemory()
    const sample = { id: 'evt_test', series: '/', at: '', sequence: undefined, previous: undefined }
    expect(memory.note(sample)).toEqual([])
    expect(memory.note({ ...sample, id: '' })).toEqual([])
    expect(memory.note({ ...sample, id: '' })).toEqual([])
  })
})
