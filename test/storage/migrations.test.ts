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

it('0015 keeps endpoints with their deliveries and attempts, and what deletes them', async () => {
  await upTo(12)
  const dates = { created_at: 1, updated_at: 2 }
  for (const id of [1, 2]) {
    await insert('organisations', { id, uuid: `o${id}`, name: 'Acme', created_at: 1 })
    await insert('projects', {
      id: id + 10,
      uuid: `p${id}`,
      organisation_id: id,
      name: 'Shop',
      created_at: 1,
    })
    const own = { uuid: `e${id}`, project_id: id + 10, name: 'Live', api_key: `k${id}` }
    await insert('environments', { id: id + 20, ...own, ...dates })
  }
  const hooks = [
    { id: 5, environment_id: 21, url: 'https://a.example/', enabled: 0, sealed_secret: null },
    { id: 6, environment_id: 22, url: 'https://b.example/', enabled: 1, sealed_secret: 'v1.x' },
  ]
  for (const hook of hooks) await insert('webhooks', { ...hook, ...dates })
  await insert('events', {
    id: 'evt_1',
    type: 'FLAG_UPDATED',
    environment_id: 21,
    change_id: 'c',
    body: '{}',
    created_at: 3,
  })
  const rows = hooks.map(({ id }) => ({
    id: `dlv_${id}`,
    event_id: 'evt_1',
    webhook_id: id,
    state: id === 5 ? 'delivered' : 'waiting',
    attempts: 1,
    next_attempt_at: id === 5 ? null : 9,
    leased_until: 4,
    created_at: 3,
  }))
  for (const row of rows) await insert('deliveries', row)
  const tries = rows.map(({ id }) => ({
    delivery_id: id,
    number: 1,
    started_at: 5,
    ended_at: 6,
    outcome: 'failed',
    response_status: 500,
    response_body: 'sorry',
    error: 'status',
  }))
  for (const row of tries) await insert('attempts', row)

  await applyD1Migrations(env.DB, env.MIGRATIONS)

  const all = async (table: string) =>
    (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results
  expect(await all('webhooks')).toEqual(
    hooks.map((hook) => ({
      ...hook,
      ...dates,
      organisation_id: hook.id - 4,
      description: '',
      format: 'flagsmith',
      patterns: '["*:*"]',
      sealed_next_secret: null,
      promote_at: null,
      sealed_headers: null,
      disabled_reason: null,
      ordered: 1,
      sealed_private_key: null,
      public_key: null,
    })),
  )
  expect(await all('deliveries')).toMatchObject(rows)
  expect(await all('attempts')).toMatchObject(tries)
  const twice = insert('deliveries', { ...rows[0], id: 'dlv_7', sequence: 2 })
  await expect(twice).rejects.toThrow('UNIQUE')
  await env.DB.exec('DELETE FROM environments WHERE id = 21')
  await env.DB.exec('DELETE FROM organisations WHERE id = 2')
  expect([await all('webhooks'), await all('deliveries'), await all('attempts')]).toEqual([
    [],
    [],
    [],
  ])
})

it('0016 keeps deliveries under what became of them, in the order of their events', async () => {
  await reset()
  const before = env.MIGRATIONS.findIndex(({ name }) => name.startsWith('0016'))
  await applyD1Migrations(env.DB, env.MIGRATIONS.slice(0, before))
  const dates = { created_at: 1, updated_at: 2 }
  await insert('organisations', { id: 1, uuid: 'o', name: 'Acme', created_at: 1 })
  const project = { uuid: 'p', organisation_id: 1, name: 'Shop', created_at: 1 }
  await insert('projects', { id: 11, ...project })
  await insert('environments', {
    id: 21,
    uuid: 'e',
    project_id: 11,
    name: 'Live',
    api_key: 'k',
    ...dates,
  })
  await insert('webhooks', {
    id: 5,
    organisation_id: 1,
    environment_id: 21,
    url: 'https://a.example/',
    ...dates,
  })
  const states = [
    { state: 'delivered', attempts: 1 },
    { state: 'parked', attempts: 10 },
    { state: 'parked', attempts: 2 },
    { state: 'parked', attempts: 0 },
    { state: 'waiting', attempts: 3 },
  ]
  for (const [index, row] of states.entries()) {
    const event = {
      id: `evt_${9 - index}`,
      type: 'FLAG_UPDATED',
      change_id: 'c',
      body: `{${index}}`,
    }
    await insert('events', { ...event, environment_id: 21, created_at: 10 + index })
    const id = `dlv_${index}`
    await insert('deliveries', { id, event_id: event.id, webhook_id: 5, created_at: 20, ...row })
  }
  const attempt = { delivery_id: 'dlv_2', number: 2, started_at: 5, ended_at: 8, outcome: 'failed' }
  await insert('attempts', { ...attempt, error: 'gone' })
  // Its environment is gone, and the log knows nothing of its change.
  const old = { id: 'evt_old', type: 'FLAG_DELETED', change_id: 'old', body: '{}', created_at: 1 }
  await insert('events', { ...old, environment_id: 99 })

  await applyD1Migrations(env.DB, env.MIGRATIONS)

  const all = async (sql: string) => (await env.DB.prepare(sql).all()).results
  const kept = await all(
    'SELECT sequence, state, reason, attempts FROM deliveries ORDER BY sequence',
  )
  expect(kept.map((row) => Object.values(row))).toEqual([
    [1, 'delivered', null, 1],
    [2, 'dead', 'attempts used up', 10],
    [3, 'dead', 'gone', 2],
    [4, 'dead', 'endpoint disabled', 0],
    [5, 'waiting', null, 3],
  ])
  expect(await all('SELECT * FROM attempts')).toMatchObject([{ ...attempt, duration_ms: 3 }])
  expect(
    await all(
      `SELECT events.*, format, event_bodies.body FROM events JOIN event_bodies ON id = event_id
       WHERE id IN ('evt_9', 'evt_old') ORDER BY id`,
    ),
  ).toMatchObject([
    {
      organisation_id: 1,
      environment_id: 21,
      action: 'feature-state.updated',
      format: 'flagsmith',
      body: '{0}',
    },
    { organisation_id: 0, environment_id: 99, action: 'feature.deleted' },
  ])
  await env.DB.exec('DELETE FROM webhooks')
  expect([await all('SELECT * FROM deliveries'), await all('SELECT * FROM attempts')]).toEqual([
    [],
    [],
  ])
})

it('0018 keeps every delivery where it stands, with its attempts, and what deletes them', async () => {
  await reset()
  const before = env.MIGRATIONS.findIndex(({ name }) => name.startsWith('0018'))
  await applyD1Migrations(env.DB, env.MIGRATIONS.slice(0, before))
  const dates = { created_at: 1, updated_at: 2 }
  await insert('organisations', { id: 1, uuid: 'o', name: 'Acme', created_at: 1 })
  const hook = { id: 5, organisation_id: 1, url: 'https://a.example/', ...dates }
  await insert('webhooks', hook)
  const states = ['waiting', 'delivered', 'dead', 'disabled', 'skipped', 'waiting']
  for (const [index, state] of states.entries()) {
    const event = { id: `evt_${index}`, type: 'FLAG_UPDATED', action: 'a', change_id: 'c' }
    // The last two belong to no environment, and theirs is gone.
    const environment_id = index < 4 ? 99 : null
    await insert('events', { ...event, organisation_id: 1, environment_id, created_at: 1 })
    await insert('deliveries', {
      ...{ id: `dlv_${index}`, event_id: event.id, webhook_id: 5, environment_id, state },
      ...{ sequence: index + 1, attempts: index, earlier_attempts: index % 2, created_at: 20 },
      ...{ next_attempt_at: state === 'waiting' ? 7 : null, format: 'flipt' },
    })
    await insert('attempts', {
      ...{ delivery_id: `dlv_${index}`, number: 1, started_at: 5, outcome: 'started' },
    })
  }
  const all = async (sql: string) => (await env.DB.prepare(sql).all()).results
  const columns = `id, event_id, webhook_id, environment_id, sequence, state, reason, attempts,
    earlier_attempts, next_attempt_at, leased_until, created_at, format`
  const kept = () => all(`SELECT ${columns} FROM deliveries ORDER BY id`)
  const attempts = () => all('SELECT * FROM attempts ORDER BY delivery_id')
  const were = [await kept(), await attempts()]

  await applyD1Migrations(env.DB, env.MIGRATIONS)

  expect([await kept(), await attempts()]).toEqual(were)
  const replayed = await all('SELECT replayed FROM deliveries ORDER BY id')
  expect(replayed.map((row) => row.replayed)).toEqual([0, 1, 0, 1, 0, 1])
  expect(await all('SELECT ordered, public_key FROM webhooks')).toEqual([
    { ordered: 1, public_key: null },
  ])
  await env.DB.exec('DELETE FROM webhooks')
  expect([await kept(), await attempts()]).toEqual([[], []])
})
