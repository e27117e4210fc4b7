import { beforeAll, describe, expect, it } from 'vitest'
import {
  environmentPermissions,
  organisationPermissions,
  projectPermissions,
} from '../../src/domain/permissions.ts'
import {
  addEnvironment,
  createWorld,
  done,
  type Person,
  type Place,
  type World,
} from '../support/admin.ts'
import { addGroup, give, type Own } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'

let world: World
let place: Place
let person: Person
let group: number
let at: Record<'organisation' | 'project' | 'environment', string>

beforeAll(async () => {
  world = await createWorld('Effective')
  place = await addEnvironment(world, 'Shop')
  person = await addColleague(world)
  group = (await addGroup(world, 'Makers', [person])).id
  at = {
    organisation: `organisations/${world.organisation.id}`,
    project: `projects/${place.project.id}`,
    environment: `environments/${place.environment.api_key}`,
  }
  const user = person.id
  await give(world, at.organisation, { user, permissions: ['CREATE_PROJECT'] })
  await give(world, at.organisation, { group, permissions: ['MANAGE_USER_GROUPS'] })
  await give(world, at.project, { user, permissions: ['CREATE_FEATURE', 'VIEW_PROJECT'] })
  await give(world, at.project, { group, permissions: ['VIEW_PROJECT', 'MANAGE_TAGS'] })
  await give(world, at.environment, { group, admin: true })
})

const all = {
  organisation: [...organisationPermissions],
  project: [...projectPermissions],
  environment: [...environmentPermissions],
}
const levels = ['organisation', 'project', 'environment'] as const

type Key = { key: string; description: string; supports_tag: boolean }

it.each(levels)('the catalogue of %s names and describes every permission', async (level) => {
  const { status, body } = await world.api<Key[]>('GET', `${level}s/permissions/`)
  expect(status).toBe(200)
  expect(body.map(({ key }) => key)).toEqual(all[level])
  for (const one of body) expect(one.description).toMatch(/^[A-Z].+\.$/)
  const forKeys = await world.api('GET', `${level}s/permissions/`, undefined, world.keyAuth)
  expect(forKeys.body).toEqual(body)
})

it('only some permissions are of the kind that can be restricted to tags', async () => {
  const catalogues = await Promise.all(
    levels.map((level) => done(world.api<Key[]>('GET', `${level}s/permissions/`))),
  )
  const tagged = catalogues.flat().filter((one) => one.supports_tag)
  expect(tagged.map(({ key }) => key)).toEqual([
    'DELETE_FEATURE',
    'UPDATE_FEATURE_STATE',
    'CREATE_CHANGE_REQUEST',
    'APPROVE_CHANGE_REQUEST',
    'MANAGE_SEGMENT_OVERRIDES',
  ])
})

describe('my-permissions', () => {
  const own = (level: 'organisation' | 'project' | 'environment', auth: string) =>
    world.api<Own>('GET', `${at[level]}/my-permissions/`, undefined, auth)

  it('joins what comes from oneself and from groups', async () => {
    const expected = {
      organisation: { admin: false, permissions: ['CREATE_PROJECT', 'MANAGE_USER_GROUPS'] },
      project: { admin: false, permissions: ['VIEW_PROJECT', 'CREATE_FEATURE', 'MANAGE_TAGS'] },
      environment: { admin: true, permissions: all.environment },
    }
    for (const level of levels) {
      const { body } = await own(level, person.auth)
      expect(body).toEqual({ ...expected[level], tag_based_permissions: [] })
    }
  })

  it('is everything to an administrator', async () => {
    for (const level of levels) {
      const { body } = await own(level, world.auth)
      expect(body).toMatchObject({ admin: true, permissions: all[level] })
    }
  })

  it('of a project is for people only, as the original', async () => {
    expect((await own('organisation', world.keyAuth)).body.admin).toBe(true)
    expect((await own('environment', world.keyAuth)).body.admin).toBe(true)
    expect(await own('project', world.keyAuth)).toMatchObject({
      status: 400,
      body: { non_field_errors: ['This endpoint is for users, not for organisation API keys.'] },
    })
  })
})

describe('user-detailed-permissions', () => {
  const read = (level: 'organisation' | 'project' | 'environment', id: number, auth: string) =>
    world.api('GET', `${at[level]}/user-detailed-permissions/${id}/`, undefined, auth)
  const none = { groups: [], roles: [] }
  const viaGroup = () => ({ groups: [{ id: group, name: 'Makers' }], roles: [] })
  const held = (permission_key: string, isDirect: boolean, from: object) => ({
    permission_key,
    is_directly_granted: isDirect,
    derived_from: from,
  })

  it('tells where everything comes from', async () => {
    const ofProject = {
      admin: false,
      is_directly_granted: false,
      derived_from: none,
      permissions: [
        held('VIEW_PROJECT', true, viaGroup()),
        held('CREATE_FEATURE', true, none),
        held('MANAGE_TAGS', false, viaGroup()),
      ],
    }
    for (const auth of [person.auth, world.auth, world.keyAuth]) {
      expect((await read('project', person.id, auth)).body).toEqual(ofProject)
    }
    expect((await read('organisation', person.id, world.auth)).body).toMatchObject({
      permissions: [
        held('CREATE_PROJECT', true, none),
        held('MANAGE_USER_GROUPS', false, viaGroup()),
      ],
    })
    expect((await read('environment', person.id, world.auth)).body).toEqual({
      admin: true,
      is_directly_granted: false,
      derived_from: viaGroup(),
      permissions: all.environment.map((key) => held(key, false, viaGroup())),
    })
    expect((await read('project', world.superuser.id, world.auth)).body).toMatchObject({
      admin: true,
      is_directly_granted: true,
      permissions: all.project.map((key) => held(key, true, none)),
    })
  })

  it('is one’s own business and that of the level’s administrators', async () => {
    const colleague = await addColleague(world)
    await give(world, at.project, { user: colleague.id, permissions: ['VIEW_PROJECT'] })
    expect((await read('project', person.id, colleague.auth)).status).toBe(403)
    expect((await read('organisation', person.id, colleague.auth)).status).toBe(403)
    expect((await read('environment', person.id, colleague.auth)).status).toBe(404)
    expect((await read('project', colleague.id, colleague.auth)).status).toBe(200)
    // The group administers the environment.
    expect((await read('environment', colleague.id, person.auth)).body).toMatchObject({
      admin: false,
      permissions: [],
    })
  })

  it('of somebody outside is unknown', async () => {
    const other = await createWorld('Outside')
    for (const level of levels) {
      for (const id of [other.superuser.id, 999_999]) {
        expect((await read(level, id, world.auth)).status).toBe(404)
      }
      const closed = level === 'organisation' ? 403 : 404
      expect((await read(level, person.id, other.auth)).status).toBe(closed)
    }
  })
})

it('all-user-permissions are for project administrators', async () => {
  const path = `${at.project}/all-user-permissions/${person.id}/`
  expect(await world.api('GET', path)).toMatchObject({
    status: 200,
    body: { admin: false, permissions: ['VIEW_PROJECT', 'CREATE_FEATURE', 'MANAGE_TAGS'] },
  })
  expect((await world.api('GET', path, undefined, person.auth)).status).toBe(403)
  const own = `${at.project}/all-user-permissions/${world.superuser.id}/`
  expect((await world.api('GET', own)).body).toEqual({ admin: true, permissions: all.project })
  const other = await createWorld('Nobody here')
  const foreign = `${at.project}/all-user-permissions/${other.superuser.id}/`
  expect((await world.api('GET', foreign)).status).toBe(404)
  expect((await world.api('GET', path, undefined, other.auth)).status).toBe(404)
})
