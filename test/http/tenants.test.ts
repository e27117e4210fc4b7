import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addMember,
  addUser,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State, split } from '../support/flags.ts'
import { dumpAtRest } from '../support/settled.ts'

type Owned = { world: World; place: Place; state: State; uuids: Record<string, string> }

let ours: Owned
let theirs: Owned
/** An administrator of ours, and a person without rights of theirs: the superuser runs both. */
let outsiderAuth: string
let memberAuth: string

async function own(name: string): Promise<Owned> {
  const world = await createWorld(name)
  const place = await addEnvironment(world, name)
  const state = await addState(world, place, split)
  const uuidOf = async (path: string) => (await done(world.api<{ uuid: string }>('GET', path))).uuid
  const uuids = {
    project: await uuidOf(`projects/${place.project.id}/`),
    environment: await uuidOf(`environments/${place.environment.api_key}/`),
    feature: await uuidOf(`projects/${place.project.id}/features/${state.feature}/`),
  }
  return { world, place, state, uuids }
}

beforeAll(async () => {
  ours = await own('Ours')
  theirs = await own('Theirs')
  const outsider = await addUser('admin-of-ours@example.com')
  await addMember(ours.world.organisation.id, outsider.id, 'ADMIN')
  outsiderAuth = outsider.auth
  const member = await addUser('member@example.com')
  await addMember(theirs.world.organisation.id, member.id, 'USER')
  memberAuth = member.auth
})

/** Every route of the slice, aimed at one owner's things. */
const routesOf = ({ place, state, uuids }: Owned): [string, string, object?][] => {
  const project = `projects/${place.project.id}`
  const environment = `environments/${place.environment.api_key}`
  const flat = { feature: state.feature, environment: state.environment, enabled: true }
  return [
    ['GET', `${project}/`],
    ['PUT', `${project}/`, { name: 'Taken over' }],
    ['PATCH', `${project}/`, { name: 'Taken over' }],
    ['DELETE', `${project}/`],
    ['GET', `projects/get-by-uuid/${uuids.project}/`],
    ['GET', `${project}/environments/`],
    ['GET', `${project}/audit/`],
    ['GET', `${project}/features/`],
    ['POST', `${project}/features/`, { name: 'planted' }],
    ['GET', `${project}/features/${state.feature}/`],
    ['PUT', `${project}/features/${state.feature}/`, { description: 'Taken over' }],
    ['PATCH', `${project}/features/${state.feature}/`, { multivariate_options: [] }],
    ['DELETE', `${project}/features/${state.feature}/`],
    ['GET', `features/get-by-uuid/${uuids.feature}/`],
    ['GET', `environments/?project=${place.project.id}`],
    ['POST', 'environments/', { name: 'Planted', project: place.project.id }],
    ['GET', `${environment}/`],
    ['PUT', `${environment}/`, { name: 'Taken over' }],
    ['PATCH', `${environment}/`, { api_key: 'taken-over' }],
    ['DELETE', `${environment}/`],
    ['GET', `environments/get-by-uuid/${uuids.environment}/`],
    ['GET', `${environment}/featurestates/`],
    ['GET', `${environment}/featurestates/${state.id}/`],
    ['PUT', `${environment}/featurestates/${state.id}/`, { enabled: true }],
    ['PATCH', `${environment}/featurestates/${state.id}/`, { enabled: true }],
    ['PUT', `features/featurestates/${state.id}/`, flat],
  ]
}

/** What says no more than "you may not": a list without a visible project is asked wrongly. */
const closed = new Set([400, 403, 404])

describe('another organisation', () => {
  it('is invisible and untouchable on every route, to its neighbours’ people and keys', async () => {
    const before = await dumpAtRest()
    for (const auth of [ours.world.keyAuth, outsiderAuth]) {
      for (const [method, path, body] of routesOf(theirs)) {
        const { status, body: answer } = await ours.world.api(method, path, body, auth)
        expect([method, path, closed.has(status)]).toEqual([method, path, true])
        expect(JSON.stringify(answer)).not.toMatch(/Theirs|uuid/)
      }
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('answers the same to those who guess a thing that is not there', async () => {
    for (const [method, path, body] of routesOf(theirs)) {
      if (!/\d/.test(path) || /uuid|environments/.test(path)) continue
      const foreign = await ours.world.api(method, path, body, ours.world.keyAuth)
      const unknown = path.replace(/\d+/g, '987654321')
      const missing = await ours.world.api(method, unknown, body, ours.world.keyAuth)
      expect([path, foreign.status, foreign.body]).toEqual([path, missing.status, missing.body])
    }
  })
})

describe('a mere member', () => {
  it('may read and change nothing in the organisation', async () => {
    const before = await dumpAtRest()
    for (const [method, path, body] of routesOf(theirs)) {
      const { status } = await theirs.world.api(method, path, body, memberAuth)
      expect([method, path, closed.has(status)]).toEqual([method, path, true])
    }
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('a thing under a parent that is not its own', () => {
  it('is not found, even where the caller may see both', async () => {
    const other = await addEnvironment(ours.world, 'Second')
    const foreign = await addState(ours.world, other)
    const before = await dumpAtRest()
    const project = `projects/${ours.place.project.id}/features/${foreign.feature}/`
    const environment = `environments/${ours.place.environment.api_key}/featurestates/${foreign.id}/`
    for (const [method, path] of [
      ['GET', project],
      ['PUT', project],
      ['PATCH', project],
      ['DELETE', project],
      ['GET', environment],
      ['PUT', environment],
      ['PATCH', environment],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : { enabled: true }
      expect(await ours.world.api(method, path, body)).toMatchObject({
        status: 404,
        body: { detail: 'Not found.' },
      })
    }
    expect(await dumpAtRest()).toBe(before)
  })
})

it('the owner’s own key opens every one of these routes', async () => {
  const { world } = theirs
  const order = (method: string) => ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].indexOf(method)
  const routes = routesOf(theirs)
    .filter(([, , body]) => JSON.stringify(body) !== '{"api_key":"taken-over"}')
    .sort((a, b) => order(a[0]) - order(b[0]) || b[1].length - a[1].length)
  for (const [method, path, body] of routes) {
    const { status } = await world.api(method, path, body, world.keyAuth)
    expect([method, path, status < 300]).toEqual([method, path, true])
  }
})
