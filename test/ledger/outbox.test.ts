/** A debt that cannot be paid holds up nothing that can. */
import { env } from 'cloudflare:workers'
import { asc, eq, inArray } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { clearOutbox } from '../../src/ledger/act.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import { insertRows, openDatabase, runBatch } from '../../src/storage/database.ts'
import { deliveries } from '../../src/storage/deliveries.ts'
import { getDocument } from '../../src/storage/documents.ts'
import { eventBodies, events } from '../../src/storage/events.ts'
import { outbox } from '../../src/storage/outbox.ts'
import { webhooks } from '../../src/storage/webhooks.ts'
import { createFlagWorld, write } from '../support/world.ts'

it('a document that KV refuses keeps no other document and no webhook of the organisation back', async () => {
  const world = await createFlagWorld()
  const ledger = ledgerOf(world.organisationId)
  const other = await write(world.organisationId, 'environment.create', {
    projectId: world.projectId,
    settings: { name: 'Staging' },
  })
  const db = openDatabase(env.DB)
  await db.delete(outbox)
  const owe = (kind: 'publish' | 'deliver', target: string) => ({
    ledger,
    kind,
    target,
    createdAt: 1,
  })
  const rows = [
    owe('publish', String(world.environment.id)),
    ...Array.from({ length: 150 }, (_, index) => owe('deliver', `evt_gone_${index}`)),
    owe('publish', String(other.id)),
  ]
  await runBatch(db, insertRows(db, outbox, rows))
  await env.DOCUMENTS.delete(`document:${other.id}`)
  const refusing: KVNamespace = new Proxy(env.DOCUMENTS, {
    get: (target, name) => {
      if (name !== 'put') return Reflect.get(target, name).bind(target)
      return async (key: string, value: string) => {
        if (key === `document:${world.environment.id}`) throw new Error('KV PUT failed: 413')
        await target.put(key, value)
      }
    },
  })
  const desk = {
    env: { ...env, DOCUMENTS: refusing },
    db,
    ledger,
    publishedAt: new Map(),
    told: new Map(),
    mailedAt: new Map(),
  }
  const wake = await clearOutbox(desk)
  expect((await getDocument(env.DOCUMENTS, other.id))?.environment.name).toBe('Staging')
  const left = await db
    .select()
    .from(outbox)
    .where(eq(outbox.ledger, ledger))
    .orderBy(asc(outbox.id))
  expect(left.map((row) => row.target)).toEqual([String(world.environment.id)])
  expect(wake).toBeGreaterThan(Date.now())
})

it('events are fanned out together; those after one that cannot be wait for it', async () => {
  const world = await createFlagWorld()
  const ledger = ledgerOf(world.organisationId)
  const db = openDatabase(env.DB)
  await db.delete(outbox)
  const environmentId = world.environment.id
  const { organisationId } = world
  const times = { createdAt: 1, updatedAt: 1 }
  await db.insert(webhooks).values({
    id: 1,
    organisationId,
    environmentId,
    url: 'http://127.0.0.1:9/',
    ordered: false,
    ...times,
  })
  const ids = ['evt_a', 'evt_bad', 'evt_c']
  const facts = {
    type: 'FLAG_UPDATED' as const,
    organisationId,
    environmentId,
    action: 'feature-state.updated',
    changeId: 'x',
    createdAt: 2,
  }
  await db.insert(events).values(ids.map((id) => ({ ...facts, id })))
  const format = 'flagsmith' as const
  await db.insert(eventBodies).values(ids.map((eventId) => ({ eventId, format, body: '{}' })))
  await db
    .insert(outbox)
    .values(ids.map((target) => ({ ledger, kind: 'deliver' as const, target, createdAt: 1 })))
  const rung: string[] = []
  const refusing = {
    sendBatch: async (messages: Iterable<MessageSendRequest<{ deliveryId: string }>>) => {
      const wanted = [...messages].map(({ body }) => body.deliveryId)
      const rows = await db.select().from(deliveries).where(inArray(deliveries.id, wanted))
      const told = rows.map((row) => row.eventId)
      if (told.includes('evt_bad')) throw new Error('the queue refuses it')
      rung.push(...told)
    },
  } as unknown as typeof env.DELIVERIES
  const desk = {
    env: { ...env, DELIVERIES: refusing },
    db,
    ledger,
    publishedAt: new Map(),
    told: new Map(),
    mailedAt: new Map(),
  }
  const wake = await clearOutbox(desk)
  expect(rung).toEqual(['evt_a'])
  const left = await db.select().from(outbox).where(eq(outbox.ledger, ledger))
  expect(left.map((row) => row.target)).toEqual(['evt_bad', 'evt_c'])
  expect(wake).toBeGreaterThan(Date.now())
  expect(await clearOutbox({ ...desk, env })).toBeNull()
  expect(await db.select().from(outbox).where(eq(outbox.ledger, ledger))).toEqual([])
})
