/** Logs that are older than the world they stand in, chained as the ledger chains them; and what is left of them. */
import { env, exports } from 'cloudflare:workers'
import { fromHex, toHex } from '../../src/ledger/bytes.ts'
import { chainEntries, noHash } from '../../src/ledger/chain.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import { parseCheckpoint, parseVerifierKey } from '../../src/ledger/note.ts'
import { appendLeaf, type Peaks, rootOfPeaks } from '../../src/ledger/tree.ts'
import { insertRows, openDatabase, runBatch } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { reserveIds } from '../../src/storage/ids.ts'
import { organisations } from '../../src/storage/organisations.ts'
import { checkLog, type Verdict } from '../../src/tools/log-check.ts'
import { addMember, addUser, api } from './admin.ts'

const dayMs = 24 * 60 * 60 * 1_000

export type OldLog = { id: number; ledger: string; auth: string }

/** An organisation whose entries are as many days old as `ageOf` says of their sequence. */
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
      actor: { kind: 'user', id: String(person.id), credential: 'token:x', name: person.email },
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

export type Row = { sequence: number; hash: string; record: string }

export const rowsOf = async ({ ledger }: OldLog): Promise<Row[]> =>
  (
    await env.DB.prepare(
      'SELECT sequence, hash, record FROM entries WHERE ledger = ? ORDER BY sequence',
    )
      .bind(ledger)
      .all<Row>()
  ).results

export const at = ({ id }: OldLog) => `organisations/${id}/audit`

export const retentionOf = async (log: OldLog) =>
  (await api('GET', `${at(log)}/retention/`, undefined, log.auth)).body

export const prunedThrough = async (log: OldLog) =>
  ((await retentionOf(log)) as { pruned_through: number }).pruned_through

export const textOf = async (log: OldLog, path: string): Promise<string> => {
  const response = await exports.default.fetch(
    new Request(`http://localhost/api/v1/${at(log)}/${path}`, {
      headers: { Authorization: log.auth },
    }),
  )
  if (response.status !== 200) throw new Error(`${path} answers ${response.status}`)
  return new TextDecoder().decode(await response.arrayBuffer())
}

/** The export, held against what an auditor has kept. */
export async function audit(log: OldLog, kept: string[]): Promise<Verdict> {
  const lines = (await textOf(log, 'export/log/')).trimEnd().split('\n')
  const notes = kept.map((text) => {
    const note = parseCheckpoint(text)
    if (note === undefined) throw new Error('no checkpoint')
    return { name: 'kept', note }
  })
  const verifier = parseVerifierKey((await textOf(log, 'key/')).trim())
  if (verifier === undefined) throw new Error('no key')
  const checking = checkLog({ kept: notes, verifiers: [verifier] }, lines.at(-1) ?? '')
  lines.every(checking.take)
  return checking.end()
}

/** The root of the tree over these entries, in hex. */
export function rootOver(rows: Row[]): string {
  const peaks: Peaks = []
  for (const { hash } of rows) appendLeaf(peaks, fromHex(hash))
  return toHex(rootOfPeaks(peaks))
}
