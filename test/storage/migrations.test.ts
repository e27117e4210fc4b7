/** What a migration does to rows that are there already. */
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'

const upTo = async (count: number) => {
  await reset()
  await applyD1Migrations(env.DB, env.MIGRATIONS.slice(0, count))
}

const insert = (table: string, row: Record<string, string | number | null>) => {
  const columns = Object.keys(row)
  const marks = columns.map(() => '?').join(', ')
  return env.DB.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`)
    .bind(...Object.values(row))
    .run()
}

it('0002 keeps feature states as environment defaults, with the shares of their variants', async () => {
  await upTo(1)
  const dates = { created_at: 1, updated_at: 2 }
  await insert('organisations', { id: 1, uuid: 'o', name: 'Acme', created_at: 1 })
  await insert('projects', { id: 1, uuid: 'p', organisation_id: 1, name: 'Shop', created_at: 1 })
  await insert('environments', {
    id: 1,
    uuid: 'e',
    project_id: 1,
    name: 'Live',
    api_key: 'k',
    ...dates,
  })
  const feature = { id: 1, uuid: 'f', project_id: 1, name: 'flag', type: 'MULTIVARIATE' }
  await insert('features', { ...feature, created_at: 1 })
  const option = { id: 1, uuid: 'm', feature_id: 1, type: 'unicode', string_value: 'red' }
  await insert('multivariate_options', { ...option, default_percentage_allocation: 30 })
  const state = { id: 9, uuid: 's', feature_id: 1, environment_id: 1, enabled: 1, type: 'int' }
  await insert('feature_states', { ...state, integer_value: 7, ...dates })
  const share = { id: 5, uuid: 'v', feature_state_id: 9, option_id: 1 }
  await insert('multivariate_values', { ...share, percentage_allocation: 12.5 })

  await applyD1Migrations(env.DB, env.MIGRATIONS)

  const states = await env.DB.prepare('SELECT * FROM feature_states').all()
  expect(states.results).toEqual([
    {
      ...state,
      feature_segment_id: null,
      identity_id: null,
      identifier: null,
      string_value: null,
      integer_value: 7,
      boolean_value: null,
      ...dates,
    },
  ])
  const shares = await env.DB.prepare('SELECT * FROM multivariate_values').all()
  expect(shares.results).toEqual([{ ...share, percentage_allocation: 12.5 }])
  const again = insert('feature_states', { ...state, id: 10, uuid: 't', ...dates })
  await expect(again).rejects.toThrow('UNIQUE')
  await env.DB.exec('DELETE FROM environments')
  const left = await env.DB.prepare('SELECT count(*) AS n FROM multivariate_values').first()
  expect(left).toEqual({ n: 0 })
})
