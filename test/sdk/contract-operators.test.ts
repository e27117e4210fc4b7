/**
 * The operators, row by row, as an SDK meets them (contract sdk-api §5.5): one identity is posted with
 * a trait for every row, and asked back with the segments it is in.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { write } from '../support/world.ts'
import { createIdentityWorld } from './identity-world.ts'

/** A trait as JSON text, so that `5.0` stays one; null is a trait that is not there. */
type Row = [operator: string, trait: string | null, value: string | null, expected: boolean]

const unset: Row[] = [
  'EQUAL',
  'NOT_EQUAL',
  'GREATER_THAN',
  'GREATER_THAN_INCLUSIVE',
  'LESS_THAN',
  'LESS_THAN_INCLUSIVE',
  'CONTAINS',
  'NOT_CONTAINS',
  'REGEX',
  'MODULO',
  'IS_SET',
  'IN',
  'PERCENTAGE_SPLIT',
].map((operator) => [operator, null, operator === 'MODULO' ? '2|0' : '100', false])

const casts: Row[] = [
  ['EQUAL', 'false', 'False', true],
  ['EQUAL', 'false', 'false', true],
  ['EQUAL', 'true', 'FALSE', true],
  ['EQUAL', 'true', '0', true],
  ['EQUAL', 'true', '', true],
  ['EQUAL', 'true', 'banana', true],
  ['EQUAL', 'false', '0', false],
  ['EQUAL', '5', ' 5 ', true],
  ['EQUAL', '5', '+5', true],
  ['EQUAL', '1000', '1_000', true],
  ['EQUAL', '5', '5.0', false],
  ['NOT_EQUAL', '5', '2.5', false],
  ['NOT_EQUAL', '5', 'x', false],
  ['EQUAL', '5.0', '5', true],
  ['EQUAL', '5.0', '5.0', true],
  ['EQUAL', '1.5', '15e-1', true],
  ['LESS_THAN', '1.5', 'inf', true],
  ['NOT_EQUAL', '1.5', 'nan', true],
  ['NOT_EQUAL', '1.5', 'x', false],
  ['EQUAL', '"1.2.3"', '1.2.3:semver', true],
  ['EQUAL', '"1.2.3+a"', '1.2.3+b:semver', true],
  ['EQUAL', '"v1.2.3"', '1.2.3:semver', false],
  ['EQUAL', '"1.2"', '1.2:semver', false],
  ['NOT_EQUAL', '"1.2.3"', 'x:semver', false],
  ['NOT_EQUAL', '"x"', '1.2.3:semver', false],
  ['EQUAL', '"x"', 'x', true],
]

const semantics: Row[] = [
  ['EQUAL', '"bar"', 'Bar', false],
  ['EQUAL', '"05"', '5', true],
  ['EQUAL', '0', 'False', false],
  ['EQUAL', '1', 'True', false],
  ['NOT_EQUAL', '"a"', 'b', true],
  ['GREATER_THAN', '"10"', '9', true],
  ['GREATER_THAN', '3', '2.5', false],
  ['GREATER_THAN', '3.0', '2.5', true],
  ['GREATER_THAN', 'true', 'false', true],
  ['GREATER_THAN', '"b"', 'a', true],
  ['GREATER_THAN', '"1.0.0"', '1.0.0-rc.1:semver', true],
  ['GREATER_THAN', '"1.10.0"', '1.9.0:semver', true],
  ['GREATER_THAN_INCLUSIVE', '3', '3', true],
  ['LESS_THAN', '-3', '-2', true],
  ['LESS_THAN', '"1.0.0-alpha"', '1.0.0:semver', true],
  ['LESS_THAN_INCLUSIVE', '4', '3', false],
  ['LESS_THAN_INCLUSIVE', '3', '3', true],
  ['CONTAINS', '"haystack"', 'hay', true],
  ['CONTAINS', '"haystack"', '', true],
  ['CONTAINS', '"123"', '2', false],
  ['CONTAINS', '123', '2', false],
  ['NOT_CONTAINS', '"haystack"', 'x', true],
  ['NOT_CONTAINS', '"123"', '9', false],
  ['NOT_CONTAINS', '123', '9', false],
  ['NOT_CONTAINS', 'true', '9', false],
  ['REGEX', '"foobar"', 'foo', true],
  ['REGEX', '"barfoo"', 'foo', false],
  ['REGEX', '"0123"', '123$', true],
  ['REGEX', 'true', 'True$', true],
  ['REGEX', '1.5', '1\\.5$', true],
  ['REGEX', '1.0', '1\\.0$', true],
  ['REGEX', '"foo"', '(', false],
  ['MODULO', '-2', '3|1', true],
  ['MODULO', 'true', '2|1', true],
  ['MODULO', '"35"', '4|3', true],
  ['MODULO', '5.5', '2|1.5', true],
  ['MODULO', '4', '0|0', false],
  ['MODULO', '4', '2', false],
  ['MODULO', '4', '2|0|0', false],
  ['MODULO', '4', 'a|b', false],
  ['MODULO', '4', '', false],
  ['MODULO', '"four"', '2|0', false],
  ['IS_SET', '""', null, true],
  ['IS_SET', '0', null, true],
  ['IS_SET', 'false', null, true],
  ['IS_NOT_SET', '""', 'ignored', false],
  ['IS_NOT_SET', null, 'ignored', true],
  ['PERCENTAGE_SPLIT', '"x"', '100', true],
  ['PERCENTAGE_SPLIT', '"x"', 'half', false],
  ['PERCENTAGE_SPLIT', '"x"', '-1', false],
  ['BETWEEN', '"x"', 'x', false],
]

const membership: Row[] = [
  ['IN', '"b"', 'a,b', true],
  ['IN', '"b"', 'a, b', false],
  ['IN', '" b"', 'a, b', true],
  ['IN', '""', '', true],
  ['IN', '0', '0', true],
  ['IN', '"01"', '01', false],
  ['IN', '"01"', '1', true],
  ['IN', '"0123"', '0123', false],
  ['IN', '1.5', '1.5', false],
  ['IN', '"1.50"', '1.50', false],
  ['IN', '"1.5"', '1.5', false],
  ['IN', 'true', 'true,True', false],
  ['IN', '"a,b"', '["a,b"]', true],
  ['IN', '1', '[1]', true],
  ['IN', '"True"', '[true]', true],
  ['IN', '"None"', '[null]', true],
  ['IN', '"[a"', '[a,b]', true],
  ['IN', '"\\"x\\""', '"x"', true],
]

const tables = { unset, casts, semantics, membership }
const rows = Object.values(tables).flat()
const nameOf = (row: Row) => `row ${rows.indexOf(row)}`

let matching: Set<string>

beforeAll(async () => {
  const world = await createIdentityWorld()
  for (const row of rows) {
    const [operator, , value] = row
    const conditions = [{ operator, value, property: nameOf(row) }]
    await write(world.organisationId, 'segment.create', {
      projectId: world.projectId,
      featureId: null,
      settings: {
        name: nameOf(row),
        description: null,
        rules: [{ type: 'ALL', rules: [{ type: 'ANY', rules: [], conditions }], conditions: [] }],
      },
    })
  }
  await world.publish()
  const sent = rows.flatMap((row) =>
    row[1] === null ? [] : [`{"trait_key":"${nameOf(row)}","trait_value":${row[1]}}`],
  )
  const body = `{"identifier":"everything","traits":[${sent}]}`
  const response = await world.send('POST', '/identities/', { body, type: 'application/json' })
  expect(response.status).toBe(200)
  const { segments } = (await (await world.get('/identities/everything/')).json()) as {
    segments: { name: string }[]
  }
  matching = new Set(segments.map((segment) => segment.name))
})

const check = (...row: Row) => {
  const known = rows.find((one) => one.every((part, index) => part === row[index]))
  expect(known && matching.has(nameOf(known))).toBe(row[3])
}

describe('§5.5: a value that is not set', () => {
  it.each(unset)('§5.5: fails %s (%s, %j)', check)
})

describe('§5.5: the cast of the condition', () => {
  it.each(casts)('§5.5: %s of the trait %s and the condition %j is %s', check)
})

describe('§5.5: an operator', () => {
  it.each(semantics)('§5.5: %s of the trait %s and the condition %j is %s', check)
})

describe('§5.5: a list', () => {
  it.each(membership)('§5.5: %s of the trait %s and the condition %j is %s', check)
})
