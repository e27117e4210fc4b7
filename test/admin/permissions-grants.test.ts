import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addUser,
  createWorld,
  done,
  type Person,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { addGroup, type GrantBody, give } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place
let person: Person
let outsider: Person
let group: number
let foreignGroup: number

beforeAll(async () => {
  world = await createWorld('Granting')
  place = await addEnvironment(world, 'Shop')
  person = await addColleague(world)
  outsider = await addUser('never-joined@example.com')
  group = (await addGroup(world, 'Makers', [person])).id
  const other = await createWorld('Neighbours')
  foreignGroup = (await addGroup(other, 'Foreign', [person])).id
})

/** Path of each level, a name that it has and one that another level has. */
const levels = [
  ['organisation', 'CREATE_PROJECT', 'VIEW_PROJECT'],
  ['project', 'VIEW_PROJECT', 'VIEW_ENVIRONMENT'],
  ['environment', 'VIEW_ENVIRONMENT', 'CREATE_PROJECT'],
] as const

const pathOf = (level: string) => {
  if (level === 'organisation') return `organisations/${world.organisation.id}`
  return level === 'project'
    ? `projects/${place.project.id}`
    : `environments/${place.environment.api_key}`
}

type Kind = 'user' | 'group'
const kinds: Kind[] = ['user', 'group']
const cases = levels.flatMap(([level, name, other]) =>
  kinds.map((kind) => [level, kind, name, other] as const),
)

describe.each(cases)('grants at %s, held by %s', (level, kind, name, other) => {
  const list = () => `${pathOf(level)}/user${kind === 'group' ? '-group' : ''}-permissions/`
  const holder = () => (kind === 'user' ? person.id : group)
  const flag = level === 'organisation' ? {} : { admin: false }

  it('are made, listed, changed and taken back', async () => {
    const body = { [kind]: holder(), permissions: [name, name] }
    const made = await world.api<GrantBody>('POST', list(), body)
    const { id } = made.body
    const shown = { id, permissions: [name], ...flag, [kind]: holder() }
    expect(made).toMatchObject({ status: 201, body: shown })
    const embedded =
      kind === 'user'
        ? {
            id: person.id,
            email: person.email,
            first_name: 'Test',
            last_name: 'Person',
            last_login: null,
          }
        : { id: group, name: 'Makers' }
    const listed = await done(world.api<GrantBody[]>('GET', list()))
    expect(listed.filter((grant) => grant.id === id)).toEqual([{ ...shown, [kind]: embedded }])
    const one = await world.api('GET', `${list()}${id}/`)
    // No retrieve at the organisation: contract §B.0.
    if (level === 'organisation') expect(one.status).toBe(405)
    else expect(one).toMatchObject({ status: 200, body: { ...shown, [kind]: embedded } })
    for (const method of ['PUT', 'PATCH']) {
      expect((await world.api(method, `${list()}${id}/`, {})).body).toEqual(shown)
      const cleared = await world.api(method, `${list()}${id}/`, { permissions: [] })
      expect(cleared).toMatchObject({ status: 200, body: { ...shown, permissions: [] } })
      await done(world.api(method, `${list()}${id}/`, { permissions: [name], [kind]: holder() }))
    }
    expect((await world.api('DELETE', `${list()}${id}/`)).status).toBe(204)
    expect((await world.api('DELETE', `${list()}${id}/`)).status).toBe(404)
    expect((await world.api('PATCH', `${list()}${id}/`, {})).status).toBe(404)
  })

  it('leave an entry for every change, and none for no change', async () => {
    const count = (await readRecords()).length
    const { id } = await give(world, pathOf(level), { [kind]: holder(), permissions: [name] })
    const one = `${list()}${id}/`
    await done(world.api('PUT', one, { permissions: [] }))
    await done(world.api('PUT', one, { permissions: [] }))
    await done(world.api('DELETE', one))
    const entries = (await readRecords()).slice(count).map((record) => JSON.parse(record))
    expect(entries).toMatchObject([
      { action: 'permission.granted', before: null, after: { permissions: [name] } },
      { action: 'permission.updated', before: { permissions: [name] }, after: { permissions: [] } },
      { action: 'permission.removed', before: { permissions: [] }, after: null },
    ])
    const named = kind === 'user' ? person.email : 'Makers'
    for (const entry of entries) {
      expect(entry.resource).toMatchObject({ type: 'PERMISSION', id: String(id), name: named })
    }
  })

  it('are refused for bad names, strangers and a second time; nothing changes', async () => {
    const { id } = await give(world, pathOf(level), { [kind]: holder(), permissions: [name] })
    const one = `${list()}${id}/`
    const stranger = kind === 'user' ? outsider.id : foreignGroup
    const before = await dumpAtRest()
    const refused = async (method: string, path: string, body: object, errors: object) =>
      expect(await world.api(method, path, body)).toMatchObject({ status: 400, body: errors })
    await refused('POST', list(), {}, { [kind]: ['This field is required.'] })
    for (const [method, path] of [
      ['POST', list()],
      ['PUT', one],
      ['PATCH', one],
    ] as const) {
      const wrong = [other, 'ROOT', name]
      const errors = {
        permissions: [other, 'ROOT'].map((key) => `"${key}" is not a valid choice.`),
      }
      await refused(method, path, { [kind]: holder(), permissions: wrong }, errors)
      const noList = { permissions: ['Expected a list of items but got type "str".'] }
      await refused(method, path, { [kind]: holder(), permissions: name }, noList)
    }
    for (const unknown of [stranger, 999_999]) {
      const errors = { [kind]: [`Invalid pk "${unknown}" - object does not exist.`] }
      await refused('POST', list(), { [kind]: unknown, permissions: [name] }, errors)
    }
    const twice = { non_field_errors: [`The fields ${kind}, ${level} must make a unique set.`] }
    await refused('POST', list(), { [kind]: holder(), permissions: [] }, twice)
    const moved = { [kind]: [`The ${kind} of a permission cannot be changed.`] }
    await refused('PUT', one, { [kind]: stranger }, moved)
    await refused('PATCH', one, { [kind]: stranger }, moved)
    expect(await dumpAtRest()).toBe(before)
    await done(world.api('DELETE', one))
  })

  it('are found at their own place and kind only', async () => {
    const { id } = await give(world, pathOf(level), { [kind]: holder(), permissions: [name] })
    const before = await dumpAtRest()
    const elsewhere = await addEnvironment(world, `Beside ${level} ${kind}`)
    const paths = [
      ...levels.map(([at]) => pathOf(at)),
      `projects/${elsewhere.project.id}`,
      `environments/${elsewhere.environment.api_key}`,
    ].flatMap((at) => [`${at}/user-permissions/`, `${at}/user-group-permissions/`])
    for (const path of paths.filter((at) => at !== list())) {
      expect((await world.api('PUT', `${path}${id}/`, { permissions: [] })).status).toBe(404)
      expect((await world.api('DELETE', `${path}${id}/`)).status).toBe(404)
    }
    await done(world.api('DELETE', `projects/${elsewhere.project.id}/`))
    expect((await dumpAtRest()).length).toBeGreaterThan(before.length)
    await done(world.api('DELETE', `${list()}${id}/`))
  })
})

it('the flag of administrators is given and taken, and is none at the organisation', async () => {
  const { id } = await give(world, pathOf('project'), { user: person.id, admin: true })
  const one = `${pathOf('project')}/user-permissions/${id}/`
  expect((await world.api('GET', one)).body).toMatchObject({ admin: true, permissions: [] })
  expect((await world.api('PATCH', one, { admin: false })).body).toMatchObject({ admin: false })
  const refused = await world.api('PATCH', one, { admin: 'perhaps' })
  expect(refused).toMatchObject({ status: 400, body: { admin: ['Must be a valid boolean.'] } })
  await done(world.api('DELETE', one))
  const at = pathOf('organisation')
  const made = await give(world, at, { user: person.id, admin: true })
  expect(made).not.toHaveProperty('admin')
  const mine = await world.api('GET', `${at}/my-permissions/`, undefined, person.auth)
  expect(mine.body).toEqual({ permissions: [], admin: false, tag_based_permissions: [] })
  await done(world.api('DELETE', `${at}/user-permissions/${made.id}/`))
})

it('nobody promotes themselves: it takes an administrator of the level', async () => {
  const climber = await addColleague(world)
  const own = await give(world, pathOf('project'), {
    user: climber.id,
    permissions: ['VIEW_PROJECT', 'CREATE_ENVIRONMENT', 'CREATE_FEATURE'],
  })
  const { id } = await give(world, pathOf('environment'), { user: climber.id, admin: true })
  const as = async (method: string, path: string, body: object) =>
    (await world.api(method, path, body, climber.auth)).status
  const before = await dumpAtRest()
  const inProject = `${pathOf('project')}/user-permissions/`
  expect(await as('PUT', `${inProject}${own.id}/`, { admin: true })).toBe(403)
  expect(await as('POST', inProject, { user: climber.id, admin: true })).toBe(403)
  const inOrganisation = `${pathOf('organisation')}/user-permissions/`
  expect(await as('POST', inOrganisation, { user: climber.id, permissions: [] })).toBe(403)
  // The environment's administrator cannot reach the project's grant through the environment.
  const inEnvironment = `${pathOf('environment')}/user-permissions/`
  expect(await as('PUT', `${inEnvironment}${own.id}/`, { admin: true })).toBe(404)
  expect(await dumpAtRest()).toBe(before)
  expect(await as('PUT', `${inEnvironment}${id}/`, { permissions: ['VIEW_ENVIRONMENT'] })).toBe(200)
})

it('what a group holds goes with it, and the entry tells what that was', async () => {
  const passing = (await addGroup(world, 'Passing', [person])).id
  const { id } = await give(world, pathOf('project'), { group: passing, admin: true })
  await done(world.api('DELETE', `${pathOf('organisation')}/groups/${passing}/`))
  const one = `${pathOf('project')}/user-group-permissions/${id}/`
  expect((await world.api('GET', one)).status).toBe(404)
  const record = JSON.parse((await readRecords()).at(-1) ?? '')
  expect(record).toMatchObject({
    action: 'group.deleted',
    before: { grants: [{ id, admin: true, project_id: place.project.id }] },
  })
  const seen = await world.api('GET', `${pathOf('project')}/`, undefined, person.auth)
  expect(seen.status).toBe(404)
})
