/** The second driver: what no alarm looks after, the cron does. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { expect, it, vi } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
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

it('an alarm that fails does not throw, since the runtime drops one that keeps throwing, and comes back', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { ledger } = await createDebt(0)
  const stub = env.LEDGER.getByName(ledger)
  const fails = () => Promise.reject(new Error('storage is gone'))
  await runInDurableObject(stub, async (object: Ledger, state) => {
    await state.storage.deleteAlarm()
    const storage = new Proxy(state.storage, {
      get: (target, name) => (name === 'get' ? fails : Reflect.get(target, name).bind(target)),
    })
    const ctx = new Proxy(state, {
      get: (target, name) => (name === 'storage' ? storage : Reflect.get(target, name)),
    })
    Object.assign(object, { ctx })
    await expect(object.alarm()).resolves.toBeUndefined()
    expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now())
  })
  await evictDurableObject(stub)
})
