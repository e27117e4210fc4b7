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
  forbidden,
  readRecords,
} from '../support/admin.ts'
import { addColleague } from '../support/people.ts'

type Organisation = { id: number; uuid: string; name: string; role: string | null }

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
    const put = await world.api('PUT', path, {
      restrict_project_create_to_admin: true,
      uuid: 'x',
      id: 7,
      role: 'USER',
    })
    expect(put).toMatchObject({
      status: 200,
      body: { ...world.organisation, restrict_project_create_to_admin: true, role: 'ADMIN' },
    })
    const patched = await world.api('PATCH', path, { name: 'Renamed' }, world.keyAuth)
    expect(patched).toMatchObject({
      status: 200,
      body: { name: 'Renamed', restrict_project_create_to_admin: true, role: null },
    })
    const [, , first, second, ...rest] = await recordsOf(world.organisation.id)
    expect(first).toMatchObject({ action: 'organisation.updated', before: { name: 'Acme' } })
    expect(second).toMatchObject({
      after: { name: 'Renamed' },
      actor: { kind: 'organisation-key', id: world.keyPrefix, name: 'automation' },
    })
    expect(rest).toEqual([])
  })

  it('does not promise a second factor that nobody is asked for', async () => {
    const world = await createWorld()
    const path = `organisations/${world.organisation.id}/`
    const refusal = { force_2fa: [expect.stringMatching(/no two-factor authentication/)] }
    for (const [method, at] of [
      ['PUT', path],
      ['PATCH', path],
      ['POST', 'organisations/'],
    ] as const) {
      const answer = await world.api(method, at, { name: 'Safe', force_2fa: true })
      expect(answer).toMatchObject({ status: 400, body: refusal })
    }
    const settings = { webhook_notification_email: 'ops@example.com', force_2fa: false }
    expect(await world.api('PATCH', path, settings)).toMatchObject({ status: 200, body: settings })
    // One that had it switched on by an earlier version keeps it until it is switched off.
    const stored = env.DB.prepare('UPDATE organisations SET force_2fa = 1 WHERE id = ?')
    await stored.bind(world.organisation.id).run()
    expect((await world.api('PUT', path, { name: 'Kept', force_2fa: true })).status).toBe(200)
    expect((await world.api('PATCH', path, { force_2fa: false })).status).toBe(200)
    expect((await world.api('PATCH', path, { force_2fa: true })).status).toBe(400)
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
    const told = records.map(({ action }) => action)
    expect(told).toEqual(expect.arrayContaining(['organisation.deleted', 'project.deleted']))
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
    const member = await addColleague(world)
    expect((await api('GET', path, undefined, member.auth)).body).toEqual([])
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
    const member = await addColleague(world)
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
