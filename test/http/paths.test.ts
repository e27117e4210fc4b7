import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, type Place, type World } from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place
let state: State

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  state = await addState(world, place)
})

/** Without the slash at the end; each can be done twice. Reading: test/http/slashes.test.ts. */
const routes: [string, () => string, (() => object)?][] = [
  [
    'POST',
    () => 'projects',
    () => ({ name: crypto.randomUUID(), organisation: world.organisation.id }),
  ],
  ['PUT', () => `projects/${place.project.id}`, () => ({ hide_disabled_flags: true })],
  ['PATCH', () => `projects/${place.project.id}`, () => ({ hide_disabled_flags: false })],
  ['POST', () => 'environments', () => ({ name: crypto.randomUUID(), project: place.project.id })],
  ['PUT', () => `environments/${place.environment.api_key}`, () => ({ banner_text: 'a' })],
  ['PATCH', () => `environments/${place.environment.api_key}`, () => ({ banner_text: 'b' })],
  [
    'PUT',
    () => `environments/${place.environment.api_key}/featurestates/${state.id}`,
    () => ({ enabled: true }),
  ],
  [
    'PATCH',
    () => `environments/${place.environment.api_key}/featurestates/${state.id}`,
    () => ({ enabled: false }),
  ],
  [
    'PUT',
    () => `features/featurestates/${state.id}`,
    () => ({ feature: state.feature, environment: state.environment }),
  ],
  ['POST', () => `projects/${place.project.id}/features`, () => ({ name: crypto.randomUUID() })],
  [
    'PUT',
    () => `projects/${place.project.id}/features/${state.feature}`,
    () => ({ description: 'a' }),
  ],
  [
    'PATCH',
    () => `projects/${place.project.id}/features/${state.feature}`,
    () => ({ description: 'b' }),
  ],
]

describe.each(routes)('%s %s', (method, path, body) => {
  it('answers the same with and without its last slash, and never redirects', async () => {
    const [bare, slashed] = [
      await world.api<object>(method, path(), body?.()),
      await world.api<object>(method, `${path()}/`, body?.()),
    ]
    expect(bare.status).toBe(method === 'POST' ? 201 : 200)
    expect(slashed.status).toBe(bare.status)
    expect(Object.keys(slashed.body)).toEqual(Object.keys(bare.body))
    expect(slashed.headers.get('Cache-Control')).toMatch(/no-store/)
    expect(slashed.headers.get('Flagsmith-Version')).toMatch(/^\d+\.\d+\.\d+$/)
  })
})

it('deletion takes both forms too', async () => {
  for (const slash of ['', '/']) {
    const other = await addState(world, place)
    const feature = `projects/${place.project.id}/features/${other.feature}${slash}`
    expect((await world.api('DELETE', feature)).status).toBe(204)
    const elsewhere = await addEnvironment(world, crypto.randomUUID())
    for (const path of [
      `environments/${elsewhere.environment.api_key}${slash}`,
      `projects/${elsewhere.project.id}${slash}`,
    ]) {
      expect(await world.api('DELETE', path)).toMatchObject({ status: 204, body: null })
    }
  }
})

describe('a path that names nothing', () => {
  const strange = [
    'abc',
    '0',
    '-1',
    'NaN',
    'Infinity',
    '%00',
    '%F0%9F%9A%A9',
    '1%27',
    '99999999999999999999',
  ]

  it.each(strange)('answers 404: %s in place of an id', async (id) => {
    const key = place.environment.api_key
    const before = await dumpAtRest()
    const calls: [string, string, object?][] = [
      ['GET', `projects/${id}/`],
      ['PUT', `projects/${id}/`, { name: 'x' }],
      ['DELETE', `projects/${id}/`],
      ['GET', `projects/${id}/features/`],
      ['POST', `projects/${id}/features/`, { name: 'x' }],
      ['GET', `projects/${id}/environments/`],
      ['GET', `projects/${id}/audit/`],
      ['GET', `projects/get-by-uuid/${id}/`],
      ['GET', `projects/${place.project.id}/features/${id}/`],
      ['PUT', `projects/${place.project.id}/features/${id}/`, {}],
      ['DELETE', `projects/${place.project.id}/features/${id}/`],
      ['GET', `features/get-by-uuid/${id}/`],
      ['GET', `environments/${id}/`],
      ['GET', `environments/${id}/featurestates/`],
      ['DELETE', `environments/${id}/`],
      ['GET', `environments/${key}/featurestates/${id}/`],
      ['PUT', `environments/${key}/featurestates/${id}/`, {}],
      ['PUT', `features/featurestates/${id}/`, { feature: 1, environment: 1 }],
    ]
    for (const [method, path, body] of calls) {
      const { status } = await world.api(method, path, body)
      expect([method, path, status]).toEqual([method, path, 404])
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it.each(['1.0', '1e0', '0x1', '+1', '%201'])(
    'answers 404 where %s is not read as 1',
    async (id) => {
      const features = `projects/${place.project.id}/features/${id}/`
      const states = `environments/${place.environment.api_key}/featurestates/${id}/`
      for (const path of [features, states]) {
        expect((await world.api('GET', path)).status).toBe(404)
      }
      expect((await world.api('GET', `environments/?project=${id}`)).status).toBe(400)
    },
  )

  it.each([
    '/projects/',
    'projects//',
    'projects.json',
    'projects/..;/organisations/',
    'PROJECTS/',
    '%70rojects%2f',
  ])('answers 404, JSON, whatever the trick: %s', async (path) => {
    const { status, body } = await world.api('GET', path)
    expect([status, body]).toEqual([404, { detail: 'Not found.' }])
  })

  it('is not reached by another method in a header', async () => {
    const response = await exports.default.fetch(
      new Request(`http://localhost/api/v1/projects/${place.project.id}/`, {
        headers: { Authorization: world.auth, 'X-HTTP-Method-Override': 'DELETE' },
      }),
    )
    expect(response.status).toBe(200)
    expect((await world.api('GET', `projects/${place.project.id}/`)).status).toBe(200)
  })
})

it('a path that is there answers other methods with 405 and what it allows', async () => {
  const cases: [string, string, string][] = [
    ['DELETE', 'projects/', 'GET, POST'],
    ['PATCH', 'projects', 'GET, POST'],
    ['POST', `projects/${place.project.id}/`, 'GET, PUT, PATCH, DELETE'],
    ['PUT', 'auth/login/', 'POST'],
  ]
  for (const [method, path, allowed] of cases) {
    const answer = await world.api<{ detail: string }>(method, path, {})
    expect(answer).toMatchObject({
      status: 405,
      body: { detail: `Method "${method}" not allowed.` },
    })
    expect(answer.headers.get('Allow')).toBe(allowed)
  }
  expect((await world.api('DELETE', 'nothing/')).status).toBe(404)
})
