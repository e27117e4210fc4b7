/**
 * Any rule tree that the contract accepts comes back as it was sent, whatever else stands in it, and
 * means the same before and after everything around it has changed.
 */
import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { buildDocument } from '../../src/document/build.ts'
import { compile, type Identity, matchingSegments } from '../../src/engine/index.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { readDocumentRows } from '../../src/storage/document-rows.ts'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import type { Segment } from '../support/segments.ts'

const trees = 100
const seed = 20_261_120

/** mulberry32: the same trees in every run. */
function random(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const next = random(seed)
const below = (count: number) => Math.floor(next() * count)
const pick = <T>(...items: T[]): T => items[below(items.length)] as T
const listOf = <T>(most: number, make: () => T) => Array.from({ length: below(most + 1) }, make)

const operators = (
  'EQUAL NOT_EQUAL GREATER_THAN GREATER_THAN_INCLUSIVE LESS_THAN LESS_THAN_INCLUSIVE CONTAINS ' +
  'NOT_CONTAINS REGEX PERCENTAGE_SPLIT MODULO IS_SET IS_NOT_SET IN'
).split(' ')

const word = () =>
  pick(
    'gold',
    '',
    ' x ',
    '(a',
    '^g.*d$',
    '1.2.3:semver',
    '50',
    '7',
    '5|2',
    '["a","b"]',
    'ä🏴',
    'a,b',
    '"\\',
  )

/** What a client of tomorrow, or of another server, may have put beside the fields we know. */
const extras = (): object =>
  pick<object>(
    {},
    {},
    { description: word() },
    { description: null, metadata: { deep: [1, { two: [null, true, 0.5] }] } },
    { constructor: 'odd', 'with space': [] },
    { version: 3, created_with_segment: false },
  )

const condition = () => ({
  operator: pick(...operators),
  property: pick('plan', 'age', '', 'tostring', '__proto__', '$.identity.identifier', 'ä'),
  value: pick(word(), null),
  ...extras(),
})

const ruleType = () => pick('ALL', 'ANY', 'NONE')

const child = () => ({ type: ruleType(), conditions: listOf(4, condition), ...extras() })

const rule = () => ({
  type: ruleType(),
  rules: listOf(3, child),
  conditions: listOf(3, condition),
  ...extras(),
})

const tree = () => [rule(), ...listOf(2, rule)]

/** Ids are ours; everything else must be as sent. */
const withoutIds = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutIds)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'id')
      .map(([name, part]) => [name, withoutIds(part)]),
  )
}

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/segments/`
})

const visitors = ['ada', 'bob', 'Ünal', '42', ''].flatMap((identifier) =>
  [
    {},
    { plan: 'gold', age: 7 },
    { plan: 'gold', age: 50, ä: 'ä🏴' },
    { plan: '', age: '1.2.4', tostring: 'a' },
    { plan: ' x ', age: true, ä: 2.5 },
  ].map((traits): Identity => {
    return { identifier, key: null, traits: new Map(Object.entries(traits)), overrides: new Map() }
  }),
)

/** Which of all segments each visitor is in, by the document that would be published now. */
async function memberships(): Promise<string[]> {
  const rows = await readDocumentRows(openDatabase(env.DB), place.environment.id)
  if (rows === undefined) throw new Error('no environment')
  const compiled = compile(buildDocument(rows))
  return visitors.map((visitor) =>
    matchingSegments(compiled, visitor)
      .map(({ id }) => id)
      .join(),
  )
}

it('every tree comes back as sent and means the same after any other update', async () => {
  const sent = Array.from({ length: trees }, tree)
  const made: Segment[] = []
  for (const rules of sent) {
    const name = `tree ${made.length}`
    made.push(await done(world.api<Segment>('POST', list, { name, rules })))
  }
  expect(made.map((one) => withoutIds(one.rules))).toEqual(sent)
  const before = await memberships()
  // The trees are not all of one mind: otherwise nothing would be compared.
  expect(new Set(before).size).toBeGreaterThan(5)

  const state = await addState(world, place)
  for (const [index, { id }] of made.entries()) {
    const body = pick<object>(
      { description: `changed ${index}` },
      { name: `renamed ${index}` },
      { description: '', unknown_field: { rules: [] } },
    )
    await done(world.api('PATCH', `${list}${id}/`, body))
  }
  const key = place.environment.api_key
  await done(world.api('PUT', `environments/${key}/featurestates/${state.id}/`, { enabled: true }))
  await done(world.api('PATCH', `projects/${place.project.id}/`, { hide_disabled_flags: true }))
  const path = `${list}?page_size=999`
  const after = await done(world.api<{ results: Segment[] }>('GET', path))
  expect(after.results.map((one) => one.rules)).toEqual(made.map((one) => one.rules))
  expect(await memberships()).toEqual(before)
}, 60_000)

it('a tree that is read and sent again is no change, with its ids or without', async () => {
  const [first] = (await done(world.api<{ results: Segment[] }>('GET', list))).results
  if (first === undefined) throw new Error('no segment')
  const one = `${list}${first.id}/`
  const { name, rules } = first
  for (const body of [first, { name, rules }, { name, rules: withoutIds(rules) }]) {
    const again = await done(world.api<Segment>('PUT', one, body))
    expect(again.rules).toEqual(rules)
    expect(again.updated_at).toBe(first.updated_at)
  }
})
