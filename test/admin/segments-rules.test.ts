import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, type Place, type World } from '../support/admin.ts'
import { addSegment, equals, rulesOf, type Segment } from '../support/segments.ts'

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/segments/`
})

const create = (rules: unknown) => world.api<Segment>('POST', list, { name: 'x', rules })

/** A condition as it reads back after it was sent. */
async function sent(condition: object) {
  const { status, body } = await create(rulesOf(condition))
  return status === 201 ? body.rules[0]?.rules[0]?.conditions[0] : body
}

describe('a condition', () => {
  it.each(
    (
      'EQUAL NOT_EQUAL GREATER_THAN GREATER_THAN_INCLUSIVE LESS_THAN LESS_THAN_INCLUSIVE CONTAINS ' +
      'NOT_CONTAINS REGEX PERCENTAGE_SPLIT MODULO IS_SET IS_NOT_SET IN'
    ).split(' '),
  )('may use %s', async (operator) => {
    const condition = { operator, property: 'age', value: '7' }
    expect(await sent(condition)).toEqual({ id: expect.any(Number), ...condition })
  })

  it.each([
    ['text', 'text'],
    ['', ''],
    [' x ', ' x '],
    [7, '7'],
    [1.5, '1.5'],
    [true, 'True'],
    [false, 'False'],
    [['a', 'b'], '["a","b"]'],
    [null, null],
    [undefined, null],
    ['x'.repeat(1000), 'x'.repeat(1000)],
    ['(unclosed', '(unclosed'],
  ])('with the value %j reads back as %j', async (value, read) => {
    expect(await sent({ operator: 'REGEX', property: 'p', value })).toMatchObject({ value: read })
  })

  it.each([
    ['', ''],
    [null, null],
    [undefined, null],
    ['$.identity.key', '$.identity.key'],
    ['__proto__', '__proto__'],
  ])('may have the property %j', async (property, read) => {
    const condition = { operator: 'PERCENTAGE_SPLIT', value: '50', property }
    expect(await sent(condition)).toMatchObject({ property: read, value: '50' })
  })

  it('keeps what else is sent with it, but no id', async () => {
    const condition = { ...equals('a', 'b'), description: 'why', id: 1_000_000 }
    const read = await sent(condition)
    expect(read).toMatchObject({ description: 'why' })
    expect(read).not.toMatchObject({ id: 1_000_000 })
  })

  it.each([
    [{ operator: 'LIKE', value: 'x' }, { operator: ['"LIKE" is not a valid choice.'] }],
    [{ value: 'x' }, { operator: ['This field is required.'] }],
    [
      { operator: 'EQUAL', value: 'x'.repeat(1001) },
      { value: ['Ensure this field has no more than 1000 characters.'] },
    ],
    [
      { operator: 'EQUAL', property: 'x'.repeat(1001) },
      { property: ['Ensure this field has no more than 1000 characters.'] },
    ],
    [{ operator: 'EQUAL', value: { a: 1 } }, { value: ['Not a valid string.'] }],
    [{ operator: 'EQUAL', value: [[1]] }, { value: ['Not a valid string.'] }],
    [{ operator: 'EQUAL', value: 2 ** 60 }, { value: ['Not a valid string.'] }],
    [{ operator: 'EQUAL', value: 'a\u0000' }, { value: ['Null characters are not allowed.'] }],
  ])('is refused: %j', async (condition, errors) => {
    expect(await sent(condition)).toEqual({ rules: [{ rules: [{ conditions: [errors] }] }] })
  })
})

it('custom fields are refused, because there are none', async () => {
  const body = { name: 'x', rules: rulesOf(equals('a', 'b')) }
  const fields = { ...body, metadata: [{ model_field: 1, field_value: 'x' }] }
  expect(await world.api('POST', list, fields)).toMatchObject({
    status: 400,
    body: { metadata: [expect.stringContaining('not available')] },
  })
  expect((await world.api('POST', list, { ...body, metadata: [] })).status).toBe(201)
})

const nested = (levels: number): unknown => (levels === 0 ? 'x' : [nested(levels - 1)])

describe('a rule tree', () => {
  it('of any depth is refused without harm, new or in place of another', async () => {
    const segment = await addSegment(world, place)
    const body = `{"name":"x","rules":[${'{"type":"ALL","rules":['.repeat(20_000)}${']}'.repeat(20_000)}]}`
    for (const [method, path] of [
      ['POST', list],
      ['PUT', `${list}${segment.id}/`],
    ] as const) {
      const response = await exports.default.fetch(
        new Request(`http://localhost/api/v1/${path}`, {
          method,
          headers: { Authorization: world.auth, 'Content-Type': 'application/json' },
          body,
        }),
      )
      expect(response.status).toBe(400)
      const errors = { segment: ['Rules must not be nested more than 2 levels deep.'] }
      expect(await response.json()).toEqual(errors)
    }
  })

  it('may leave out what is empty', async () => {
    const { body } = await create([{ type: 'NONE' }, { type: 'ANY', rules: [{ type: 'ALL' }] }])
    expect(body.rules).toMatchObject([
      { type: 'NONE', rules: [], conditions: [] },
      { type: 'ANY', rules: [{ type: 'ALL', conditions: [] }], conditions: [] },
    ])
  })

  it('loses what is marked as deleted, on every level', async () => {
    const gone = { delete: true }
    const { body } = await create([
      gone,
      { type: 'ALL', conditions: [gone, equals('a', 'b')], rules: [gone, { type: 'ANY' }] },
    ])
    const [rule, ...others] = body.rules
    expect(others).toEqual([])
    expect(rule?.conditions).toMatchObject([equals('a', 'b')])
    expect(rule?.rules).toMatchObject([{ type: 'ANY' }])
    expect(JSON.stringify(body)).not.toContain('delete')
    expect((await create([gone])).body).toEqual({ rules: ['This list may not be empty.'] })
  })

  it('gets ids that no other part of any segment has', async () => {
    const segments = [await addSegment(world, place), await addSegment(world, place)]
    const rules = segments.flatMap(({ rules }) => [
      ...rules,
      ...rules.flatMap((rule) => rule.rules),
    ])
    const ids = rules.map((rule) => rule.id)
    expect(new Set(ids).size).toBe(4)
  })

  it('of a hundred conditions is good, one more is not', async () => {
    const conditions = Array.from({ length: 101 }, (_, index) => equals('n', `${index}`))
    expect((await create(rulesOf(...conditions.slice(1)))).status).toBe(201)
    const message =
      'The segment has 101 conditions, which exceeds the maximum condition count of 100.'
    expect(await create(rulesOf(...conditions))).toMatchObject({
      status: 400,
      body: { segment: [message] },
    })
  })

  it.each([
    [undefined, { rules: ['This field is required.'] }],
    [null, { rules: ['This field may not be null.'] }],
    [[], { rules: ['This list may not be empty.'] }],
    ['x', { rules: ['Expected a list of items but got type "str".'] }],
    [[{ rules: [] }], { rules: [{ type: ['This field is required.'] }] }],
    [[{ type: 'SOME' }], { rules: [{ type: ['"SOME" is not a valid choice.'] }] }],
    [[7], { rules: [{ non_field_errors: [expect.stringContaining('dictionary')] }] }],
    [
      [{ type: 'ALL', rules: [{ type: 'ALL', rules: [{ type: 'ALL' }] }] }],
      { segment: ['Rules must not be nested more than 2 levels deep.'] },
    ],
    [
      [{ type: 'ALL', note: nested(30) }],
      { segment: ['The rules hold something that is nested too deeply.'] },
    ],
    [
      [{ type: 'ALL', note: 'x'.repeat(400_000) }],
      { segment: [expect.stringContaining('they may take 400000.')] },
    ],
  ])('is refused: %j', async (rules, errors) => {
    expect(await create(rules)).toMatchObject({ status: 400, body: errors })
  })
})
