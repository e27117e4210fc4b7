/**
 * The unique key on (ledger, sequence) is what keeps two live objects of one ledger apart. Without
 * it, the checks of this suite must notice.
 */
import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import { checkChain } from '../support/invariants.ts'
import { alice, createFlagWorld, source } from '../support/world.ts'

beforeAll(async () => {
  const statements = env.MIGRATIONS.flatMap((migration) => migration.queries)
  const create = statements.find((statement) => statement.includes('CREATE TABLE entries'))
  if (create === undefined) throw new Error('no migration creates the table of entries')
  await env.DB.exec('DROP TABLE entries')
  const unguarded = create.replace(/,\s*UNIQUE \(ledger, sequence\)/, '')
  expect(unguarded).not.toBe(create)
  await env.DB.prepare(unguarded).run()
})

it('a ledger without its sequence guard forks, and the chain check names the place', async () => {
  const world = await createFlagWorld()
  const ledger = ledgerOf(world.organisationId)
  const objects = [env.LEDGER.getByName(ledger), env.LEDGER.getByName(`${ledger} twin`)]
  await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) =>
      objects[index % 2]?.commit({
        ledger,
        write: 'feature-state.update',
        input: {
          environmentId: world.environment.id,
          id: world.stateId,
          changes: { value: `twin ${index}` },
        },
        actor: alice,
        source,
      }),
    ),
  )
  expect((await checkChain(ledger)).join('\n')).toMatch(/sequence \d+ at place \d+/)
})
