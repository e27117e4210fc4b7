/** The database at rest, to show that a refused request left no trace in it. */
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { dumpDatabase } from './admin.ts'

/** Every row of every table, once no effect of an earlier change is under way. */
export async function dumpAtRest(): Promise<string> {
  const owed = env.DB.prepare('SELECT count(*) AS n FROM outbox')
  await vi.waitFor(async () => expect(await owed.first()).toEqual({ n: 0 }), {
    timeout: 10_000,
    interval: 100,
  })
  return dumpDatabase()
}
