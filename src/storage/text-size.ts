/** How much text the largest document of a project holds: values, variants and rule trees. */
import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'

/** Bytes of UTF-8, without the names, numbers and braces around them. */
export async function measureText(db: Database, projectId: number): Promise<number> {
  const bytes = (column: string) => sql.raw(`coalesce(sum(length(CAST(${column} AS BLOB))), 0)`)
  const row = await db.get<{ bytes: number }>(sql`
    SELECT
      (SELECT ${bytes('rules')} FROM segments WHERE project_id = ${projectId}) +
      (SELECT ${bytes('string_value')} FROM multivariate_options WHERE feature_id IN
        (SELECT id FROM features WHERE project_id = ${projectId})) +
      coalesce((SELECT max(held) FROM (
        SELECT ${bytes('string_value')} AS held FROM feature_states
        WHERE identity_id IS NULL AND environment_id IN
          (SELECT id FROM environments WHERE project_id = ${projectId})
        GROUP BY environment_id)), 0) AS bytes`)
  return row?.bytes ?? 0
}
