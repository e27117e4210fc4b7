/** Secrets and headers of webhooks: shown once, masked, rotated. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { toBase64 } from '../../src/ledger/bytes.ts'
import { promoteSecrets } from '../../src/ledger/rotations.ts'
import { importSeed, publicKeyOf } from '../../src/storage/ed25519.ts'
import { done, readRecords, timestamp } from '../support/admin.ts'
import {
  createShop,
  createWebhook,
  masked,
  recordsSince,
  rowOf,
  secret,
  secretOf,
  unsealed,
  url,
  type Webhook,
} from '../support/webhooks.ts'

describe('a webhook', () => {
  it('loses its secret to null and to blank, and may have none', async () => {
    const { world, path, environment } = await createShop()
    const { id } = await createWebhook(world, path)
    for (const nothing of [null, '']) {
      await done(world.api('PATCH', `${path}${id}/`, { secret }))
      const answer = await world.api('PATCH', `${path}${id}/`, { secret: nothing })
      expect(answer).toMatchObject({ status: 200, body: { secret: null } })
    }
    expect(await createWebhook(world, path, { url, secret: '' })).toMatchObject({ secret: null })
    expect(await createWebhook(world, path, { url })).toMatchObject({ secret: null })
    const sealed = await env.DB.prepare(
      'SELECT count(*) AS n FROM webhooks WHERE environment_id = ? AND sealed_secret IS NOT NULL',
    )
      .bind(environment.id)
      .first()
    expect(sealed).toEqual({ n: 0 })
  })

  it('keeps its secret and its headers when it is sent as it was shown', async () => {
    const { world, path } = await createShop()
    const headers = { Authorization: 'Bearer abc-def-ghi-jkl', 'X-Team': 'growth' }
    const { id } = await createWebhook(world, path, { url, secret, headers })
    const { results: before } = await env.DB.prepare('SELECT * FROM webhooks').all()
    const start = (await readRecords()).length
    const [shown] = await done(world.api<Webhook[]>('GET', path))
    expect(shown?.headers).toEqual({ Authorization: '********', 'X-Team': '********' })
    const answer = await world.api<Webhook>('PUT', `${path}${id}/`, shown)
    expect(answer).toMatchObject({ status: 200, body: shown })
    expect(await recordsSince(start)).toEqual([])
    expect((await env.DB.prepare('SELECT * FROM webhooks').all()).results).toEqual(before)

    const mixed = { authorization: '********', 'X-New': 'yes' }
    await done(world.api('PATCH', `${path}${id}/`, { headers: mixed }))
    const row = await rowOf(id)
    expect(JSON.parse((await unsealed(row.sealed_headers)) ?? '')).toEqual({
      authorization: 'Bearer abc-def-ghi-jkl',
      'X-New': 'yes',
    })
    await done(world.api('PATCH', `${path}${id}/`, { headers: null }))
    expect((await rowOf(id)).sealed_headers).toBeNull()
  })

  it('takes no mask for a secret that it does not stand for', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path)
    const refused = { status: 400, body: { secret: [expect.stringMatching(/leave it out/)] } }
    for (const wrong of ['********', '********abcd']) {
      expect(await world.api('PATCH', `${path}${id}/`, { secret: wrong })).toMatchObject(refused)
      expect(await world.api('POST', path, { url, secret: wrong })).toMatchObject(refused)
    }
    const headers = { 'X-Unknown': '********' }
    expect(await world.api('PATCH', `${path}${id}/`, { headers })).toMatchObject({
      status: 400,
      body: { headers: { 'X-Unknown': [expect.stringMatching(/leave it out/)] } },
    })
    expect(await secretOf(id)).toBe(secret)
  })

  it('gets a secret made for it, which is shown once', async () => {
    const { world, path } = await createShop()
    const made = await createWebhook(world, path, { url, generate_secret: true })
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(made.standard_secret).toBe(made.secret)
    const other = await done(
      world.api<Webhook>('PATCH', `${path}${made.id}/`, { generate_secret: true }),
    )
    expect(other.secret).toMatch(/^whsec_/)
    expect(other.secret).not.toBe(made.secret)
    const [later] = await done(world.api<Webhook[]>('GET', path))
    expect(later?.secret).toBe(`********${other.secret?.slice(-4)}`)
    const both = await world.api('POST', path, { url, secret, generate_secret: true })
    expect(both).toMatchObject({ status: 400, body: { generate_secret: [expect.any(String)] } })
  })
})

describe('the key pair of a webhook', () => {
  it('is made when it is asked for and shown by its public key ever after', async () => {
    const { world, path } = await createShop()
    const { id, public_key } = await createWebhook(world, path, { url, asymmetric: true })
    expect(public_key).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/)
    expect(await done(world.api<Webhook[]>('GET', path))).toMatchObject([{ id, public_key }])
    const seed = (await unsealed((await rowOf(id)).sealed_private_key)) ?? ''
    expect(atob(seed)).toHaveLength(32)
    const key = await importSeed(Uint8Array.from(atob(seed), (char) => char.charCodeAt(0)))
    expect(`whpk_${toBase64(await publicKeyOf(key))}`).toBe(public_key)
  })

  it('is unchanged by what is already so, and another one after it was taken away', async () => {
    const { world, path } = await createShop()
    const { id, public_key } = await createWebhook(world, path, { url })
    expect(public_key).toBeNull()
    const start = (await readRecords()).length
    const set = (asymmetric?: boolean) =>
      done(world.api<Webhook>('PATCH', `${path}${id}/`, { asymmetric }))
    expect(await set(false)).toMatchObject({ public_key: null })
    const first = await set(true)
    expect(await set(true)).toEqual(first)
    expect(await set()).toEqual(first)
    expect(await set(false)).toMatchObject({ public_key: null })
    expect((await rowOf(id)).sealed_private_key).toBeNull()
    const second = await set(true)
    expect(second.public_key).not.toBe(first.public_key)
    const records = await recordsSince(start)
    expect(records.map(({ before, after }) => [before.public_key, after.public_key])).toEqual([
      [null, first.public_key],
      [first.public_key, null],
      [null, second.public_key],
    ])
    expect(JSON.stringify(records)).not.toMatch(/private/)
  })

  it('is one, although two ask for it at once', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path, { url })
    const answers = await Promise.all(
      [1, 2, 3].map(() => done(world.api<Webhook>('PATCH', `${path}${id}/`, { asymmetric: true }))),
    )
    expect(new Set(answers.map(({ public_key }) => public_key)).size).toBe(1)
  })
})

describe('the secret of a webhook', () => {
  const promote = (now: number) => promoteSecrets(env, now)
  /** The ledger goes by its own clock: the row is moved to where its time has come. */
  const overdue = (id: number) =>
    env.DB.prepare('UPDATE webhooks SET promote_at = ? WHERE id = ?').bind(Date.now(), id).run()
  const hour = 3_600_000

  it('is rotated: staged and shown once, then promoted by the cron in its time', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path)
    const start = (await readRecords()).length
    const before = Date.now()
    const { body } = await world.api<Webhook>('POST', `${path}${id}/rotate-secret/`, {
      promote_after_hours: 2,
    })
    const next = body.rotation?.secret ?? ''
    expect(body).toMatchObject({ secret: masked, rotation: { promote_at: timestamp } })
    expect(next).toMatch(/^whsec_/)
    const [later] = await done(world.api<Webhook[]>('GET', path))
    expect(later?.rotation?.secret).toBe(`********${next.slice(-4)}`)
    expect(await world.api('POST', `${path}${id}/rotate-secret/`, {})).toMatchObject({
      status: 409,
      body: { code: 'secret_rotation_running' },
    })
    await promote(before + 2 * hour - 1_000)
    expect(await secretOf(id)).toBe(secret)
    await overdue(id)
    await promote(Date.now())
    expect(await secretOf(id)).toBe(next)
    const records = await recordsSince(start)
    expect(records.map(({ action, actor }) => [action, actor.kind])).toEqual([
      ['webhook.secret-rotated', 'user'],
      ['webhook.secret-promoted', 'system'],
    ])
    expect(JSON.stringify(records)).not.toContain('whsec_')
  })

  it('is promoted at once, or stays when the rotation is aborted', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path, { url })
    const at = `${path}${id}/`
    for (const end of ['promote-secret', 'abort-rotation']) {
      expect((await world.api('POST', `${at}${end}/`)).status).toBe(404)
    }
    await done(world.api('POST', `${at}rotate-secret/`, { secret: 'the second' }))
    const dropped = await world.api('POST', `${at}abort-rotation/`)
    expect(dropped).toMatchObject({ status: 200, body: { rotation: null, secret: null } })
    expect(await secretOf(id)).toBeNull()
    await done(world.api('POST', `${at}rotate-secret/`, { secret: 'the third' }))
    const promoted = await world.api('POST', `${at}promote-secret/`)
    expect(promoted).toMatchObject({ status: 200, body: { rotation: null, secret: '********' } })
    expect(await secretOf(id)).toBe('the third')
    await done(world.api('POST', `${at}rotate-secret/`, { secret: 'the fourth' }))
    expect(await done(world.api('PATCH', at, { secret: 'the fifth' }))).toMatchObject({
      rotation: null,
    })
    expect((await world.api('POST', `${at}promote-secret/`)).status).toBe(404)
    expect(await secretOf(id)).toBe('the fifth')
  })

  it.each([
    [{ promote_after_hours: 0 }, { promote_after_hours: [expect.any(String)] }],
    [{ promote_after_hours: 169 }, { promote_after_hours: [expect.any(String)] }],
    [{ secret: 'x'.repeat(256) }, { secret: [expect.any(String)] }],
    [{ secret: '********abcd' }, { secret: [expect.any(String)] }],
  ])('is not rotated with %j', async (body, errors) => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path)
    const answer = await world.api('POST', `${path}${id}/rotate-secret/`, body)
    expect(answer).toMatchObject({ status: 400, body: errors })
  })
})
