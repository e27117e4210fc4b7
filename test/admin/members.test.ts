import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addMember,
  createWorld,
  done,
  forbidden,
  readRecords,
} from '../support/admin.ts'
import {
  addColleague,
  addStranger,
  findMember,
  groupOf,
  inviteBy,
  join,
  pathOf,
  readGroup,
} from '../support/people.ts'

const lastAdmin = { detail: expect.stringMatching(/needs at least one administrator/) }

const lastRecord = async () => JSON.parse((await readRecords()).at(-1) ?? '{}')

describe('the people of an organisation', () => {
  it('are listed bare, with or without oneself, also to members and the key', async () => {
    const world = await createWorld()
    const colleague = await addColleague(world)
    const path = pathOf(world, 'users/')
    const all = await world.api<{ id: number }[]>('GET', path, undefined, colleague.auth)
    expect(all.body.map(({ id }) => id)).toEqual([world.superuser.id, colleague.id])
    expect(all.body[1]).toEqual({
      id: colleague.id,
      email: colleague.email,
      first_name: 'Test',
      last_name: 'Person',
      last_login: null,
      uuid: expect.any(String),
      role: 'USER',
      date_joined: expect.stringMatching(/Z$/),
    })
    const others = await world.api('GET', `${path}?exclude_current=true`)
    expect(others.body).toMatchObject([{ id: colleague.id }])
    const byKey = await world.api('GET', `${path}?exclude_current=true`, undefined, world.keyAuth)
    expect(byKey.body).toHaveLength(2)
  })
})

describe('a role', () => {
  it('is changed by an administrator and the key, and audited', async () => {
    const world = await createWorld()
    const colleague = await addColleague(world)
    const path = pathOf(world, `users/${colleague.id}/update-role/`)
    expect(await world.api('POST', path, { role: 'ADMIN' })).toMatchObject({
      status: 200,
      body: { id: colleague.id, role: 'ADMIN' },
    })
    expect(await lastRecord()).toMatchObject({
      action: 'membership.updated',
      resource: { type: 'MEMBERSHIP', id: String(colleague.id), name: colleague.email },
      before: { role: 'USER' },
      after: { role: 'ADMIN' },
    })
    const records = await readRecords()
    expect((await world.api('POST', path, { role: 'ADMIN' })).status).toBe(200)
    expect(await readRecords()).toEqual(records)
    expect((await world.api('POST', path, { role: 'USER' }, world.keyAuth)).status).toBe(200)
    expect(await findMember(world, colleague.id)).toMatchObject({ role: 'USER' })
  })

  it('is one of two, and somebody else’s people have none here', async () => {
    const world = await createWorld()
    const stranger = await addStranger()
    const own = pathOf(world, `users/${world.superuser.id}/update-role/`)
    expect(await world.api('POST', own, { role: 'OWNER' })).toMatchObject({
      status: 400,
      body: { role: ['"OWNER" is not a valid choice.'] },
    })
    expect((await world.api('POST', own, {})).body).toEqual({ role: ['This field is required.'] })
    for (const id of [stranger.id, 2147483647, 'x']) {
      const path = pathOf(world, `users/${id}/update-role/`)
      expect((await world.api('POST', path, { role: 'ADMIN' })).status).toBe(404)
    }
  })

  it('cannot be raised by oneself, on any way', async () => {
    const world = await createWorld()
    const { id, auth } = await addColleague(world)
    const update = pathOf(world, `users/${id}/update-role/`)
    expect(await world.api('POST', update, { role: 'ADMIN' }, auth)).toMatchObject({
      status: 403,
      body: forbidden,
    })
    await world.api('PATCH', 'auth/users/me/', { role: 'ADMIN', is_superuser: true }, auth)
    const invite = { email: 'me@example.com', role: 'ADMIN' }
    for (const [path, body] of [
      ['invites/', invite],
      ['invite/', { invites: [invite] }],
      ['invite-links/', { role: 'ADMIN' }],
    ] as const) {
      expect((await world.api('POST', pathOf(world, path), body, auth)).status).toBe(403)
    }
    expect(await findMember(world, id)).toMatchObject({ role: 'USER' })
  })

  it('of the last administrator stays, also against the key', async () => {
    const world = await createWorld()
    const path = pathOf(world, `users/${world.superuser.id}/update-role/`)
    for (const auth of [world.auth, world.keyAuth]) {
      const answer = await world.api('POST', path, { role: 'USER' }, auth)
      expect(answer).toMatchObject({ status: 400, body: lastAdmin })
    }
    const second = await addColleague(world, 'ADMIN')
    expect((await world.api('POST', path, { role: 'USER' })).status).toBe(200)
    const last = pathOf(world, `users/${second.id}/update-role/`)
    expect((await world.api('POST', last, { role: 'USER' }, second.auth)).status).toBe(400)
  })

  it('is kept by one of two administrators who demote each other at once', async () => {
    const world = await createWorld()
    const second = await addColleague(world, 'ADMIN')
    const demote = (id: number) =>
      world.api('POST', pathOf(world, `users/${id}/update-role/`), { role: 'USER' }, world.keyAuth)
    const answers = await Promise.all([demote(world.superuser.id), demote(second.id)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })
})

describe('removing people', () => {
  it('takes their groups, grants and waiting invites along, and leaves the account', async () => {
    const world = await createWorld()
    const group = await groupOf(world)
    const colleague = await addColleague(world)
    const users = { user_ids: [colleague.id] }
    await done(world.api('POST', pathOf(world, `groups/${group.id}/add-users/`), users))
    const grant = { user: colleague.id, permissions: ['CREATE_PROJECT'] }
    await done(world.api('POST', pathOf(world, 'user-permissions/'), grant))
    const path = pathOf(world, 'remove-users/')
    const answer = await world.api('POST', path, [{ id: colleague.id }])
    expect(answer).toMatchObject({ status: 200, body: [{ id: colleague.id }] })
    expect(await findMember(world, colleague.id)).toBeUndefined()
    expect((await readGroup(world, group.id)).users).toEqual([])
    const grants = await env.DB.prepare('SELECT count(*) AS n FROM grants WHERE user_id = ?')
      .bind(colleague.id)
      .first()
    expect(grants).toEqual({ n: 0 })
    expect(await lastRecord()).toMatchObject({
      action: 'membership.deleted',
      before: {
        role: 'USER',
        groups: [{ group_id: group.id, is_admin: false }],
        grants: [{ permissions: ['CREATE_PROJECT'] }],
      },
      after: null,
    })
    const seen = await world.api('GET', pathOf(world, 'users/'), undefined, colleague.auth)
    expect(seen.status).toBe(403)
    const me = await world.api('GET', 'auth/users/me/', undefined, colleague.auth)
    expect(me.status).toBe(200)
  })

  it('leaves no way back by an invite from before', async () => {
    const world = await createWorld()
    const person = await addStranger()
    const { hash } = await inviteBy(world, { email: person.email })
    await addMember(world.organisation.id, person.id, 'USER')
    await done(world.api('POST', pathOf(world, 'remove-users/'), [{ id: person.id }]))
    expect((await join(hash, person)).status).toBe(404)
    expect(await findMember(world, person.id)).toBeUndefined()
  })

  it('removes all or none, and never the last administrator', async () => {
    const world = await createWorld()
    const [one, two] = [await addColleague(world), await addColleague(world, 'ADMIN')]
    const path = pathOf(world, 'remove-users/')
    const stranger = await addStranger()
    for (const id of [stranger.id, 2147483647]) {
      expect(await world.api('POST', path, [{ id: one.id }, { id }])).toMatchObject({
        status: 400,
        body: { id: [`Invalid pk "${id}" - object does not exist.`] },
      })
    }
    const everybody = [world.superuser.id, one.id, two.id].map((id) => ({ id }))
    for (const auth of [world.auth, world.keyAuth]) {
      const answer = await world.api('POST', path, everybody, auth)
      expect(answer).toMatchObject({ status: 400, body: lastAdmin })
    }
    expect(await findMember(world, one.id)).toBeDefined()
    expect((await world.api('POST', path, [{ id: world.superuser.id }])).status).toBe(200)
    const last = await world.api('POST', path, [{ id: two.id }], two.auth)
    expect(last).toMatchObject({ status: 400, body: lastAdmin })
  })

  it('answers a body that is no list of ids with 400', async () => {
    const world = await createWorld()
    const path = pathOf(world, 'remove-users/')
    for (const body of [{}, { id: 1 }, [1], [{}], [{ id: 'x' }], 'x']) {
      expect((await world.api('POST', path, body)).status).toBe(400)
    }
    expect(await world.api('POST', path, [])).toMatchObject({ status: 200, body: [] })
  })

  it('touches nobody elsewhere: the same person keeps another organisation’s place', async () => {
    const [world, other] = [await createWorld(), await createWorld('Other')]
    const person = await addColleague(world)
    await addMember(other.organisation.id, person.id, 'USER')
    const group = await groupOf(other)
    const users = { user_ids: [person.id] }
    await done(other.api('POST', pathOf(other, `groups/${group.id}/add-users/`), users))
    await done(world.api('POST', pathOf(world, 'remove-users/'), [{ id: person.id }]))
    expect(await findMember(other, person.id)).toBeDefined()
    expect((await readGroup(other, group.id)).users).toMatchObject([{ id: person.id }])
  })
})

it('who is removed owns no feature any more, and the features say so', async () => {
  const world = await createWorld()
  const place = await addEnvironment(world)
  const leaver = await addColleague(world, 'ADMIN')
  const path = `projects/${place.project.id}/features/`
  const owners = [world.superuser.id, leaver.id]
  const made = await done(world.api<{ id: number }>('POST', path, { name: 'owned', owners }))
  const read = () => world.api<{ owners: { id: number }[] }>('GET', `${path}${made.id}/`)
  const before = await read()
  expect(before.body.owners.map(({ id }) => id)).toEqual(owners)
  await done(world.api('POST', pathOf(world, 'remove-users/'), [{ id: leaver.id }]))
  const after = await read()
  expect(after.body.owners.map(({ id }) => id)).toEqual([world.superuser.id])
  expect(after.headers.get('ETag')).not.toBe(before.headers.get('ETag'))
  const told = (await readRecords()).map((text) => JSON.parse(text))
  expect(told.at(-1)).toMatchObject({
    action: 'feature.updated',
    before: { owners },
    after: { owners: [world.superuser.id] },
  })
})
