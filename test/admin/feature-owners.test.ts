import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addMember,
  addUser,
  createWorld,
  done,
  type Person,
  type Place,
  type World,
} from '../support/admin.ts'
import { addGroup, grant } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

type Feature = {
  id: number
  uuid: string
  name: string
  owners: { id: number }[]
  group_owners: { id: number }[]
}

let world: World
let place: Place
let list: string
let admin: Person
let group: { id: number; name: string }

const addAdmin = async () => {
  const person = await addColleague(world, 'ADMIN')
  return person
}

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/features/`
  admin = await addAdmin()
  group = await addGroup(world, 'Web')
})

const create = (body: object = {}, auth = world.keyAuth) =>
  world.api<Feature>('POST', list, { name: crypto.randomUUID(), ...body }, auth)

const change = (feature: Feature, verb: string, body: object, auth = world.keyAuth) =>
  world.api<Feature>('POST', `${list}${feature.id}/${verb}/`, body, auth)

const ids = (rows: { id: number }[]) => rows.map(({ id }) => id)

const denied = (...people: number[]) => [
  `Users with ids [${people.join(', ')}] do not have access to this project.`,
]

describe('a new feature', () => {
  it('of a person is theirs, without anything secret of the account', async () => {
    const { body } = await create({}, admin.auth)
    expect(body.owners).toEqual([
      {
        id: admin.id,
        email: admin.email,
        first_name: 'Test',
        last_name: 'Person',
        last_login: null,
        uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ])
    expect(body.group_owners).toEqual([])
  })

  it('of a key is nobody’s', async () => {
    expect((await create({ owners: [], group_owners: [] })).body.owners).toEqual([])
  })

  it('is theirs who are named, and reads so by id, by uuid and in the list', async () => {
    const sent = { owners: [admin.id, admin.id], group_owners: [group.id] }
    const { status, body } = await create(sent, world.auth)
    expect(status).toBe(201)
    expect([ids(body.owners), body.group_owners]).toEqual([[admin.id], [group]])
    expect(await done(world.api('GET', `${list}${body.id}/`))).toEqual(body)
    expect(await done(world.api('GET', `features/get-by-uuid/${body.uuid}/`))).toEqual(body)
    const { results } = await done(world.api<{ results: Feature[] }>('GET', list))
    const listed = results.find(({ id }) => id === body.id)
    expect(listed).toMatchObject({ owners: body.owners, group_owners: body.group_owners })
    const entries = await lastEntries(world, place, 2)
    const created = entries.find((entry) => entry.action === 'feature.created')
    expect(created?.after).toMatchObject({ owners: [admin.id], group_owners: [group.id] })
  })

  it('may be owned by whoever may see the project, through a grant or a group’s grant', async () => {
    const [own, grouped, below] = [
      await addUser('own@x.io'),
      await addUser('gr@x.io'),
      await addUser('be@x.io'),
    ]
    for (const person of [own, grouped, below]) {
      await addMember(world.organisation.id, person.id, 'USER')
    }
    const viewers = await addGroup(world, 'Viewers', [grouped])
    const at = { organisationId: world.organisation.id, projectId: place.project.id }
    await grant({ ...at, userId: own.id, permissions: ['VIEW_PROJECT'] })
    await grant({ ...at, groupId: viewers.id, permissions: ['VIEW_PROJECT'] })
    await grant({ ...at, environmentId: place.environment.id, userId: below.id, admin: true })
    expect(ids((await create({ owners: [own.id, grouped.id] })).body.owners)).toEqual([
      own.id,
      grouped.id,
    ])
    expect(await create({ owners: [own.id, below.id] })).toMatchObject({
      status: 400,
      body: { owners: denied(below.id) },
    })
  })

  it('is refused to people who may not see the project and to groups of elsewhere', async () => {
    const [stranger, member] = [await addUser('stranger@x.io'), await addUser('member@x.io')]
    await addMember(world.organisation.id, member.id, 'USER')
    const foreign = await addGroup(await createWorld('Else'), 'Else')
    const before = await dumpAtRest()
    const owners = [admin.id, stranger.id, member.id, 999_999]
    expect(await create({ owners })).toMatchObject({
      status: 400,
      body: { owners: denied(stranger.id, member.id, 999_999) },
    })
    for (const id of [foreign.id, 999_999]) {
      expect(await create({ group_owners: [group.id, id] })).toMatchObject({
        status: 400,
        body: { group_owners: [`Invalid pk "${id}" - object does not exist.`] },
      })
    }
    expect(await create({ owners: [{ id: 1 }] })).toMatchObject({ status: 400 })
    expect(await create({ owners: 1 })).toMatchObject({ status: 400 })
    expect(await dumpAtRest()).toBe(before)
  })
})

it.each(['PUT', 'PATCH'])('%s never changes owners', async (method) => {
  const { body } = await create({ owners: [admin.id], group_owners: [group.id] })
  const before = await dumpAtRest()
  const sent = { owners: [], group_owners: [] }
  expect(await done(world.api(method, `${list}${body.id}/`, sent))).toEqual(body)
  expect(await dumpAtRest()).toBe(before)
})

describe('owners', () => {
  it('are added and removed, each change an entry, a repeated one none', async () => {
    const { body } = await create({}, world.auth)
    const both = [world.superuser.id, admin.id]
    const added = await change(body, 'add-owners', { user_ids: [admin.id] })
    expect([added.status, ids(added.body.owners)]).toEqual([200, both])
    expect(await lastEntries(world, place, 1)).toMatchObject([
      {
        log: `Flag / Remote Config updated: ${body.name}`,
        action: 'feature.updated',
        related_object_type: 'FEATURE',
        related_object_id: body.id,
        before: { owners: [world.superuser.id], group_owners: [] },
        after: { owners: both, group_owners: [] },
      },
    ])
    expect((await change(body, 'add-group-owners', { group_ids: [group.id] })).body).toEqual({
      ...added.body,
      group_owners: [group],
    })
    const before = await dumpAtRest()
    for (const [verb, sent] of [
      ['add-owners', { user_ids: both }],
      ['add-owners', { user_ids: [] }],
      ['remove-owners', { user_ids: [999_999] }],
      ['add-group-owners', { group_ids: [group.id, group.id] }],
      ['remove-group-owners', { group_ids: [999_999] }],
    ] as const) {
      expect((await change(body, verb, sent)).status).toBe(200)
    }
    expect(await dumpAtRest()).toBe(before)
    await done(change(body, 'remove-owners', { user_ids: both }))
    await done(change(body, 'remove-group-owners', { group_ids: [group.id] }))
    expect(await done(world.api('GET', `${list}${body.id}/`))).toMatchObject({
      owners: [],
      group_owners: [],
    })
    const version = env.DB.prepare('SELECT version FROM features WHERE id = ?').bind(body.id)
    expect(await version.first()).toEqual({ version: 5 })
  })

  it('are refused as in a new feature, under the names of the request', async () => {
    const { body } = await create()
    const before = await dumpAtRest()
    const message = 'Invalid pk "999999" - object does not exist.'
    for (const [verb, sent, errors] of [
      ['add-owners', { user_ids: [999_999] }, { user_ids: denied(999_999) }],
      ['add-group-owners', { group_ids: [999_999] }, { group_ids: [message] }],
      ['add-owners', {}, { user_ids: ['This field is required.'] }],
      ['remove-owners', {}, { user_ids: ['This field is required.'] }],
      ['add-group-owners', {}, { group_ids: ['This field is required.'] }],
      ['remove-group-owners', { user_ids: [1] }, { group_ids: ['This field is required.'] }],
    ] as const) {
      expect(await change(body, verb, sent)).toMatchObject({ status: 400, body: errors })
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('go with the person and with the group', async () => {
    const [person, short] = [await addAdmin(), await addGroup(world, 'Short')]
    const { body } = await create({ owners: [person.id], group_owners: [short.id] })
    await env.DB.prepare('DELETE FROM users WHERE id = ?').bind(person.id).run()
    await env.DB.prepare('DELETE FROM groups WHERE id = ?').bind(short.id).run()
    expect(await done(world.api('GET', `${list}${body.id}/`))).toMatchObject({
      owners: [],
      group_owners: [],
    })
  })

  it('of a feature of another project or organisation cannot be touched', async () => {
    const other = await addEnvironment(world, 'Neighbour')
    const foreign = await createWorld('Foreign owners')
    const { body } = await create({ owners: [admin.id] })
    const before = await dumpAtRest()
    for (const verb of ['add-owners', 'remove-owners', 'add-group-owners', 'remove-group-owners']) {
      const sent = { user_ids: [admin.id], group_ids: [group.id] }
      const wrong = `projects/${other.project.id}/features/${body.id}/${verb}/`
      expect((await world.api('POST', wrong, sent)).status).toBe(404)
      expect((await change(body, verb, sent, foreign.keyAuth)).status).toBe(404)
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('are changed by those who hold CREATE_FEATURE only', async () => {
    const viewer = await addColleague(world)
    const at = { organisationId: world.organisation.id, projectId: place.project.id }
    await grant({ ...at, userId: viewer.id, permissions: ['VIEW_PROJECT'] })
    const { body } = await create({ owners: [viewer.id] })
    const before = await dumpAtRest()
    const sent = { user_ids: [viewer.id] }
    expect((await change(body, 'remove-owners', sent, viewer.auth)).status).toBe(403)
    expect((await change(body, 'add-owners', sent, viewer.auth)).status).toBe(403)
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('in a project that asks for owners', () => {
  let strict: Place
  const make = (body: object, auth: string) =>
    world.api<Feature>('POST', `projects/${strict.project.id}/features/`, body, auth)

  beforeAll(async () => {
    strict = await addEnvironment(world, 'Owned')
    const path = `projects/${strict.project.id}/`
    await done(world.api('PUT', path, { enforce_feature_owners: true }))
  })

  it('a key must name one, a person is one', async () => {
    const before = await dumpAtRest()
    expect(await make({ name: 'a' }, world.keyAuth)).toMatchObject({
      status: 400,
      body: {
        non_field_errors: [
          'This project requires at least one owner or group owner when creating a feature.',
        ],
      },
    })
    expect(await dumpAtRest()).toBe(before)
    expect((await make({ name: 'b' }, world.auth)).status).toBe(201)
    expect((await make({ name: 'c', owners: [admin.id] }, world.keyAuth)).status).toBe(201)
    expect((await make({ name: 'd', group_owners: [group.id] }, world.keyAuth)).status).toBe(201)
  })

  it('the last one cannot be removed', async () => {
    const sent = { name: 'kept', owners: [admin.id], group_owners: [group.id] }
    const { id } = await done(make(sent, world.keyAuth))
    const path = `projects/${strict.project.id}/features/${id}/`
    await done(world.api('POST', `${path}remove-owners/`, { user_ids: [admin.id] }))
    const before = await dumpAtRest()
    const last = { group_ids: [group.id] }
    expect(await world.api('POST', `${path}remove-group-owners/`, last)).toMatchObject({
      status: 400,
      body: {
        non_field_errors: [
          'This project requires at least one owner or group owner of every feature.',
        ],
      },
    })
    expect(await dumpAtRest()).toBe(before)
    await done(world.api('POST', `${path}add-owners/`, { user_ids: [admin.id] }))
    expect((await world.api('POST', `${path}remove-group-owners/`, last)).status).toBe(200)
  })
})
