/** A long audit log, written into an organisation's ledger by SQL: one statement, no hashes that hold. */

export type Crowd = {
  organisationId: number
  projectId: number
  entries: number
  /** The sequence of the first; those before it are somebody else's. */
  first?: number
  /** Epoch milliseconds of the first; the others follow a minute apart. */
  since?: number
}

/**
 * Two of three entries change one of 100 features in one of ten environments; the rest changes
 * segments. Every fiftieth is the system's, every fourth a key's, the others are of 20 people's; every
 * thousandth was denied.
 */
export const crowdedLogSql = ({
  organisationId,
  projectId,
  entries,
  first = 1,
  since = Date.UTC(2024, 0, 1),
}: Crowd): string => `
WITH RECURSIVE numbers (n) AS (
  SELECT ${first} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${first + entries - 1}
), told AS (
  SELECT n,
    ${since} + (n - ${first}) * 60000 AS at,
    n % 100 + 1 AS feature,
    CASE WHEN n % 3 = 2 THEN NULL ELSE n % 10 + 1 END AS environment,
    CASE n % 3 WHEN 0 THEN 'FEATURE_STATE' WHEN 1 THEN 'FEATURE' ELSE 'SEGMENT' END AS type,
    CASE n % 3 WHEN 0 THEN 'feature-state.updated' WHEN 1 THEN 'feature.updated'
      ELSE iif(n % 500 = 2, 'segment.deleted', 'segment.updated') END AS action,
    CASE WHEN n % 50 = 0 THEN 'system' WHEN n % 4 = 0 THEN 'organisation-key' ELSE 'user' END AS kind,
    CASE WHEN n % 50 = 0 THEN NULL WHEN n % 4 = 0 THEN 'key' || (n % 5) ELSE '' || (n % 20) END AS actor
  FROM numbers
)
INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind, actor_id, resource_type,
  resource_id, project_id, environment_id, created_at, record)
SELECT 'organisation:${organisationId}', n, printf('%064d', n), 'change-' || (n / 2), action, kind, actor,
  type, '' || feature, ${projectId}, environment, at,
  json_object(
    'v', 1, 'ledger', 'organisation:${organisationId}', 'sequence', n, 'change', 'change-' || (n / 2),
    'time', strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000, 'unixepoch'),
    'outcome', iif(n % 1000 = 999, 'denied', 'ok'), 'action', action,
    'actor', json_object('kind', kind, 'id', actor, 'name', coalesce('someone-' || actor, '')),
    'source', json_object('ip', '192.0.2.1', 'request_id', 'request-' || n,
      'user_agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'),
    'resource', json_object('type', type, 'id', '' || feature,
      'uuid', '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', 'name', 'thing_' || feature),
    'organisation', ${organisationId}, 'project', ${projectId},
    'environment', CASE WHEN environment IS NULL THEN NULL
      ELSE json_object('id', environment, 'name', 'Environment ' || environment) END,
    'log', 'Flag state updated for feature: thing_' || feature || ' in round ' || n,
    'before', json_object('id', n, 'feature_id', feature, 'enabled', json('false'), 'type', 'unicode',
      'string_value', 'the value before round ' || n, 'integer_value', NULL, 'boolean_value', NULL),
    'after', json_object('id', n, 'feature_id', feature, 'enabled', json('true'), 'type', 'unicode',
      'string_value', 'the value after round ' || n, 'integer_value', NULL, 'boolean_value', NULL),
    'previous', printf('%064d', n - 1))
FROM told`
