/** Every field of the contract's table (admin-api §B.4), and the list that clients page through. */
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { dumpAtRest } from '../support/settled.ts'

vi.setConfig({ testTimeout: 20_000 })

type Environment = { id: number; uuid: string; name: string; api_key: string; project: number }
type Page = { count: number; next: string | null; previous: string | null; results: Environment[] }

let world: World
let place: Place
let path: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  path = `environments/${place.environment.api_key}/`
})

const create = (body: object) =>
  world.api<Environment>('POST', 'environments/', { project: place.project.id, ...body })

const refusals: [object, object][] = [
  [{ name: 'x'.repeat(2001) }, { name: [expect.stringContaining('2000')] }],
  ...[0, 1, '2', 'x', false].map((minimum_change_request_approvals): [object, object] => [
    { minimum_change_request_approvals },
    {
      minimum_change_request_approvals: [
        'Change requests are not available: only null is possible.',
      ],
    },
  ]),
  [
    { metadata: [{ model_field: 1, field_value: 'x' }] },
    { metadata: [expect.stringContaining('not available')] },
  ],
  ...['red', '#12', '#ggg', 'ff0000', '#ff00f'].map((banner_colour): [object, object] => [
    { banner_colour },
    { banner_colour: ['Use a colour of the form #rgb or #rrggbb.'] },
  ]),
  [{ banner_colour: '#ff000000' }, { banner_colour: [expect.stringContaining('7')] }],
  [{ api_key: 'permissions' }, { api_key: [expect.any(String)] }],
  [{ api_key: 'with space' }, { api_key: [expect.any(String)] }],
  [{ api_key: 'with/slash' }, { api_key: [expect.any(String)] }],
  [{ api_key: '..' }, { api_key: [expect.any(String)] }],
  [{ api_key: null }, { api_key: ['This field may not be null.'] }],
]

describe.each(['POST', 'PUT', 'PATCH'])('%s', (method) => {
  it('refuses what it cannot take, and changes nothing', async () => {
    const before = await dumpAtRest()
    for (const [body, errors] of refusals) {
      const answer = await (method === 'POST'
        ? create({ name: 'Refused', ...body })
        : world.api(method, path, body))
      expect(answer, JSON.stringify(body)).toMatchObject({ status: 400, body: errors })
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('takes what says that there is none of it', async () => {
    const none = { minimum_change_request_approvals: null, metadata: [] }
    const name = `None ${method}`
    const made = method === 'POST' ? await create({ name, ...none }) : await create({ name })
    expect(made.status).toBe(201)
    const at = `environments/${made.body.api_key}/`
    const answer = method === 'POST' ? made.body : await done(world.api(method, at, none))
    expect(answer).toEqual({ ...made.body, ...none })
  })

  it('leaves read-only fields as they are', async () => {
    const { body: before } = await create({ name: `Readonly ${method}` })
    const sent = {
      id: 1,
      uuid: 'x',
      use_mv_v2_evaluation: false,
      use_v2_feature_versioning: true,
      is_creating: true,
      total_segment_overrides: 9,
    }
    const at = `environments/${before.api_key}/`
    if (method !== 'POST') expect(await done(world.api(method, at, sent))).toEqual(before)
    else {
      const { body } = await create({ name: 'Readonly twin', ...sent })
      const { id, uuid, api_key, name } = body
      expect(body).toEqual({ ...before, id, uuid, api_key, name })
    }
  })
})

it.each(['#fff', '#FFFFFF', '#00ff7f', ''])('takes the colour %j', async (banner_colour) => {
  const shown = await done(world.api('PATCH', path, { banner_colour }))
  expect(shown).toMatchObject({ banner_colour: banner_colour === '' ? null : banner_colour })
})

it('the alias of hashing follows it', async () => {
  const off = { use_identity_composite_key_for_hashing: false }
  expect(await done(world.api('PATCH', path, off))).toMatchObject({
    ...off,
    use_mv_v2_evaluation: false,
  })
})

describe('the list', () => {
  let at: string

  beforeAll(async () => {
    const own = await addEnvironment(world, 'Many')
    at = `environments/?project=${own.project.id}`
    for (let index = 1; index < 12; index++) {
      await done(create({ name: `Environment ${index}`, project: own.project.id }))
    }
  })

  it('has ten a page, and light objects', async () => {
    const first = await done(world.api<Page>('GET', at))
    expect([first.count, first.results.length, first.previous]).toEqual([12, 10, null])
    const second = await done(world.api<Page>('GET', `${at}&page=2`))
    expect([second.count, second.results.length, second.next]).toEqual([12, 2, null])
    for (const field of ['metadata', 'total_segment_overrides']) {
      expect(first.results[0]).not.toHaveProperty(field)
    }
    expect((await world.api('GET', `${at}&page=3`)).status).toBe(404)
  })

  it('honours the page size that the CLI sends', async () => {
    expect((await done(world.api<Page>('GET', `${at}&page_size=999`))).results).toHaveLength(12)
    expect((await done(world.api<Page>('GET', `${at}&page_size=5`))).results).toHaveLength(5)
  })
})
