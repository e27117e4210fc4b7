import { describe, expect, it } from 'vitest'
import { addMember, createWorld, done } from '../support/admin.ts'
import {
  addColleague,
  addStranger,
  type Group,
  groupOf,
  pathOf,
  readGroup,
} from '../support/people.ts'

describe('the people of a group', () => {
  it('are added and removed; who is in already, or is not, is no mistake', async () => {
    const world = await createWorld()
    const [one, two] = [await addColleague(world), await addColleague(world)]
    const group = await groupOf(world)
    const path = pathOf(world, `groups/${group.id}/`)
    const added = await world.api<Group>('POST', `${path}add-users/`, {
      user_ids: [one.id, two.id, one.id],
    })
    expect(added.status).toBe(200)
    expect(added.body.users.map(({ id }) => id)).toEqual([one.id, two.id])
    await done(world.api('POST', `${path}add-users/`, { user_ids: [two.id] }))
    const removed = await world.api<Group>('POST', `${path}remove-users/`, {
      user_ids: [one.id, 2147483647],
    })
    expect(removed).toMatchObject({ status: 200, body: { users: [{ id: two.id }] } })
    expect(removed.body.users).toHaveLength(1)
  })

  it('are any number: forty at once', async () => {
    const world = await createWorld()
    const group = await groupOf(world)
    const people = await Promise.all(Array.from({ length: 40 }, () => addColleague(world)))
    const path = pathOf(world, `groups/${group.id}/add-users/`)
    const added = await world.api<Group>('POST', path, { user_ids: people.map(({ id }) => id) })
    expect(added.body.users).toHaveLength(40)
  })

  it('take in whoever manages groups only by the hand of an administrator', async () => {
    const world = await createWorld()
    const manager = await addColleague(world)
    await done(
      world.api('POST', pathOf(world, 'user-permissions/'), {
        user: manager.id,
        permissions: ['MANAGE_USER_GROUPS'],
      }),
    )
    const group = await groupOf(world)
    const path = pathOf(world, `groups/${group.id}/add-users/`)
    const self = { user_ids: [manager.id] }
    expect(await world.api('POST', path, self, manager.auth)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('administrator') },
    })
    expect((await readGroup(world, group.id)).users).toEqual([])
    const colleague = await addColleague(world)
    const others = { user_ids: [colleague.id] }
    expect((await world.api('POST', path, others, manager.auth)).status).toBe(200)
    expect((await world.api('POST', path, self)).status).toBe(200)
  })

  it('all belong to the organisation: one who does not is refused with the rest', async () => {
    const world = await createWorld()
    const [colleague, stranger] = [await addColleague(world), await addStranger()]
    const other = await createWorld('Other')
    await addMember(other.organisation.id, stranger.id, 'USER')
    const group = await groupOf(world)
    const path = pathOf(world, `groups/${group.id}/add-users/`)
    for (const id of [stranger.id, 2147483647]) {
      expect(await world.api('POST', path, { user_ids: [colleague.id, id] })).toMatchObject({
        status: 400,
        body: { user_ids: [`Invalid pk "${id}" - object does not exist.`] },
      })
    }
    for (const body of [{}, { user_ids: 'x' }, { user_ids: ['x'] }, { user_ids: [0] }]) {
      expect((await world.api('POST', path, body)).status).toBe(400)
    }
    expect((await readGroup(world, group.id)).users).toEqual([])
  })

  it('have admins, named and unnamed with and without a trailing slash', async () => {
    const world = await createWorld()
    const colleague = await addColleague(world)
    const group = await groupOf(world)
    const path = pathOf(world, `groups/${group.id}/`)
    const user = `${path}users/${colleague.id}/`
    expect((await world.api('POST', `${user}make-admin`)).status).toBe(404)
    await done(world.api('POST', `${path}add-users/`, { user_ids: [colleague.id] }))
    const admins = async () =>
      (await readGroup(world, group.id)).users.map((one) => one.group_admin)
    expect(await world.api('POST', `${user}make-admin`)).toMatchObject({ status: 200, body: null })
    expect(await admins()).toEqual([true])
    expect((await world.api('POST', `${user}remove-admin`)).status).toBe(200)
    expect(await admins()).toEqual([false])
    expect((await world.api('POST', `${user}make-admin/`)).status).toBe(200)
    expect((await world.api('POST', `${user}remove-admin/`)).status).toBe(200)
    expect((await world.api('POST', `${user}remove-admin/`)).status).toBe(200)
    expect(await admins()).toEqual([false])
  })
})

describe('a group admin', () => {
  it('manages the members of that group, and neither its admins, its name nor other groups', async () => {
    const world = await createWorld()
    const [boss, colleague] = [await addColleague(world), await addColleague(world)]
    const [own, other] = [await groupOf(world), await groupOf(world, { name: 'Other' })]
    const path = pathOf(world, 'groups/')
    await done(world.api('POST', `${path}${own.id}/add-users/`, { user_ids: [boss.id] }))
    const users = { user_ids: [colleague.id] }
    const as = (method: string, rest: string, body?: object) =>
      world.api(method, path + rest, body, boss.auth)
    expect((await as('POST', `${own.id}/add-users/`, users)).status).toBe(403)
    await done(world.api('POST', `${path}${own.id}/users/${boss.id}/make-admin`))
    expect((await as('POST', `${own.id}/add-users/`, users)).status).toBe(200)
    expect((await as('POST', `${own.id}/users/${colleague.id}/make-admin`)).status).toBe(403)
    expect((await as('POST', `${own.id}/remove-users/`, users)).status).toBe(200)
    expect((await as('PATCH', `${own.id}/`, { name: 'Mine' })).status).toBe(403)
    expect((await as('DELETE', `${own.id}/`)).status).toBe(403)
    expect((await as('POST', `${other.id}/add-users/`, users)).status).toBe(403)
    await done(world.api('POST', `${path}${own.id}/users/${boss.id}/remove-admin`))
    expect((await as('POST', `${own.id}/add-users/`, users)).status).toBe(403)
  })

  it('stops being one by leaving the organisation', async () => {
    const world = await createWorld()
    const boss = await addColleague(world)
    const group = await groupOf(world)
    const path = pathOf(world, `groups/${group.id}/`)
    await done(world.api('POST', `${path}add-users/`, { user_ids: [boss.id] }))
    await done(world.api('POST', `${path}users/${boss.id}/make-admin`))
    await done(world.api('POST', pathOf(world, 'remove-users/'), [{ id: boss.id }]))
    const body = { user_ids: [world.superuser.id] }
    expect((await world.api('POST', `${path}add-users/`, body, boss.auth)).status).toBe(403)
    await addMember(world.organisation.id, boss.id, 'USER')
    expect((await world.api('POST', `${path}add-users/`, body, boss.auth)).status).toBe(403)
  })

  it('of one organisation has no say over a group of another under its own address', async () => {
    const [world, other] = [await createWorld(), await createWorld('Other')]
    const [mine, theirs] = [await groupOf(world), await groupOf(other)]
    const body = { user_ids: [world.superuser.id] }
    const path = pathOf(world, `groups/${theirs.id}/`)
    for (const [method, rest, sent] of [
      ['GET', '', undefined],
      ['PUT', '', { name: 'Taken' }],
      ['PATCH', '', { name: 'Taken' }],
      ['DELETE', '', undefined],
      ['POST', 'add-users/', body],
      ['POST', 'remove-users/', body],
      ['POST', `users/${world.superuser.id}/make-admin`, undefined],
      ['POST', `users/${world.superuser.id}/remove-admin`, undefined],
    ] as const) {
      const { status } = await world.api(method, path + rest, sent)
      expect([method, rest, status]).toEqual([method, rest, 404])
    }
    expect(await readGroup(other, theirs.id)).toEqual(theirs)
    expect(await readGroup(world, mine.id)).toEqual(mine)
  })
})
