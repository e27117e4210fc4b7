/** The database at rest, to show that a refused request left no trace in it but that it was refused. */
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { dumpDatabase } from './admin.ts'

/** Every row of every table but refused attempts', once no effect of an earlier change is under way. */
export async function dumpAtRest(): Promise<string> {
  const owed = env.DB.prepare('SELECT count(*) AS n FROM outbox')
  await vi.waitFor(async () => expect(await owed.first()).toEqual({ n: 0 }), {
    timeout: 10_000,
    interval: 100,
  })
  const tables = JSON.parse(await dumpDatabase()) as { outcome?: string }[][]
  return JSON.stringify(tables.map((rows) => rows.filter(({ outcome }) => outcome !== 'denied')))
}

/** Each row as a text, but for the counters of ids: a write that is refused may have reserved some. */
export const rowsAtRest = async (): Promise<string[]> =>
  (JSON.parse(await dumpAtRest()) as object[][])
    .flat()
    .filter((row) => !('next' in row))
    .map((row) => JSON.stringify(row))
