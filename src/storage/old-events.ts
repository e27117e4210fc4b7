/** Takes away events that nobody waits for any more, with their bytes, deliveries and attempts. */
import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { events } from './events.ts'

/**
 * Answers how many went, `limit` at most. What still waits stays, however old it is, and so does the last
 * delivery of each endpoint and environment: the next one is numbered after it.
 */
export async function deleteOldEvents(
  db: Database,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const gone = await db
    .delete(events)
    .where(
      sql`${events.id} IN (
        SELECT old.id FROM events AS old INDEXED BY events_by_time
        WHERE old.created_at < ${before}
          AND NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 'deliver' AND target = old.id)
          AND NOT EXISTS (SELECT 1 FROM deliveries AS own WHERE own.event_id = old.id AND (
            own.state = 'waiting' OR own.sequence = (
              SELECT max(others.sequence) FROM deliveries AS others
              WHERE others.webhook_id = own.webhook_id
                AND others.environment_id IS own.environment_id)))
        LIMIT ${limit})`,
    )
    .returning({ id: events.id })
  return gone.length
}
