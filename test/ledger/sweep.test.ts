/** The second driver: what no alarm looks after, the cron does. */
import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import { sweepLedgers } from '../../src/ledger/sweep.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { getDocument } from '../../src/storage/documents.ts'
import { outbox } from '../../src/storage/outbox.ts'
import { createFlagWorld } from '../support/world.ts'

const owedBy = (ledger: string) =>
  openDatabase(env.DB).select().from(outbox).where(eq(outbox.ledger, ledger))

/** A publish that is owed since `age` milliseconds, by an object that knows nothing of it. */
async function createDebt(age: number) {
  const world = await createFlagWorld()
  const ledger = ledgerOf(world.organisationId)
  await evictDurableObject(env.LEDGER.getByName(ledger))
  const db = openDatabase(env.DB)
  await db.delete(outbox).where(eq(outbox.ledger, ledger))
  await env.DOCUMENTS.delete(`document:${world.environment.id}`)
  const target = String(world.environment.id)
  const createdAt = Date.now() - age
  await db.insert(outbox).values({ ledger, kind: 'publish', target, createdAt })
  return { ledger, environmentId: world.environment.id }
}

it('work that has grown old is done by the sweep', async () => {
  const { ledger, environmentId } = await createDebt(60_000)
  await sweepLedgers(env, Date.now())
  expect(await owedBy(ledger)).toEqual([])
  expect((await getDocument(env.DOCUMENTS, environmentId))?.environment.id).toBe(environmentId)
})

it('work that is young is left to the request or the alarm that began it', async () => {
  const { ledger, environmentId } = await createDebt(0)
  await sweepLedgers(env, Date.now())
  expect(await owedBy(ledger)).toHaveLength(1)
  expect(await getDocument(env.DOCUMENTS, environmentId)).toBeNull()
})
