import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addMember,
  createWorld,
  done,
  type Person,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { addGroup, give, type Own } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'

type Named = { id: number; name: string }
type Page = { count: number; results: Named[] }

let world: World
let shown: Place
let hidden: Place

beforeAll(async () => {
  world = await createWorld('Listing')
  shown = await addEnvironment(world, 'Shown')
  hidden = await addEnvironment(world, 'Hidden')
})

const inProject = (place: Place) => `projects/${place.project.id}`
const inEnvironment = (place: Place) => `environments/${place.environment.api_key}`
const inOrganisation = () => `organisations/${world.organisation.id}`

describe('lists', () => {
  it.each(['person', 'group'])(
    'show to a %s what is visible, and count nothing else',
    async (by) => {
      const person = await addColleague(world)
      const holder =
        by === 'person'
          ? { user: person.id }
          : { group: (await addGroup(world, `Readers ${person.id}`, [person])).id }
      const read = async <T>(path: string) =>
        done(world.api<T>('GET', path, undefined, person.auth))
      const names = async (path: string) => (await read<Named[]>(path)).map(({ name }) => name)
      const ofProjects = ['projects/', `${inOrganisation()}/projects/`]
      for (const path of ofProjects) expect(await names(path)).toEqual([])
      await give(world, inProject(shown), { ...holder, permissions: ['VIEW_PROJECT'] })
      // Granted, but not to be seen.
      await give(world, inProject(hidden), { ...holder, permissions: ['CREATE_FEATURE'] })
      for (const path of ofProjects) expect(await names(path)).toEqual(['Shown'])
      const { organisation } = world
      expect(await names(`projects/?organisation=${organisation.id}`)).toEqual(['Shown'])
      const staging = await done(
        world.api<Place['environment']>('POST', 'environments/', {
          name: `Staging ${by}`,
          project: shown.project.id,
        }),
      )
      const page = `environments/?project=${shown.project.id}`
      expect(await read<Page>(page)).toMatchObject({ count: 0, results: [] })
      expect(await names(`${inProject(shown)}/environments/`)).toEqual([])
      await give(world, `environments/${staging.api_key}`, {
        ...holder,
        permissions: ['VIEW_ENVIRONMENT'],
      })
      expect(await read<Page>(page)).toMatchObject({ count: 1, results: [{ id: staging.id }] })
      expect(await names(`${inProject(shown)}/environments/`)).toEqual([`Staging ${by}`])
      const closed = await world.api(
        'GET',
        `environments/?project=${hidden.project.id}`,
        undefined,
        person.auth,
      )
      expect(closed.status).toBe(400)
      const all = JSON.stringify([
        await read('projects/'),
        await read('organisations/'),
        closed.body,
      ])
      expect(all).not.toMatch(/Hidden/)
    },
  )

  it('show a project administrator all of its environments, and no other project', async () => {
    const person = await addColleague(world)
    await give(world, inProject(shown), { user: person.id, admin: true })
    const all = await done(world.api<Page>('GET', `environments/?project=${shown.project.id}`))
    const seen = await done(
      world.api<Page>('GET', `environments/?project=${shown.project.id}`, undefined, person.auth),
    )
    expect(seen).toEqual(all)
    const projects = await world.api<Named[]>('GET', 'projects/', undefined, person.auth)
    expect(projects.body.map(({ name }) => name)).toEqual(['Shown'])
  })

  it('show an environment that is granted even where its project is not', async () => {
    const person = await addColleague(world)
    await give(world, inEnvironment(hidden), { user: person.id, permissions: ['VIEW_ENVIRONMENT'] })
    const path = `environments/?project=${hidden.project.id}`
    const { body } = await world.api<Page>('GET', path, undefined, person.auth)
    expect(body).toMatchObject({ count: 1, results: [{ id: hidden.environment.id }] })
    expect((await world.api('GET', `${inProject(hidden)}/`, undefined, person.auth)).status).toBe(
      404,
    )
  })

  it('mix what a person administers here with what is granted elsewhere', async () => {
    const other = await createWorld('Second home')
    const place = await addEnvironment(other, 'Elsewhere')
    await addEnvironment(other, 'Elsewhere unseen')
    const person = await addColleague(world, 'ADMIN')
    await addMember(other.organisation.id, person.id, 'USER')
    await give(other, inProject(place), { user: person.id, permissions: ['VIEW_PROJECT'] })
    const { body } = await world.api<Named[]>('GET', 'projects/', undefined, person.auth)
    expect(body.map(({ name }) => name)).toEqual(['Shown', 'Hidden', 'Elsewhere'])
  })
})

describe('revocation', () => {
  const sees = async (person: Person) =>
    (await world.api('GET', `${inProject(shown)}/`, undefined, person.auth)).status

  it('of a grant holds from the next request on, and so does what an edit takes away', async () => {
    const person = await addColleague(world)
    const grant = await give(world, inProject(shown), {
      user: person.id,
      permissions: ['VIEW_PROJECT', 'CREATE_FEATURE'],
    })
    const path = `${inProject(shown)}/user-permissions/${grant.id}/`
    const create = async () =>
      (await world.api('POST', `${inProject(shown)}/features/`, {}, person.auth)).status
    expect([await sees(person), await create()]).toEqual([200, 400])
    await done(world.api('PATCH', path, { permissions: ['VIEW_PROJECT'] }))
    expect([await sees(person), await create()]).toEqual([200, 403])
    await done(world.api('DELETE', path))
    expect([await sees(person), await create()]).toEqual([404, 404])
  })

  it('of a group’s grant reaches everybody in it', async () => {
    const person = await addColleague(world)
    const group = (await addGroup(world, 'Passing', [person])).id
    const grant = await give(world, inProject(shown), { group, permissions: ['VIEW_PROJECT'] })
    expect(await sees(person)).toBe(200)
    await done(world.api('DELETE', `${inProject(shown)}/user-group-permissions/${grant.id}/`))
    expect(await sees(person)).toBe(404)
  })
})

describe('who makes something', () => {
  it('administers it, and nothing else', async () => {
    const person = await addColleague(world)
    const own = (path: string) => world.api<Own>('GET', path, undefined, person.auth)
    const post = (path: string, body: object) => world.api<Named>('POST', path, body, person.auth)
    const project = { name: 'Made', organisation: world.organisation.id }
    expect((await post('projects/', project)).status).toBe(403)
    const at = inOrganisation()
    await give(world, at, { user: person.id, permissions: ['CREATE_PROJECT'] })
    const made = await done(post('projects/', project))
    expect((await own(`projects/${made.id}/my-permissions/`)).body.admin).toBe(true)
    const record = JSON.parse((await readRecords()).at(-1) ?? '')
    expect(record.after.grants).toMatchObject([{ user_id: person.id, admin: true }])
    await done(world.api('PATCH', `${at}/`, { restrict_project_create_to_admin: true }))
    expect((await post('projects/', { ...project, name: 'Refused' })).status).toBe(403)
    await done(world.api('PATCH', `${at}/`, { restrict_project_create_to_admin: false }))
    expect((await own(`${inProject(shown)}/my-permissions/`)).status).toBe(404)
  })

  it('also of an environment, for which CREATE_ENVIRONMENT suffices', async () => {
    const person = await addColleague(world)
    const make = (name: string) =>
      world.api<Place['environment']>(
        'POST',
        'environments/',
        { name, project: shown.project.id },
        person.auth,
      )
    await give(world, inProject(shown), { user: person.id, permissions: ['VIEW_PROJECT'] })
    expect((await make('Refused')).status).toBe(403)
    const group = (await addGroup(world, 'Builders', [person])).id
    await give(world, inProject(shown), { group, permissions: ['CREATE_ENVIRONMENT'] })
    const { api_key: key } = await done(make('Built'))
    const { body } = await world.api<Own>(
      'GET',
      `environments/${key}/my-permissions/`,
      undefined,
      person.auth,
    )
    expect(body.admin).toBe(true)
    const other = await world.api('GET', `${inEnvironment(shown)}/`, undefined, person.auth)
    expect(other.status).toBe(404)
  })
})
