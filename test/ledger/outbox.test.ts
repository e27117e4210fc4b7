/** A debt that cannot be paid holds up nothing that can. */
import { env } from 'cloudflare:workers'
import { asc, eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { clearOutbox } from '../../src/ledger/act.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import { insertRows, openDatabase, runBatch } from '../../src/storage/database.ts'
import { getDocument } from '../../src/storage/documents.ts'
import { outbox } from '../../src/storage/outbox.ts'
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
  const desk = { env: { ...env, DOCUMENTS: refusing }, db, ledger, publishedAt: new Map() }
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
