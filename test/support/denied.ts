/** What was refused, as the logs hold it. */
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { wholeRecord } from '../../src/storage/records.ts'

export type Denied = {
  sequence: number
  action: string
  outcome: string
  log: string
  actor: { kind: string; id: string | null; name: string }
  source: { ip: string | null; request_id: string }
  resource: { type: string; id: string | null; name: string }
  organisation: number | null
  project: number | null
  environment: { id: number; name: string } | null
  after: { unrecorded: number } | null
}

/** Oldest first. */
export async function deniedIn(ledger: string): Promise<Denied[]> {
  const { results } = await env.DB.prepare(
    "SELECT record, personal FROM entries WHERE ledger = ? AND outcome = 'denied' ORDER BY sequence",
  )
    .bind(ledger)
    .all<{ record: string; personal: string }>()
  return results.map((row) => wholeRecord(row) as Denied)
}

/** Entries are written behind the answers: waits until there are as many as expected. */
export async function settled(ledger: string, count: number): Promise<Denied[]> {
  await expect.poll(async () => (await deniedIn(ledger)).length, { timeout: 5_000 }).toBe(count)
  return deniedIn(ledger)
}
