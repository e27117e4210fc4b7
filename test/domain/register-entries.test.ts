/**
 * The sweep over the register: every write, done once through its ledger, makes the entries of its row. A
 * write that is new fails until it has one; none may leave the log empty.
 */
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { problemsOfPatterns } from '../../src/admin/webhook-patterns.ts'
import { fliptTypesOf, partsOf } from '../../src/delivery/flipt-event.ts'
import { type WriteName, writes } from '../../src/domain/register.ts'
import { endpoints } from './writes/endpoints.ts'
import { flags } from './writes/flags.ts'
import { places } from './writes/places.ts'
import { doOnce, type Row } from './writes/scene.ts'

/** In the order in which they are done. */
const table: { [N in WriteName]: Row<N> } = { ...places, ...endpoints, ...flags }

it('every write has its row, and every row its write', () => {
  expect(Object.keys(table).sort()).toEqual(Object.keys(writes).sort())
})

it('each makes the entries of its row and no others', { timeout: 60_000 }, async () => {
  for (const name of Object.keys(table) as WriteName[])
    await doOnce(name, table[name] as Row<never>)
  const { results } = await env.DB.prepare(
    `SELECT request_id AS name, json_group_array(DISTINCT action) AS actions FROM entries
     WHERE request_id <> 'another' GROUP BY request_id`,
  ).all<{ name: string; actions: string }>()
  const sorted = (actions: string[]) => actions.sort().join(' ')
  const made = results.map(({ name, actions }) => [name, sorted(JSON.parse(actions))])
  const expected = Object.entries(table).map(([name, [actions]]) => [
    name,
    sorted(actions.split(' ')),
  ])
  expect(Object.fromEntries(made)).toEqual(Object.fromEntries(expected))
  expect(expected.filter(([, actions]) => actions === '')).toEqual([])
})

it('what an organisation is told of, its webhooks may ask for, in the words of either format', () => {
  const actions = Object.values(table)
    .flatMap(([told]) => told.split(' '))
    // Of the instance.
    .filter((action) => !/^(user|session)\./.test(action))
  const own = actions.map((action) => `${partsOf(action).noun}:*`)
  expect(problemsOfPatterns('flagsmith', own)).toEqual([])
  const flipts = actions.flatMap((action) => fliptTypesOf({ action }).map((type) => `${type}:*`))
  expect(problemsOfPatterns('flipt', flipts)).toEqual([])
})
