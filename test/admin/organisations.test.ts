import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { getDocument } from '../../src/storage/documents.ts'
import {
  addEnvironment,
  addMember,
  addUser,
  api,
  createWorld,
  done,
  readRecords,
} from '../support/admin.ts'

type Organisation = { id: number; uuid: string; name: string; role: string | null }

const forbidden = { detail: 'You do not have permission to perform this action.' }

const recordsOf = async (organisationId: number) =>
  (await readRecords())
    .map((record) => JSON.parse(record))
    .filter((record) => record.ledger === `organisation:${organisationId}`)

describe('one organisation', () => {
  it('is found by uuid by members and its key, and by nobody else', async () => {
    const { organisation, keyAuth } = await createWorld()
    const path = `organisations/get-by-uuid/${organisation.uuid}/`
    const member = await addUser('plain@example.com')
    await addMember(organisation.id, member.id, 'USER')
    const seen = await done(api<Organisation>('GET', path, undefined, member.auth))
    expect(seen).toMatchObject({ id: organisation.id, role: 'USER', num_seats: 2 })
    expect((await api('GET', path, undefined, keyAuth)).status).toBe(200)
    const stranger = await createWorld('Other')
    for (const auth of [stranger.auth, stranger.keyAuth]) {
      expect((await api('GET', path, undefined, auth)).status).toBe(404)
    }
    expect((await stranger.api('GET', 'organisations/get-by-uuid/nonsense/')).status).toBe(404)
  })

  it('is changed by PUT and PATCH alike: what is left out stays', async () => {
    const world = await createWorld()
    const path = `organisations/${world.organisation.id}/`
    const put = await world.api('PUT', path, { force_2fa: true, uuid: 'x', id: 7, role: 'USER' })
    expect(put).toMatchObject({
      status: 200,
      body: { ...world.organisation, force_2fa: true, role: 'ADMIN' },
    })
    const patched = await world.api('PATCH', path, { name: 'Renamed' }, world.keyAuth)
    expect(patched).toMatchObject({
      status: 200,
      body: { name: 'Renamed', force_2fa: true, role: null },
    })
    const [, , first, second, ...rest] = await recordsOf(world.organisation.id)
    expect(first).toMatchObject({ action: 'organisation.updated', before: { name: 'Acme' } })
    expect(second).toMatchObject({
      after: { name: 'Renamed' },
      actor: { kind: 'organisation-key', id: world.keyPrefix, name: 'automation' },
    })
    expect(rest).toEqual([])
  })

  it('leaves no entry when nothing changes', async () => {
    const world = await createWorld()
    const path = `organisations/${world.organisation.id}/`
    const before = await readRecords()
    expect((await world.api('PATCH', path, { name: 'Acme' })).status).toBe(200)
    expect((await world.api('PATCH', path, {})).status).toBe(200)
    expect(await readRecords()).toEqual(before)
  })

  it('under a new name republishes every environment', async () => {
    const world = await createWorld()
    const places = [await addEnvironment(world, 'One'), await addEnvironment(world, 'Two')]
    await world.api('PATCH', `organisations/${world.organisation.id}/`, { name: 'Renamed' })
    for (const { environment } of places) {
      await vi.waitFor(
        async () => {
          const document = await getDocument(env.DOCUMENTS, environment.id)
          expect(document?.organisation.name).toBe('Renamed')
        },
        { timeout: 4_000, interval: 100 },
      )
    }
  })

  it('is deleted with everything in it, and its documents are withdrawn', async () => {
    const world = await createWorld()
    const { environment, project } = await addEnvironment(world)
    const path = `organisations/${world.organisation.id}/`
    expect(await world.api('DELETE', path)).toMatchObject({ status: 204, body: null })
    expect(await world.api('GET', path)).toMatchObject({ status: 403, body: forbidden })
    expect((await world.api('GET', `projects/${project.id}/`)).status).toBe(404)
    expect((await world.api('GET', 'organisations/', undefined, world.keyAuth)).status).toBe(401)
    await vi.waitFor(
      async () => expect(await getDocument(env.DOCUMENTS, environment.id)).toBeNull(),
      { timeout: 4_000, interval: 100 },
    )
    const records = await recordsOf(world.organisation.id)
    expect(records.at(-1)).toMatchObject({ action: 'organisation.deleted', after: null })
  })

  it('answers an id that is no number with 400', async () => {
    const world = await createWorld()
    expect((await world.api('GET', 'organisations/abc/')).status).toBe(400)
    expect((await api('GET', 'organisations/abc/')).status).toBe(401)
  })
})

describe('what is inside an organisation', () => {
  it('is listed bare: projects for administrators, nothing for a member without grants', async () => {
    const world = await createWorld()
    const { project } = await addEnvironment(world)
    const path = `organisations/${world.organisation.id}/projects/`
    expect(await world.api('GET', path)).toMatchObject({ status: 200, body: [project] })
    expect(await world.api('GET', path, undefined, world.keyAuth)).toMatchObject({ status: 200 })
    const member = await addUser('reader@example.com')
    await addMember(world.organisation.id, member.id, 'USER')
    expect((await api('GET', path, undefined, member.auth)).body).toEqual([])
  })

  it('includes its people, with or without oneself', async () => {
    const world = await createWorld()
    const member = await addUser('colleague@example.com')
    await addMember(world.organisation.id, member.id, 'USER')
    const path = `organisations/${world.organisation.id}/users/`
    const all = await world.api<{ id: number }[]>('GET', path)
    expect(all.body.map(({ id }) => id)).toEqual([world.superuser.id, member.id])
    expect(all.body[1]).toEqual({
      id: member.id,
      email: 'colleague@example.com',
      first_name: 'Test',
      last_name: 'Person',
      last_login: null,
      uuid: expect.any(String),
      role: 'USER',
      date_joined: expect.stringMatching(/Z$/),
    })
    const others = await world.api(`GET`, `${path}?exclude_current=true`)
    expect(others.body).toMatchObject([{ id: member.id }])
    const byKey = await world.api('GET', path, undefined, world.keyAuth)
    expect(byKey.body).toHaveLength(2)
  })
})

it('every list answers with and without its trailing slash, never with a redirect', async () => {
  const world = await createWorld()
  const { environment } = await addEnvironment(world)
  const own = `organisations/${world.organisation.id}`
  for (const path of [
    'auth/users/me',
    'organisations',
    own,
    `${own}/projects`,
    `${own}/users`,
    `${own}/master-api-keys`,
    `${own}/master-api-keys/${world.keyPrefix}`,
    `organisations/get-by-uuid/${world.organisation.uuid}`,
    `environments/${environment.api_key}/api-keys`,
    `environments/${environment.api_key}/webhooks`,
  ]) {
    const [slashed, without] = [await world.api('GET', `${path}/`), await world.api('GET', path)]
    expect([path, slashed.status, without.status]).toEqual([path, 200, 200])
    expect(slashed.body).toEqual(without.body)
    expect(slashed.headers.get('Cache-Control')).toContain('no-store')
  }
})

describe('somebody else’s organisation', () => {
  it('is neither shown nor changed, and an unknown one answers the same', async () => {
    const world = await createWorld()
    const stranger = await createWorld('Other')
    const member = await addUser('member@example.com')
    await addMember(world.organisation.id, member.id, 'USER')
    const before = await readRecords()
    const one = `organisations/${world.organisation.id}/`
    for (const auth of [stranger.auth, stranger.keyAuth, member.auth]) {
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
        const body = method.startsWith('P') ? { name: 'Stolen' } : undefined
        const answer = await api(method, one, body, auth)
        expect(answer).toMatchObject({ status: 403, body: forbidden })
      }
    }
    for (const auth of [stranger.auth, stranger.keyAuth]) {
      for (const list of ['projects/', 'users/']) {
        expect((await api('GET', one + list, undefined, auth)).status).toBe(403)
      }
      expect(await api('GET', 'organisations/2147483647/', undefined, auth)).toMatchObject({
        status: 403,
        body: forbidden,
      })
    }
    expect(await readRecords()).toEqual(before)
  })
})
