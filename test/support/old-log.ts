/** Logs that are older than the world they stand in: chained as the ledger chains them, long ago. */
import { env } from 'cloudflare:workers'
import { chainEntries, noHash } from '../../src/ledger/chain.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import { insertRows, openDatabase, runBatch } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { reserveIds } from '../../src/storage/ids.ts'
import { organisations } from '../../src/storage/organisations.ts'
import { addMember, addUser } from './admin.ts'

export const dayMs = 24 * 60 * 60 * 1_000

export type OldLog = { id: number; ledger: string; auth: string }

/** Entries of one change a day, or of however many days ago `ageOf` says; by their sequence. */
export async function createOldLog(
  size: number,
  ageOf: (sequence: number) => number,
): Promise<OldLog> {
  const db = openDatabase(env.DB)
  const { organisation: id } = await reserveIds(db, { organisation: 1 })
  const uuid = crypto.randomUUID()
  await db.insert(organisations).values({ id, uuid, name: 'Old', createdAt: 1 })
  const person = await addUser(`${uuid}@example.com`)
  await addMember(id, person.id, 'ADMIN')
  const ledger = ledgerOf(id)
  const rows: (typeof entries.$inferInsert)[] = []
  let head = { sequence: 0, hash: noHash }
  while (head.sequence < size) {
    const sequence = head.sequence + 1
    const change = {
      id: crypto.randomUUID(),
      ledger,
      now: Date.now() - ageOf(sequence) * dayMs,
      actor: { kind: 'user', id: String(person.id), name: person.email },
      source: { requestId: `request-${sequence}`, ip: null, userAgent: null },
    } as const
    const draft = {
      action: 'organisation.updated',
      resource: { type: 'ORGANISATION', id: String(id), uuid, name: `Name ${sequence}` },
      organisationId: id,
      projectId: null,
      environment: null,
      log: `Organisation updated: Name ${sequence}`,
      before: { name: `Name ${sequence - 1}` },
      after: { name: `Name ${sequence}` },
    } as const
    const chained = await chainEntries(change, [draft], head)
    rows.push(...chained.rows)
    head = chained.head
  }
  await runBatch(db, insertRows(db, entries, rows))
  return { id, ledger, auth: person.auth }
}
