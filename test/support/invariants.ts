/** What must hold after every change, whatever failed in between. Each check names what it found. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { asc, eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { buildDocument } from '../../src/document/build.ts'
import { canonicalJson, leafHash, noHash } from '../../src/ledger/chain.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { readDocumentRows } from '../../src/storage/document-rows.ts'
import { getDocument } from '../../src/storage/documents.ts'
import { entries } from '../../src/storage/entries.ts'
import { outbox } from '../../src/storage/outbox.ts'
import { checkFold } from './fold.ts'

/** Sequence dense from 1, every hash right, every entry chained to the one before it. */
export async function checkChain(ledger: string): Promise<string[]> {
  const rows = await openDatabase(env.DB)
    .select()
    .from(entries)
    .where(eq(entries.ledger, ledger))
    .orderBy(asc(entries.sequence), asc(entries.id))
  const found: string[] = []
  let previous = noHash
  for (const [index, row] of rows.entries()) {
    const record = JSON.parse(row.record)
    if (row.sequence !== index + 1) found.push(`sequence ${row.sequence} at place ${index + 1}`)
    if (record.previous !== previous) found.push(`entry ${row.sequence} is not chained`)
    if ((await leafHash(canonicalJson(record))) !== row.hash) {
      found.push(`entry ${row.sequence} does not match its hash`)
    }
    previous = row.hash
  }
  return found
}

export async function expectChain(ledger: string): Promise<void> {
  const found = await checkChain(ledger)
  if (found.length > 0) throw new Error(found.join('\n'))
}

/** D1 is what the folded log says, but for tables into which the test itself put rows. */
export async function expectFold(setUp: string[] = ['organisations']): Promise<void> {
  const found = await checkFold(setUp)
  if (found.length > 0) throw new Error(found.join('\n'))
}

/** KV holds exactly what the rows of D1 say. */
export async function checkDocument(environmentId: number): Promise<string[]> {
  const rows = await readDocumentRows(openDatabase(env.DB), environmentId)
  const published = await getDocument(env.DOCUMENTS, environmentId)
  const told = JSON.stringify(published) === JSON.stringify(rows && buildDocument(rows))
  return told ? [] : [`document ${environmentId} is not what D1 says`]
}

/** Waits until KV says what the rows say: publishes of an environment keep a second between them. */
export const expectPublished = (environmentId: number): Promise<void> =>
  expect.poll(() => checkDocument(environmentId), { timeout: 5_000, interval: 200 }).toEqual([])

const owed = async (ledger: string) =>
  (await openDatabase(env.DB).select().from(outbox).where(eq(outbox.ledger, ledger))).length

/** The runtime repeats an alarm whose object died under it; here that has to be done by hand. */
async function repeatAlarm(ledger: string): Promise<void> {
  for (let left = 10; ; left--) {
    try {
      return await runInDurableObject(env.LEDGER.getByName(ledger), (_, state) =>
        state.storage.setAlarm(Date.now() + 50),
      )
    } catch (error) {
      // The first calls after its death still meet the dead object.
      if (left === 0) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/**
 * Lets the ledger's alarm, and nothing else, work until the outbox is empty. Answers what is left
 * when many rounds of it were not enough.
 */
export async function settleByAlarm(ledger: string): Promise<number> {
  for (let round = 0; round < 20; round++) {
    if ((await owed(ledger)) === 0) return 0
    // False also while the alarm is running by itself, so only many rounds in vain mean anything.
    await runDurableObjectAlarm(env.LEDGER.getByName(ledger)).catch(() => repeatAlarm(ledger))
    for (let step = 0; step < 11 && (await owed(ledger)) > 0; step++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return owed(ledger)
}

export async function settle(ledger: string): Promise<void> {
  const left = await settleByAlarm(ledger)
  if (left > 0) throw new Error(`${left} rows stay in the outbox of ${ledger}`)
}
