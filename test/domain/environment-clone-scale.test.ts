/** A clone of the largest environment there may be is one batch, all or nothing, and told state by state. */
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { createFlagWorld, write } from '../support/world.ts'

const count = async (table: string, environmentId: number) =>
  env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE environment_id = ?`)
    .bind(environmentId)
    .first<number>('n')

/** As many features as a project takes, each with two variants and two overrides. */
async function fill(projectId: number, environmentId: number): Promise<void> {
  const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)`
  const uuid = 'lower(hex(randomblob(16)))'
  const statements = [
    `INSERT INTO features (id, uuid, project_id, name, type, created_at)
      ${numbers} SELECT 1000000 + n, ${uuid}, ${projectId}, 'f' || n, 'MULTIVARIATE', 1 FROM numbers`,
    ...[1, 2].flatMap((k) => [
      `INSERT INTO segments (id, uuid, project_id, name, rules, created_at, updated_at)
        VALUES (${1_000_000 + k}, ${uuid}, ${projectId}, 's${k}', '[]', 1, 1)`,
      `INSERT INTO multivariate_options (id, uuid, feature_id, type, default_percentage_allocation)
        ${numbers} SELECT ${k}000000 + n, ${uuid}, 1000000 + n, 'unicode', 20 FROM numbers`,
      `INSERT INTO feature_segments (id, uuid, feature_id, segment_id, environment_id, priority)
        ${numbers} SELECT ${k}000000 + n, ${uuid}, 1000000 + n, ${1_000_000 + k}, ${environmentId}, ${k}
        FROM numbers`,
    ]),
    ...[0, 1, 2].flatMap((k) => [
      `INSERT INTO feature_states (id, uuid, feature_id, environment_id, feature_segment_id, enabled,
          type, string_value, created_at, updated_at)
        ${numbers} SELECT ${k + 1}000000 + n, ${uuid}, 1000000 + n, ${environmentId},
          ${k === 0 ? 'NULL' : `${k}000000 + n`}, n % 2, 'unicode', 'v${k}-' || n, 1, 1 FROM numbers`,
      ...[1, 2].map(
        (option) => `INSERT INTO multivariate_values (id, uuid, feature_state_id, option_id,
            percentage_allocation)
          ${numbers} SELECT ${(k + 1) * 10 + option}000000 + n, ${uuid}, ${k + 1}000000 + n,
            ${option}000000 + n, ${k * 10 + option} FROM numbers`,
      ),
    ]),
  ]
  for (const statement of statements) await env.DB.prepare(statement).run()
}

it('a thousand features with two overrides each are copied whole, in seconds', async () => {
  const { organisationId, projectId, environment } = await createFlagWorld()
  await fill(projectId, environment.id)
  const started = Date.now()
  const clone = await write(organisationId, 'environment.clone', {
    id: environment.id,
    name: 'Copy',
  })
  const took = Date.now() - started
  console.info(`clone of 1,000 features, 3,000 states, 6,000 shares: ${took} ms`)
  expect(took).toBeLessThan(15_000)
  expect(await count('feature_states', clone.id)).toBe(3_001)
  expect(await count('feature_segments', clone.id)).toBe(2_000)
  const told = env.DB.prepare(
    `SELECT count(*) AS n, count(DISTINCT change_id) AS changes FROM entries
     WHERE environment_id = ? AND action = 'feature-state.created'`,
  )
  expect(await told.bind(clone.id).first()).toEqual({ n: 3_001, changes: 1 })
  const rows = (id: number) =>
    env.DB.prepare(
      `SELECT s.feature_id, l.segment_id, l.priority, s.enabled, s.type, s.string_value,
        v.option_id, v.percentage_allocation
      FROM feature_states s
      LEFT JOIN feature_segments l ON l.id = s.feature_segment_id AND l.environment_id = ?1
      LEFT JOIN multivariate_values v ON v.feature_state_id = s.id
      WHERE s.environment_id = ?1 ORDER BY s.id, v.id`,
    )
      .bind(id)
      .all()
  const [before, after] = [await rows(environment.id), await rows(clone.id)]
  expect(after.results).toHaveLength(6_001)
  expect(after.results).toEqual(before.results)
  const uuids = env.DB.prepare('SELECT uuid FROM feature_states WHERE environment_id = ?')
  const { results } = await uuids.bind(clone.id).all<{ uuid: string }>()
  expect(
    results.every(({ uuid }) =>
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(uuid),
    ),
  ).toBe(true)
}, 60_000)
