/**
 * A project full of features, as SQL: features, their states in every environment, options, segments
 * and overrides. Nothing in it is random, so every run reads the same.
 */

export type Crowd = {
  projectId: number
  environmentIds: number[]
  features: number
  /** Ids of all kinds count from here. */
  firstId: number
}

/** Every how many-th feature has them. */
const every = { options: 5, segmentOverrides: 10, identityOverrides: 20 }
const optionsEach = 3
const identitiesEach = 4

const uuid = (id: string) => `printf('00000000-0000-4000-8000-%012d', ${id})`
const value = "CASE n % 3 WHEN 0 THEN 'variant-' || n || ' of the copy' END"

/** Each is one statement of its own, whatever the number of features. */
export function crowdSql({ projectId, environmentIds, features, firstId }: Crowd): string[] {
  const rows = (name: string, count: number) =>
    `${name}(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM ${name} WHERE n + 1 < ${count})`
  const numbers = `WITH RECURSIVE ${rows('numbers', features)}`
  return [
    `${numbers} INSERT INTO features
      (id, uuid, project_id, name, type, initial_value, default_enabled, created_at)
      SELECT ${firstId} + n, ${uuid(`${firstId} + n`)}, ${projectId}, 'feature_' || n,
        iif(n % ${every.options}, 'STANDARD', 'MULTIVARIATE'), ${value}, n % 2, n
      FROM numbers`,
    `${numbers}, ${rows('places', optionsEach)} INSERT INTO multivariate_options
      (id, uuid, feature_id, key, type, string_value, default_percentage_allocation)
      SELECT ${firstId} + numbers.n * ${optionsEach} + places.n,
        ${uuid(`${firstId} + numbers.n * ${optionsEach} + places.n`)}, ${firstId} + numbers.n,
        'option-' || places.n, 'unicode', 'option ' || places.n, 20
      FROM numbers, places WHERE numbers.n % ${every.options} = 0`,
    `INSERT INTO segments (id, uuid, project_id, name, rules, created_at, updated_at)
      VALUES (${firstId}, ${uuid(`${firstId}`)}, ${projectId}, 'crowd', '[]', 1, 1)`,
    ...environmentIds.flatMap((environmentId, index) => {
      const first = firstId + index * features * 10
      return [
        `${numbers} INSERT INTO feature_states
          (id, uuid, feature_id, environment_id, enabled, type, string_value, created_at, updated_at)
          SELECT ${first} + n, ${uuid(`${first} + n`)}, ${firstId} + n, ${environmentId}, n % 2,
            'unicode', ${value}, 1, 1 FROM numbers`,
        `${numbers} INSERT INTO feature_segments
          (id, uuid, feature_id, segment_id, environment_id, priority)
          SELECT ${first} + n, ${uuid(`${first} + n`)}, ${firstId} + n, ${firstId},
            ${environmentId}, 0 FROM numbers WHERE n % ${every.segmentOverrides} = 0`,
        `${numbers} INSERT INTO feature_states (id, uuid, feature_id, environment_id,
            feature_segment_id, enabled, type, created_at, updated_at)
          SELECT ${first + features} + n, ${uuid(`${first + features} + n`)}, ${firstId} + n,
            ${environmentId}, ${first} + n, 1, 'unicode', 1, 1
          FROM numbers WHERE n % ${every.segmentOverrides} = 0`,
        `${numbers}, ${rows('people', identitiesEach)} INSERT INTO feature_states (id, uuid,
            feature_id, environment_id, identity_id, identifier, enabled, type, created_at,
            updated_at)
          SELECT ${first + 2 * features} + numbers.n * ${identitiesEach} + people.n,
            ${uuid(`${first + 2 * features} + numbers.n * ${identitiesEach} + people.n`)},
            ${firstId} + numbers.n, ${environmentId}, people.n + 1, 'person ' || people.n, 1,
            'unicode', 1, 1
          FROM numbers, people WHERE numbers.n % ${every.identityOverrides} = 0`,
      ]
    }),
  ]
}
