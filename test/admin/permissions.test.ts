import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Person,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { addGroup, give } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place
let stateId: number
let second: { api_key: string }
const people: Record<string, Person> = {}
const look = ['VIEW_PROJECT']
const see = ['VIEW_ENVIRONMENT']

beforeAll(async () => {
  world = await createWorld('Permitted')
  place = await addEnvironment(world, 'Shop')
  stateId = (await addState(world, place)).id
  second = await done(
    world.api('POST', 'environments/', { name: 'Staging', project: place.project.id }),
  )
  const inProject = `projects/${place.project.id}`
  const inEnvironment = `environments/${place.environment.api_key}`
  const add = async (name: string, permissions: string[] | 'admin', keys: string[] | 'admin') => {
    const person = await addColleague(world)
    const settings = (held: string[] | 'admin') =>
      held === 'admin' ? { admin: true } : { permissions: held }
    const user = person.id
    if (permissions.length > 0) await give(world, inProject, { user, ...settings(permissions) })
    if (keys.length > 0) await give(world, inEnvironment, { user, ...settings(keys) })
    people[name] = person
  }
  await add('viewer', look, see)
  await add('featureMaker', [...look, 'CREATE_FEATURE'], see)
  await add('environmentAdmin', look, 'admin')
  await add('projectAdmin', 'admin', [])
  await add('plain', [], [])
  // Every name but the one that makes things visible.
  await add('blind', ['CREATE_FEATURE', 'MANAGE_SEGMENTS'], ['UPDATE_FEATURE_STATE'])
  const grouped = await addColleague(world)
  const group = (await addGroup(world, 'Makers', [grouped])).id
  await give(world, inProject, { group, permissions: [...look, 'CREATE_FEATURE'] })
  await give(world, inEnvironment, { group, permissions: see })
  people.grouped = grouped
  const administrator = await addColleague(world, 'ADMIN')
  people.administrator = administrator
  people.outsider = (await createWorld('Elsewhere')).superuser
})

const columns = [
  ...['viewer', 'featureMaker', 'environmentAdmin', 'projectAdmin', 'administrator'],
  ...['plain', 'grouped', 'blind', 'outsider'],
]

/**
 * A write that is allowed is told apart by its broken body: 400. What a caller may not see is 404,
 * what they see and may not do 403; an organisation is 403 either way.
 */
const routes: [string, string, object | undefined, number[]][] = [
  ['GET', '{project}', undefined, [200, 200, 200, 200, 200, 404, 200, 404, 404]],
  ['PUT', '{project}', { name: '' }, [403, 403, 403, 400, 400, 404, 403, 404, 404]],
  ['GET', '{project}/environments', undefined, [200, 200, 200, 200, 200, 404, 200, 404, 404]],
  ['GET', '{project}/features', undefined, [200, 200, 200, 200, 200, 404, 200, 404, 404]],
  ['POST', '{project}/features', {}, [403, 400, 403, 400, 400, 404, 400, 404, 404]],
  ['GET', '{project}/segments', undefined, [200, 200, 200, 200, 200, 404, 200, 404, 404]],
  ['POST', '{project}/segments', {}, [403, 403, 403, 400, 400, 404, 403, 404, 404]],
  ['GET', '{project}/audit', undefined, [403, 403, 403, 200, 200, 404, 403, 404, 404]],
  ['GET', '{project}/my-permissions', undefined, [200, 200, 200, 200, 200, 404, 200, 404, 404]],
  ['GET', '{project}/user-permissions', undefined, [403, 403, 403, 200, 200, 404, 403, 404, 404]],
  ['POST', '{project}/user-permissions', {}, [403, 403, 403, 400, 400, 404, 403, 404, 404]],
  ['POST', '{project}/user-group-permissions', {}, [403, 403, 403, 400, 400, 404, 403, 404, 404]],
  ['GET', '{environment}', undefined, [200, 200, 200, 200, 200, 404, 200, 404, 404]],
  ['PUT', '{environment}', { name: '' }, [403, 403, 400, 400, 400, 404, 403, 404, 404]],
  ['GET', '{environment}/featurestates', undefined, [200, 200, 200, 200, 200, 404, 200, 404, 404]],
  [
    'PUT',
    '{environment}/featurestates/{state}',
    { enabled: 'perhaps' },
    [403, 403, 400, 400, 400, 404, 403, 404, 404],
  ],
  ['GET', '{environment}/api-keys', undefined, [403, 403, 200, 200, 200, 404, 403, 404, 404]],
  ['POST', '{environment}/webhooks', {}, [403, 403, 400, 400, 400, 404, 403, 404, 404]],
  [
    'GET',
    '{environment}/user-permissions',
    undefined,
    [403, 403, 200, 200, 200, 404, 403, 404, 404],
  ],
  ['POST', '{environment}/user-permissions', {}, [403, 403, 400, 400, 400, 404, 403, 404, 404]],
  ['GET', '{second}', undefined, [404, 404, 404, 200, 200, 404, 404, 404, 404]],
  ['GET', '{second}/featurestates', undefined, [404, 404, 404, 200, 200, 404, 404, 404, 404]],
  ['GET', '{organisation}', undefined, [403, 403, 403, 403, 200, 403, 403, 403, 403]],
  ['PUT', '{organisation}', { name: '' }, [403, 403, 403, 403, 400, 403, 403, 403, 403]],
  [
    'GET',
    '{organisation}/my-permissions',
    undefined,
    [200, 200, 200, 200, 200, 200, 200, 200, 403],
  ],
  [
    'GET',
    '{organisation}/user-permissions',
    undefined,
    [403, 403, 403, 403, 200, 403, 403, 403, 403],
  ],
  ['POST', '{organisation}/user-permissions', {}, [403, 403, 403, 403, 400, 403, 403, 403, 403]],
]

const toPath = (template: string) =>
  `${template}/`
    .replace('{project}', `projects/${place.project.id}`)
    .replace('{environment}', `environments/${place.environment.api_key}`)
    .replace('{second}', `environments/${second.api_key}`)
    .replace('{organisation}', `organisations/${world.organisation.id}`)
    .replace('{state}', String(stateId))

describe.each(routes)('%s %s', (method, template, body, expected) => {
  it('answers everybody according to what they hold', { timeout: 30_000 }, async () => {
    const answered: Record<string, number> = {}
    for (const name of columns) {
      const auth = people[name]?.auth ?? ''
      answered[name] = (await world.api(method, toPath(template), body, auth)).status
    }
    expect(answered).toEqual(
      Object.fromEntries(columns.map((name, index) => [name, expected[index]])),
    )
  })
})

it('what is refused changes nothing', { timeout: 30_000 }, async () => {
  const before = await dumpAtRest()
  const path = toPath('{project}')
  const feature = (await addState(world, place, { name: 'kept' })).feature
  const after = await dumpAtRest()
  expect(after).not.toBe(before)
  for (const [name, status] of [
    ['viewer', 403],
    ['featureMaker', 403],
    ['environmentAdmin', 403],
    ['plain', 404],
    ['blind', 404],
    ['outsider', 404],
  ] as const) {
    const as = (method: string, at: string) =>
      world.api(method, at, undefined, people[name]?.auth ?? '')
    expect((await as('DELETE', `${path}features/${feature}/`)).status).toBe(status)
    expect((await as('DELETE', path)).status).toBe(status)
  }
  expect(await dumpAtRest()).toBe(after)
  const auth = people.projectAdmin?.auth
  const gone = await world.api('DELETE', `${path}features/${feature}/`, undefined, auth)
  expect(gone.status).toBe(204)
})
