import { describe, expect, it } from 'vitest'
import { createWorld, done, type Page, readRecords } from '../support/admin.ts'
import {
  addColleague,
  addStranger,
  type Group,
  groupOf,
  joinByLink,
  linkOf,
  pathOf,
  readGroup,
} from '../support/people.ts'

const lastRecord = async () => JSON.parse((await readRecords()).at(-1) ?? '{}')

describe('a group', () => {
  it('is made, read, changed and deleted', async () => {
    const world = await createWorld()
    const path = pathOf(world, 'groups/')
    const made = await world.api<Group>('POST', path, { name: ' Crew ', external_id: 'okta-1' })
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'Crew', users: [], is_default: false, external_id: 'okta-1' },
    })
    const one = `${path}${made.body.id}/`
    expect(await world.api('GET', one)).toMatchObject({ status: 200, body: made.body })
    const put = await world.api('PUT', one, { name: 'Staff', users: [{ id: 1 }], id: 9 })
    expect(put).toMatchObject({ status: 200, body: { ...made.body, name: 'Staff' } })
    const patched = await world.api('PATCH', one, { is_default: 'true', external_id: '' })
    expect(patched.body).toEqual({
      ...made.body,
      name: 'Staff',
      is_default: true,
      external_id: null,
    })
    expect(await world.api('DELETE', one)).toMatchObject({ status: 204, body: null })
    for (const method of ['GET', 'DELETE', 'PATCH']) {
      const body = method === 'PATCH' ? {} : undefined
      expect((await world.api(method, one, body)).status).toBe(404)
    }
  })

  it('is listed in pages of ten, or of page_size, in a handful of queries with its people', async () => {
    const world = await createWorld()
    const colleague = await addColleague(world)
    for (let index = 0; index < 11; index++) await groupOf(world, { name: `Group ${index}` })
    const path = pathOf(world, 'groups/')
    const first = await done(world.api<Page<Group>>('GET', path))
    expect([first.count, first.results.length]).toEqual([11, 10])
    expect(first.next).toContain('page=2')
    const last = first.results[9]?.id ?? 0
    const users = { user_ids: [colleague.id] }
    await done(world.api('POST', `${path}${last}/add-users/`, users))
    const all = await done(world.api<Page<Group>>('GET', `${path}?page_size=999`))
    expect(all.results).toHaveLength(11)
    expect(all.results[9]?.users).toEqual([
      {
        id: colleague.id,
        email: colleague.email,
        first_name: 'Test',
        last_name: 'Person',
        last_login: null,
        group_admin: false,
      },
    ])
    expect((await world.api('GET', `${path}?page=3`)).status).toBe(404)
  })

  it('has a name, and an external id of its own in its organisation', async () => {
    const [world, other] = [await createWorld(), await createWorld('Other')]
    const path = pathOf(world, 'groups/')
    const taken = { external_id: [expect.stringMatching(/has this external id/)] }
    for (const [body, errors] of [
      [{}, { name: ['This field is required.'] }],
      [{ name: ' ' }, { name: ['This field may not be blank.'] }],
      [{ name: 'x'.repeat(201) }, { name: [expect.stringMatching(/no more than 200/)] }],
      [{ name: 'A', is_default: 'maybe' }, { is_default: ['Must be a valid boolean.'] }],
    ] as const) {
      expect(await world.api('POST', path, body)).toMatchObject({ status: 400, body: errors })
    }
    await groupOf(world, { name: 'A', external_id: 'ldap' })
    const again = { name: 'B', external_id: 'ldap' }
    expect(await world.api('POST', path, again)).toMatchObject({ status: 400, body: taken })
    const second = await groupOf(world, { name: 'B' })
    const patch = await world.api('PATCH', `${path}${second.id}/`, { external_id: 'ldap' })
    expect(patch).toMatchObject({ status: 400, body: taken })
    await groupOf(other, again)
  })

  it('is audited with its people, and not when nothing changes', async () => {
    const world = await createWorld()
    const colleague = await addColleague(world)
    const group = await groupOf(world)
    const one = pathOf(world, `groups/${group.id}/`)
    expect(await lastRecord()).toMatchObject({
      action: 'group.created',
      resource: { type: 'GROUP', id: String(group.id), name: 'Crew' },
      after: { name: 'Crew', members: [] },
    })
    await done(world.api('POST', `${one}add-users/`, { user_ids: [colleague.id] }))
    const members = [{ user_id: colleague.id, is_admin: false }]
    expect(await lastRecord()).toMatchObject({
      action: 'group.updated',
      before: { members: [] },
      after: { members },
    })
    const records = await readRecords()
    await done(world.api('PATCH', one, { name: 'Crew' }))
    await done(world.api('POST', `${one}add-users/`, { user_ids: [colleague.id] }))
    expect(await readRecords()).toEqual(records)
    await done(world.api('DELETE', one))
    expect(await lastRecord()).toMatchObject({
      action: 'group.deleted',
      before: { members },
      after: null,
    })
  })

  it('that is a default takes in whoever joins from then on', async () => {
    const world = await createWorld()
    const [usual, special] = [
      await groupOf(world, { name: 'All', is_default: true }),
      await groupOf(world),
    ]
    const person = await addStranger()
    const { hash } = await linkOf(world)
    expect((await joinByLink(hash, person)).status).toBe(200)
    expect((await readGroup(world, usual.id)).users).toMatchObject([{ id: person.id }])
    expect((await readGroup(world, special.id)).users).toEqual([])
  })
})

describe('who sees groups', () => {
  it('sees names as a member, one’s own as one’s own, and details only as their admin', async () => {
    const world = await createWorld()
    const colleague = await addColleague(world)
    const [own, other] = [await groupOf(world, { name: 'Own' }), await groupOf(world)]
    const path = pathOf(world, 'groups/')
    await done(world.api('POST', `${path}${own.id}/add-users/`, { user_ids: [colleague.id] }))
    const as = <T>(rest: string) => world.api<T>('GET', path + rest, undefined, colleague.auth)
    expect((await as<unknown>('summaries/')).body).toEqual([
      { id: own.id, name: 'Own' },
      { id: other.id, name: 'Crew' },
    ])
    expect((await as<unknown>('my-groups/')).body).toMatchObject({
      count: 1,
      results: [{ id: own.id, name: 'Own' }],
    })
    expect((await as<unknown>('')).body).toMatchObject({ count: 0, results: [] })
    expect((await as(`${own.id}/`)).status).toBe(404)
    await done(world.api('POST', `${path}${own.id}/users/${colleague.id}/make-admin`))
    expect((await as<Page<Group>>('')).body).toMatchObject({ count: 1, results: [{ id: own.id }] })
    expect((await as(`${own.id}/`)).status).toBe(200)
    expect((await as(`${other.id}/`)).status).toBe(404)
    const keyed = await world.api('GET', `${path}my-groups/`, undefined, world.keyAuth)
    expect(keyed).toMatchObject({ status: 200, body: { count: 0 } })
  })

  it('manages them all with MANAGE_USER_GROUPS, and none without', async () => {
    const world = await createWorld()
    const colleague = await addColleague(world)
    const group = await groupOf(world)
    const one = pathOf(world, `groups/${group.id}/`)
    const tries = () =>
      Promise.all([
        world.api('POST', pathOf(world, 'groups/'), { name: 'Mine' }, colleague.auth),
        world.api('PATCH', one, { name: 'Mine' }, colleague.auth),
        world.api('POST', `${one}add-users/`, { user_ids: [world.superuser.id] }, colleague.auth),
      ])
    expect((await tries()).map(({ status }) => status)).toEqual([403, 403, 403])
    const grant = { user: colleague.id, permissions: ['MANAGE_USER_GROUPS'] }
    await done(world.api('POST', pathOf(world, 'user-permissions/'), grant))
    expect((await tries()).map(({ status }) => status)).toEqual([201, 200, 200])
  })
})
