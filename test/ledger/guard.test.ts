/**
 * The unique key on (ledger, sequence) is what keeps two live objects of one ledger apart. Without
 * it, the checks of this suite must notice.
 */
import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import { checkChain } from '../support/invariants.ts'
import { createFlagWorld } from '../support/world.ts'
import { addStates, orderOf } from './states.ts'

beforeAll(async () => {
  const schema = env.DB.prepare("SELECT sql FROM sqlite_master WHERE name = 'entries'")
  const create = await schema.first<string>('sql')
  if (create === null) throw new Error('there is no table of entries')
  await env.DB.exec('DROP TABLE entries')
  const unguarded = create.replace(/,\s*UNIQUE \(ledger, sequence\)/, '')
  expect(unguarded).not.toBe(create)
  await env.DB.prepare(unguarded).run()
})

it.each([
  ['one by one', 1],
  ['in groups', 4],
])(
  'a ledger without its sequence guard forks, and the chain check names the place: %s',
  async (_, count) => {
    const world = await createFlagWorld()
    const states = await addStates(world, count)
    const ledger = ledgerOf(world.organisationId)
    const objects = [env.LEDGER.getByName(ledger), env.LEDGER.getByName(`${ledger} twin`)]
    await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) =>
        objects[index % 2]?.commit(
          orderOf(world, states[(index >> 1) % count] ?? 0, `twin ${index}`),
        ),
      ),
    )
    expect((await checkChain(ledger)).join('\n')).toMatch(/sequence \d+ at place \d+/)
  },
)
