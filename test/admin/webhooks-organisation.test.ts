/** Webhooks of organisations. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Page, readRecords } from '../support/admin.ts'
import {
  createShop,
  createWebhook,
  masked,
  recordsSince,
  secret,
  url,
  type Webhook,
} from '../support/webhooks.ts'

describe('a webhook of an organisation', () => {
  const createOrganisation = async () => {
    const world = await createWorld()
    return { world, path: `organisations/${world.organisation.id}/webhooks/` }
  }

  it('is made, read, changed and deleted; the list is in pages of ten', async () => {
    const { world, path } = await createOrganisation()
    const made = await createWebhook(world, path)
    expect(made).toMatchObject({ url, secret, format: 'flagsmith' })
    const later = { ...made, secret: masked, standard_secret: null }
    expect(await world.api('GET', `${path}${made.id}/`)).toMatchObject({ status: 200, body: later })
    for (const _ of Array(10)) await createWebhook(world, path, { url })
    expect(await world.api('GET', path)).toMatchObject({
      status: 200,
      body: { count: 11, previous: null, results: [later, ...Array(9).fill({ secret: null })] },
    })
    expect((await done(world.api<Page<Webhook>>('GET', `${path}?page=2`))).results).toHaveLength(1)
    const off = await world.api('PUT', `${path}${made.id}/`, { url, enabled: false })
    expect(off).toMatchObject({ status: 200, body: { enabled: false, secret: masked } })
    expect((await world.api('DELETE', `${path}${made.id}/`)).status).toBe(204)
    expect((await world.api('GET', `${path}${made.id}/`)).status).toBe(404)
  })

  it('is no webhook of an environment, nor the other way round', async () => {
    const { world, path } = await createOrganisation()
    const place = await addEnvironment(world)
    const inside = `environments/${place.environment.api_key}/webhooks/`
    const own = await createWebhook(world, path)
    const other = await createWebhook(world, inside)
    expect((await world.api('PATCH', `${inside}${own.id}/`, { enabled: false })).status).toBe(404)
    expect((await world.api('GET', `${path}${other.id}/`)).status).toBe(404)
    expect((await world.api('DELETE', `${path}${other.id}/`)).status).toBe(404)
    expect((await world.api('GET', inside)).body).toMatchObject([{ id: other.id }])
    expect((await world.api('GET', path)).body).toMatchObject({ results: [{ id: own.id }] })
  })

  it('stands in the log with its organisation, also when it goes with it', async () => {
    const { world, path } = await createOrganisation()
    const start = (await readRecords()).length
    const { id } = await createWebhook(world, path)
    await done(world.api('DELETE', `organisations/${world.organisation.id}/`))
    const about = (await recordsSince(start)).filter(({ resource }) => resource.type === 'WEBHOOK')
    expect(about).toMatchObject(
      ['webhook.created', 'webhook.deleted'].map((action) => ({
        action,
        ledger: `organisation:${world.organisation.id}`,
        resource: { id: String(id), name: url },
        environment: null,
        project: null,
      })),
    )
  })

  it('is one of at most a thousand, those of environments included', async () => {
    const { world, path } = await createOrganisation()
    const place = await addEnvironment(world)
    await env.DB.prepare(
      `INSERT INTO webhooks (id, organisation_id, environment_id, url, created_at, updated_at)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       SELECT 1000000 + i, ?, ?, 'https://x.example', 1, 1 FROM n`,
    )
      .bind(world.organisation.id, place.environment.id)
      .run()
    for (const at of [path, `environments/${place.environment.api_key}/webhooks/`]) {
      expect(await world.api('POST', at, { url })).toMatchObject({
        status: 400,
        body: { non_field_errors: [expect.stringMatching(/maximum allowed 1000 webhooks/)] },
      })
    }
  })
})

describe('an endpoint that the system switched off', () => {
  it('says why until it is switched on again', async () => {
    const { world, path } = await createShop()
    const { id } = await createWebhook(world, path)
    await env.DB.prepare("UPDATE webhooks SET enabled = 0, disabled_reason = 'gone' WHERE id = ?")
      .bind(id)
      .run()
    const named = await world.api('PATCH', `${path}${id}/`, { description: 'the shop' })
    expect(named).toMatchObject({ body: { enabled: false, disabled_reason: 'gone' } })
    const on = await world.api('PATCH', `${path}${id}/`, { enabled: true })
    expect(on).toMatchObject({ body: { enabled: true, disabled_reason: null } })
  })
})
