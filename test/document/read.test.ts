import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { buildDocument } from '../../src/document/build.ts'
import { forget, freshMs } from '../../src/document/memo.ts'
import { publishDocument } from '../../src/document/publish.ts'
import { readDocument, readPointer } from '../../src/document/read.ts'
import type { Env } from '../../src/env.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { readDocumentRows } from '../../src/storage/document-rows.ts'
import { deleteDocument, getDocument, putDocument } from '../../src/storage/documents.ts'
import { createFlagWorld, type World, write } from '../support/world.ts'

let world: World

/** A binding of which every use fails. */
const broken = <T extends object>(target: T, name: string): T =>
  new Proxy(target, {
    get: () => () => {
      throw new Error(`${name} is down`)
    },
  })

const withoutD1 = (): Env => ({ ...env, DB: broken(env.DB, 'D1') })
const withoutStores = (): Env => ({ ...withoutD1(), DOCUMENTS: broken(env.DOCUMENTS, 'KV') })

const waiting: Promise<unknown>[] = []
const read = (bindings: Env) =>
  readDocument(bindings, world.environment.id, (work) => waiting.push(work))

const setValue = (value: string) =>
  write(world.organisationId, 'feature-state.update', {
    environmentId: world.environment.id,
    id: world.stateId,
    changes: { value },
  })

beforeEach(async () => {
  world = await createFlagWorld()
  await publishDocument(env, world.environment.id)
})

afterEach(() => {
  vi.useRealTimers()
})

describe('reading a document', () => {
  it('needs no D1 while KV has it', async () => {
    forget(world.environment.id)
    expect((await read(withoutD1()))?.document.features[0]?.name).toBe('banner')
    expect((await readPointer(withoutD1(), world.environment.apiKey)).environmentId).toBe(
      world.environment.id,
    )
  })

  it('compiles it from D1 when KV has none', async () => {
    await deleteDocument(env.DOCUMENTS, world.environment.id)
    forget(world.environment.id)
    expect((await read(env))?.document.environment.id).toBe(world.environment.id)
  })

  it('goes on with what it remembers when neither store answers', async () => {
    await read(env)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    expect((await read(withoutStores()))?.document.features[0]?.state.value).toBe('blue')
  })

  it('fails when it remembers nothing and no store answers', async () => {
    forget(world.environment.id)
    await expect(read(withoutStores())).rejects.toThrow('KV is down')
  })

  it('trusts its memory for a second and not longer', async () => {
    const slot = await read(env)
    if (slot === undefined) throw new Error('no document')
    const newer = structuredClone(slot.document)
    newer.version += 1
    const [feature] = newer.features
    if (feature !== undefined) feature.state.value = 'green'
    await putDocument(env.DOCUMENTS, newer)
    const now = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: now + freshMs - 600 })
    expect((await read(env))?.document.features[0]?.state.value).toBe('blue')
    vi.setSystemTime(now + freshMs + 1)
    expect((await read(env))?.document.features[0]?.state.value).toBe('green')
  })

  it('renews itself half-way without making the request wait', async () => {
    const slot = await read(env)
    if (slot === undefined) throw new Error('no document')
    const newer = { ...structuredClone(slot.document), version: slot.document.version + 1 }
    await putDocument(env.DOCUMENTS, newer)
    vi.useFakeTimers({ toFake: ['Date'], now: slot.checkedAt + freshMs - 100 })
    waiting.length = 0
    expect((await read(env))?.document.version).toBe(slot.document.version)
    expect(waiting).toHaveLength(1)
    await waiting[0]
    expect((await read(env))?.document.version).toBe(newer.version)
  })
})

describe('publishing', () => {
  it('puts into KV exactly what the rows say, and may be repeated', async () => {
    await setValue('green')
    await publishDocument(env, world.environment.id)
    await publishDocument(env, world.environment.id)
    const rows = await readDocumentRows(openDatabase(env.DB), world.environment.id)
    expect(await getDocument(env.DOCUMENTS, world.environment.id)).toEqual(
      rows && buildDocument(rows),
    )
  })

  it('names the environment, its project and its organisation, each by its own columns', async () => {
    await createFlagWorld()
    const second = await write(world.organisationId, 'environment.create', {
      projectId: world.projectId,
      settings: { name: 'Staging', apiKey: `staging-${world.projectId}`, hideSensitiveData: true },
    })
    await publishDocument(env, second.id)
    const published = await getDocument(env.DOCUMENTS, second.id)
    expect(published).toMatchObject({
      version: 1,
      environment: {
        id: second.id,
        name: 'Staging',
        apiKey: `staging-${world.projectId}`,
        hideDisabledFlags: null,
        hideSensitiveData: true,
      },
      project: { id: world.projectId, name: 'Website' },
      organisation: {
        id: world.organisationId,
        name: `Organisation ${world.organisationId}`,
        persistTraitData: true,
        stopServingFlags: false,
      },
    })
    expect(new Set([second.id, world.projectId, world.organisationId]).size).toBeGreaterThan(1)
  })

  it('replaces an older document that another publisher puts in between', async () => {
    const older = await getDocument(env.DOCUMENTS, world.environment.id)
    if (older === null) throw new Error('no document')
    await setValue('green')
    const late: KVNamespace = new Proxy(env.DOCUMENTS, {
      get: (target, name) => {
        if (name !== 'put') return Reflect.get(target, name).bind(target)
        return async (key: string, value: string) => {
          await target.put(key, value)
          if (key.startsWith('document:') && pending) {
            pending = false
            await setValue('red')
            await target.put(key, JSON.stringify(older))
          }
        }
      },
    })
    let pending = true
    await publishDocument({ ...env, DOCUMENTS: late }, world.environment.id)
    expect((await getDocument(env.DOCUMENTS, world.environment.id))?.features[0]?.state.value).toBe(
      'red',
    )
  })

  it('withdraws the document and its pointers when the environment is gone', async () => {
    await write(world.organisationId, 'environment.delete', { id: world.environment.id })
    await publishDocument(env, world.environment.id)
    expect(await getDocument(env.DOCUMENTS, world.environment.id)).toBeNull()
    expect(await read(env)).toBeUndefined()
  })
})
