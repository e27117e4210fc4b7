/** What happens to a rotation whose leeway is over, and what the log says of all of them. */
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { isUseRecorded, recordUse } from '../../src/document/key-use.ts'
import { endRotations } from '../../src/ledger/rotations.ts'
import { getDocument } from '../../src/storage/documents.ts'
import { addEnvironment, createWorld, done, type Place, readRecords } from '../support/admin.ts'
import {
  createShop,
  refused,
  type Shop,
  send,
  served,
  soon,
  statusesOf,
} from '../support/rotations.ts'
import { lastEntries } from '../support/segments.ts'

// Whatever waits for publishes takes seconds.
vi.setConfig({ testTimeout: 30_000 })

const entriesOf = ({ world, project }: Shop, count: number) =>
  lastEntries(world, { project } as Place, count)

/** Two seconds, in hours. */
const short = { leeway_hours: 2 / 3_600 }

describe('when the leeway is over', () => {
  it('the old key dies by the document, without anybody’s doing', async () => {
    const { rotate, old, environment, world, path } = await createShop()
    const { api_key: fresh } = await rotate(short)
    expect(await statusesOf(old)).toEqual(served)
    await soon(async () => expect(await statusesOf(old)).toEqual(refused))
    expect(await statusesOf(fresh)).toEqual(served)
    const document = await getDocument(env.DOCUMENTS, environment.id)
    expect(document?.environment.oldKey?.key).toBe(old)
    expect((await world.api('GET', path)).status).toBe(404)
    const at = `environments/${fresh}/rotate-key/`
    expect(await done(world.api('GET', at))).toMatchObject({ rotating: false, old_key: null })
    expect((await world.api('POST', `${at}abort/`, {})).status).toBe(404)
    expect((await world.api('POST', `${at}complete/`, {})).status).toBe(404)
  })

  it('the cron takes it away and says so, once, as the system', async () => {
    const shop = await createShop()
    const { rotate, old, environment } = shop
    await rotate()
    await endRotations(env, Date.now())
    expect(await entriesOf(shop, 1)).toMatchObject([{ action: 'environment-key.rotated' }])
    await env.DB.prepare('UPDATE key_rotations SET ends_at = ? WHERE environment_id = ?')
      .bind(Date.now() - 1, environment.id)
      .run()
    await Promise.all([endRotations(env, Date.now()), endRotations(env, Date.now())])
    const records = (await readRecords()).map((record) => JSON.parse(record))
    const own = records.filter(
      (record) =>
        record.action === 'environment-key.rotation-completed' &&
        record.environment.id === environment.id,
    )
    expect(own).toMatchObject([
      {
        actor: { kind: 'system' },
        log: expect.stringContaining('the leeway is over'),
        before: { old_key: `…${old.slice(-4)}`, new_key_used: false },
      },
    ])
    await soon(async () => {
      const document = await getDocument(env.DOCUMENTS, environment.id)
      expect(document?.environment.oldKey).toBeUndefined()
    })
  })

  it('the next rotation need not wait for the cron, and the end of the last is told first', async () => {
    const shop = await createShop()
    const { rotate, world, environment } = shop
    const { api_key: second } = await rotate()
    await env.DB.prepare('UPDATE key_rotations SET ends_at = ? WHERE environment_id = ?')
      .bind(Date.now() - 1, environment.id)
      .run()
    const again = await world.api('POST', `environments/${second}/rotate-key/`, {})
    expect(again).toMatchObject({ status: 200, body: { rotating: true, old_key: second } })
    expect(await entriesOf(shop, 2)).toMatchObject([
      { action: 'environment-key.rotation-completed' },
      { action: 'environment-key.rotated' },
    ])
  })
})

describe('the log of a rotation', () => {
  it('tells leeway and use, and no more of a key than its end', async () => {
    const shop = await createShop()
    const { rotate, end, old } = shop
    const { api_key: fresh } = await rotate({ leeway_hours: 48 })
    await soon(async () => expect((await send('/api/v1/flags/', fresh)).status).toBe(200))
    await soon(async () => {
      const row = env.DB.prepare('SELECT first_used_at AS at FROM key_rotations WHERE old_key = ?')
      expect((await row.bind(old).first<{ at: number | null }>())?.at).not.toBeNull()
    })
    await end('abort')
    await rotate({ leeway_hours: 1 })
    await end('complete')
    const entries = await entriesOf(shop, 4)
    const [ofOld, ofFresh] = [old, fresh].map((key) => `…${key.slice(-4)}`)
    expect(entries).toMatchObject([
      {
        action: 'environment-key.rotated',
        log: 'Client-side key rotated: the old key goes on for 48 hours.',
        related_object_type: 'ENVIRONMENT_KEY',
        before: { api_key: ofOld },
        after: { api_key: ofFresh, old_key: ofOld, leeway_hours: 48, new_key_used: false },
      },
      {
        action: 'environment-key.rotation-aborted',
        log: 'Client-side key rotation aborted. The new key was used.',
        before: { api_key: ofFresh, new_key_used: true, new_key_last_used_at: expect.any(Number) },
        after: { api_key: ofOld },
      },
      { action: 'environment-key.rotated', after: { leeway_hours: 1 } },
      {
        action: 'environment-key.rotation-completed',
        log: 'Client-side key rotation completed: the old key is revoked at once. The new key was not used.',
        before: { old_key: ofOld, new_key_used: false },
      },
    ])
    const text = JSON.stringify(entries)
    expect(text).not.toContain(old)
    expect(text).not.toContain(fresh)
  })
})

describe('the use of a new key', () => {
  it('that cannot be written down disturbs nobody, and is tried again soon', async () => {
    const key = crypto.randomUUID()
    const down = () => {
      throw new Error('down')
    }
    const broken = { ...env, DB: { prepare: down } as unknown as D1Database }
    await recordUse(broken, 1, key)
    expect(isUseRecorded(key)).toBe(true)
    await recordUse(env, 1, key)
    expect(isUseRecorded(key)).toBe(true)
  })

  it('is not that of an aborted rotation’s key', async () => {
    const { rotate, end, environment, world, path } = await createShop()
    const { api_key: first } = await rotate()
    await end('abort')
    await rotate()
    await recordUse(env, environment.id, first)
    expect(await done(world.api('GET', path))).toMatchObject({ new_key_used: false })
  })
})

it('a key that is freed and taken by another environment opens that one', async () => {
  const { rotate, end, old } = await createShop()
  await rotate()
  expect(await statusesOf(old)).toEqual(served)
  await end('complete')
  await soon(async () => expect(await statusesOf(old)).toEqual(refused))
  const other = await createWorld('Heir')
  const place = await addEnvironment(other)
  const moved = `environments/${place.environment.api_key}/`
  await done(other.api('PATCH', moved, { api_key: old }))
  const heirs = async () => (await send('/api/v1/flags/', old)).status
  await expect.poll(heirs, { timeout: 10_000, interval: 250 }).toBe(200)
})
