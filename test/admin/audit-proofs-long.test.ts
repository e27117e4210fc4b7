/** What a proof costs in a long log: so many statements, none of which reads a table to its end. */
import { env } from 'cloudflare:workers'
import { expect, it, vi } from 'vitest'
import { createWorld, type World } from '../support/admin.ts'
import { readWithQueries, scansOf } from '../support/queries.ts'

vi.setConfig({ testTimeout: 60_000 })

const size = 100_000

/** Behind the real entries; the tree needs no more of them than their hashes. */
const lengthen = (world: World) =>
  env.DB.prepare(`
    INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind, resource_type,
      created_at, record)
    WITH RECURSIVE n(i) AS (
      SELECT max(sequence) + 1 FROM entries WHERE ledger = ?1
      UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    SELECT ?1, i, lower(hex(randomblob(32))), 'change', 'test', 'system', 'FEATURE', 0, '{}' FROM n`)
    .bind(`organisation:${world.organisation.id}`, size)
    .run()

it('reads a bounded number of rows for a proof, by index, however long the log is', async () => {
  const world = await createWorld('Long')
  await lengthen(world)
  const path = `organisations/${world.organisation.id}/audit/proof`
  const asked = [
    `${path}/inclusion/?sequence=77777&size=${size}`,
    `${path}/inclusion/?sequence=5&size=256`,
    `${path}/consistency/?from=54321&to=99999`,
  ]
  await readWithQueries(asked[0] ?? '', world.auth)
  for (const one of asked) {
    const { status, statements } = await readWithQueries(one, world.auth)
    expect(status).toBe(200)
    expect(statements.length).toBeLessThan(25)
    for (const statement of statements) expect(await scansOf(statement)).toEqual([])
    const rows = await Promise.all(
      statements
        .filter(({ sql }) => sql.startsWith('select') || sql.startsWith('SELECT'))
        .map(async ({ sql, values }) => {
          const { meta } = await env.DB.prepare(sql)
            .bind(...values)
            .all()
          return meta.rows_read
        }),
    )
    // Of each level a tile, or the part of one that there is: 256 rows at most, and their index.
    expect(rows.reduce((sum, read) => sum + read, 0)).toBeLessThan(4_000)
  }
})
