import { beforeAll, expect, it } from 'vitest'
import { addEnvironment, createWorld, type Place, type World } from '../support/admin.ts'

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

const uuid = crypto.randomUUID()

const routesOf = (key: string): [string, string][] => {
  const list = `environments/${key}/edge-identities/`
  const states = `${list}${uuid}/edge-featurestates/`
  const doubled = `environments/environments/${key}/edge-identities-featurestates`
  const overrides = `environments/${key}/edge-identity-overrides`
  return [
    ...['GET', 'POST'].map((method): [string, string] => [method, list]),
    ...['GET', 'PUT', 'PATCH', 'DELETE'].map((method): [string, string] => [
      method,
      `${list}${uuid}/`,
    ]),
    ['GET', `${list}${uuid}/list-traits/`],
    ['PUT', `${list}${uuid}/update-traits/`],
    ['GET', states],
    ['POST', states],
    ['GET', `${states}all/`],
    ['POST', `${states}clone-from-given-identity/`],
    ...['GET', 'PUT', 'PATCH', 'DELETE'].map((method): [string, string] => [
      method,
      `${states}${uuid}/`,
    ]),
    ['PUT', doubled],
    ['DELETE', doubled],
    ['PUT', `${doubled}/`],
    ['GET', `${overrides}?feature=1`],
    ['GET', `${overrides}/`],
  ]
}

it('edge identities are none: whoever may see the environment is told so', async () => {
  for (const [method, path] of routesOf(place.environment.api_key)) {
    expect(await world.api(method, path, method === 'GET' ? undefined : {})).toMatchObject({
      status: 400,
      body: { detail: 'Dynamo DB is not enabled for this project' },
    })
  }
})

it('strangers are not told, and nobody is of an environment that is not there', async () => {
  const other = await createWorld('Neighbours')
  for (const [method, path] of routesOf(place.environment.api_key)) {
    const body = method === 'GET' ? undefined : {}
    expect((await world.api(method, path, body, other.keyAuth)).status).toBe(404)
    expect((await world.api(method, path, body, 'Api-Key none.such')).status).toBe(401)
  }
  for (const [method, path] of routesOf('unknown')) {
    expect((await world.api(method, path, method === 'GET' ? undefined : {})).status).toBe(404)
  }
})
