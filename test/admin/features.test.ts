import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  timestamp,
  type World,
} from '../support/admin.ts'
import { addColleague } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

type Feature = { id: number; uuid: string; name: string; multivariate_options: object[] }
type Page = { count: number; results: Feature[] }

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/features/`
})

const create = (body: object) => world.api<Feature>('POST', list, body)
const count = async (table: string) =>
  (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n

const states = async (key = place.environment.api_key, query = '') =>
  (
    await done(
      world.api<{ results: object[] }>('GET', `environments/${key}/featurestates/${query}`),
    )
  ).results

const defaults = () => ({
  id: expect.any(Number),
  uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
  type: 'STANDARD',
  default_enabled: false,
  initial_value: null,
  created_date: timestamp,
  description: null,
  tags: [],
  multivariate_options: [],
  is_archived: false,
  is_server_key_only: false,
  project: place.project.id,
  owners: [
    {
      id: world.superuser.id,
      email: world.superuser.email,
      first_name: expect.any(String),
      last_name: expect.any(String),
      last_login: expect.stringMatching(/Z$/),
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    },
  ],
  group_owners: [],
  environment_feature_state: null,
  segment_feature_state: null,
  num_segment_overrides: 0,
  num_identity_overrides: 0,
  is_num_identity_overrides_complete: true,
  metadata: [],
  code_references_counts: [],
})

describe('a new feature', () => {
  it('has the contract’s defaults, and reads the same by id, by uuid and in the list', async () => {
    const { status, body } = await create({ name: 'plain' })
    expect(status).toBe(201)
    expect(body).toEqual({ ...defaults(), name: 'plain' })
    expect(await done(world.api('GET', `${list}${body.id}/`))).toEqual(body)
    expect(await done(world.api('GET', `features/get-by-uuid/${body.uuid}/`))).toEqual(body)
    expect((await done(world.api<Page>('GET', `${list}?search=plain`))).results).toEqual([body])
  })

  it('takes every setting', async () => {
    const settings = {
      type: 'MULTIVARIATE',
      description: 'Says hello',
      initial_value: 'hello',
      is_archived: true,
    }
    const spelled = { default_enabled: 'true', is_server_key_only: 1 }
    const read = { default_enabled: true, is_server_key_only: true }
    const { body } = await create({ name: 'set', ...settings, ...spelled })
    expect(body).toEqual({ ...defaults(), name: 'set', ...settings, ...read })
  })

  it('belongs to the project of the path, whatever the body says', async () => {
    const other = await addEnvironment(world, 'Other')
    const sent = { project: other.project.id, id: 999, uuid: 'x' }
    const { body } = await create({ name: 'rooted', ...sent })
    expect(body).toEqual({ ...defaults(), name: 'rooted' })
    const page = await done(world.api<Page>('GET', `projects/${other.project.id}/features/`))
    expect(page.count).toBe(0)
  })

  it('reads back a blank description as null', async () => {
    expect((await create({ name: 'blank', description: '' })).body).toMatchObject({
      description: null,
    })
  })

  it.each([
    ['7', '7', 7],
    [7, '7', 7],
    [true, 'true', true],
    [2147483648, '2147483648', '2147483648'],
    [1.5, '1.5', '1.5'],
    ['', '', ''],
    [' x ', ' x ', ' x '],
    [{ a: 1 }, '{"a":1}', '{"a":1}'],
    [null, null, null],
    ['x'.repeat(20_000), 'x'.repeat(20_000), 'x'.repeat(20_000)],
  ])('with the initial value %j has states worth it', async (sent, initial, value) => {
    const name = `initial ${crypto.randomUUID()}`
    const { body } = await create({ name, initial_value: sent, default_enabled: true })
    expect(body).toMatchObject({ initial_value: initial })
    expect(await states(undefined, `?feature=${body.id}`)).toMatchObject([
      { enabled: true, feature_state_value: value },
    ])
  })

  it('begins off and empty where the project prevents defaults', async () => {
    const strict = await addEnvironment(world, 'Strict')
    const path = `projects/${strict.project.id}/`
    await done(world.api('PATCH', path, { prevent_flag_defaults: true }))
    const feature = { name: 'on', default_enabled: true, initial_value: '7' }
    expect((await world.api('POST', `${path}features/`, feature)).body).toMatchObject(feature)
    expect(await states(strict.environment.api_key)).toMatchObject([
      { enabled: false, feature_state_value: null },
    ])
  })

  it('may carry any name that text can carry', async () => {
    for (const name of ['__proto__', 'constructor', '🚩', "'; DROP TABLE features;--", 'a b']) {
      const { body } = await create({ name })
      expect(body.name).toBe(name)
      const query = `?feature_name=${encodeURIComponent(name)}`
      expect(await states(undefined, query)).toMatchObject([{ feature: body.id }])
    }
  })

  it.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: '' }, { name: ['This field may not be blank.'] }],
    [{ name: null }, { name: ['This field may not be null.'] }],
    [{ name: 'x\u0000y' }, { name: ['Null characters are not allowed.'] }],
    [{ name: '\udc00' }, { name: ['Surrogate characters are not allowed: U+DC00.'] }],
    [{ name: 'x', type: 'OTHER' }, { type: ['"OTHER" is not a valid choice.'] }],
    [{ name: 'x', default_enabled: 'x' }, { default_enabled: ['Must be a valid boolean.'] }],
    [
      { name: 'x', initial_value: '\u0000' },
      { initial_value: ['Null characters are not allowed.'] },
    ],
    [
      { name: 'x', initial_value: 'x'.repeat(20_001) },
      { initial_value: [expect.stringContaining('maximum allowed')] },
    ],
    [{ name: 'x', initial_value: 2 ** 60 }, { initial_value: [expect.stringContaining('53')] }],
    [{ name: 'x', metadata: [{ model_field: 1 }] }, { metadata: [expect.any(String)] }],
    [
      { name: 'x', multivariate_options: {} },
      { multivariate_options: ['Expected a list of items but got type "dict".'] },
    ],
  ])('is refused with every reason: %j', async (body, errors) => {
    const before = await count('features')
    expect(await create(body)).toMatchObject({ status: 400, body: errors })
    expect(await count('features')).toBe(before)
  })

  it.each([
    ['Twice', 'tWICE'],
    ['ÉTÉ', 'été'],
    ['ДА', 'да'],
  ])('is refused under a name that differs in case only: %s, %s', async (name, same) => {
    await done(create({ name }))
    expect(await create({ name: same })).toMatchObject({
      status: 400,
      body: {
        name: [
          'Feature with that name already exists for this project. Note that feature names are case insensitive.',
        ],
      },
    })
    const other = await addEnvironment(world, `Free ${name}`)
    const elsewhere = `projects/${other.project.id}/features/`
    expect((await world.api('POST', elsewhere, { name: same })).status).toBe(201)
  })

  it('must match the project’s pattern as a whole', async () => {
    const named = await addEnvironment(world, 'Named')
    const path = `projects/${named.project.id}/`
    await done(world.api('PATCH', path, { feature_name_regex: '[a-z_]+' }))
    expect(await world.api('POST', `${path}features/`, { name: 'dark_mode2' })).toMatchObject({
      status: 400,
      body: { name: ['Feature name must match regex: [a-z_]+'] },
    })
    expect((await world.api('POST', `${path}features/`, { name: 'dark_mode' })).status).toBe(201)
  })

  it('by a mere member, who does not see the project, and under an unknown one answers 404', async () => {
    const member = await addColleague(world)
    const before = await dumpAtRest()
    expect((await world.api('POST', list, { name: 'm' }, member.auth)).status).toBe(404)
    expect((await world.api('POST', 'projects/999999/features/', { name: 'm' })).status).toBe(404)
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('the list of features', () => {
  it('is searched by parts of names, without regard to ASCII case and to wildcards', async () => {
    const found = await addEnvironment(world, 'Searched')
    const path = `projects/${found.project.id}/features/`
    for (const name of ['Dark_Mode', 'dark mode', '100%']) {
      await done(world.api('POST', path, { name }))
    }
    const search = async (text: string) =>
      (
        await done(world.api<Page>('GET', `${path}?search=${encodeURIComponent(text)}`))
      ).results.map(({ name }) => name)
    expect(await search('DARK')).toEqual(['Dark_Mode', 'dark mode'])
    expect(await search('_')).toEqual(['Dark_Mode'])
    expect(await search('%')).toEqual(['100%'])
    expect(await search('')).toHaveLength(3)
    expect(await search("' OR 1=1 --")).toEqual([])
    expect(await search('x'.repeat(5_000))).toEqual([])
    expect(await search('a\u0000b')).toEqual([])
  })

  it('is narrowed by is_archived', async () => {
    const body = { name: 'archived', is_archived: true }
    const archived = await done(create(body))
    const ids = async (query: string) =>
      (await done(world.api<Page>('GET', `${list}?${query}`))).results.map(({ id }) => id)
    expect(await ids('is_archived=true')).toContain(archived.id)
    expect(await ids('is_archived=false')).not.toContain(archived.id)
    expect((await world.api('GET', `${list}?is_archived=maybe`)).status).toBe(400)
  })
})

describe.each(['PUT', 'PATCH'])('%s', (method) => {
  it('changes what is sent and leaves the rest', async () => {
    const before = await done(create({ name: `kept ${method}`, description: 'Hello' }))
    const path = `${list}${before.id}/`
    const after = { ...before, is_archived: true }
    expect(await done(world.api(method, path, { is_archived: true }))).toEqual(after)
    expect(await done(world.api(method, path, {}))).toEqual(after)
    expect(await done(world.api(method, path, { description: '' }))).toMatchObject({
      description: null,
    })
    expect(await done(world.api(method, path, { type: 'MULTIVARIATE' }))).toMatchObject({
      type: 'MULTIVARIATE',
    })
  })

  it('never changes name, defaults, project or id', async () => {
    const other = await addEnvironment(world, `Target ${method}`)
    const before = await done(create({ name: `rooted ${method}`, initial_value: 'a' }))
    const body = {
      name: 'renamed',
      default_enabled: true,
      initial_value: 'b',
      project: other.project.id,
      id: 1,
      uuid: 'x',
    }
    expect(await done(world.api(method, `${list}${before.id}/`, body))).toEqual(before)
  })
})

it('a deleted feature is gone everywhere, and a second deletion answers 404', async () => {
  const options = [{ string_value: 'a', default_percentage_allocation: 10 }]
  const tables = ['features', 'feature_states', 'multivariate_options', 'multivariate_values']
  const before = await Promise.all(tables.map(count))
  const { id, uuid } = await done(create({ name: 'doomed', multivariate_options: options }))
  expect(await Promise.all(tables.map(count))).toEqual(before.map((n) => (n ?? 0) + 1))
  expect(await world.api('DELETE', `${list}${id}/`)).toMatchObject({ status: 204, body: null })
  expect(await Promise.all(tables.map(count))).toEqual(before)
  for (const path of [`${list}${id}/`, `features/get-by-uuid/${uuid}/`]) {
    expect(await world.api('GET', path)).toMatchObject({
      status: 404,
      body: { detail: 'Not found.' },
    })
  }
  expect((await world.api('DELETE', `${list}${id}/`)).status).toBe(404)
})
