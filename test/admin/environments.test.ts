import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { getDocument } from '../../src/storage/documents.ts'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addColleague } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

type Environment = { id: number; uuid: string; name: string; api_key: string; project: number }
type State = { feature: number; enabled: boolean; feature_state_value: unknown }

/** Two publishes of one environment keep a second between them. */
const patience = { timeout: 5_000, interval: 100 }

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

const create = (body: object) =>
  world.api<Environment>('POST', 'environments/', { project: place.project.id, ...body })

const light = {
  id: expect.any(Number),
  uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
  api_key: expect.stringMatching(/^[2-9A-HJ-NP-Za-km-z]{22}$/),
  description: null,
  minimum_change_request_approvals: null,
  allow_client_traits: true,
  banner_text: null,
  banner_colour: null,
  hide_disabled_flags: null,
  hide_sensitive_data: false,
  use_identity_composite_key_for_hashing: true,
  use_mv_v2_evaluation: true,
  use_identity_overrides_in_local_eval: true,
  use_v2_feature_versioning: false,
  is_creating: false,
}

describe('a new environment', () => {
  it('has the contract’s defaults and a client key of its own', async () => {
    const { status, body } = await create({ name: 'Plain' })
    expect(status).toBe(201)
    const detail = { metadata: [], total_segment_overrides: 0 }
    const { id: project } = place.project
    expect(body).toEqual({ ...light, ...detail, name: 'Plain', project })
    for (const path of [
      `environments/${body.api_key}/`,
      `environments/get-by-uuid/${body.uuid}/`,
    ]) {
      expect(await done(world.api('GET', path))).toEqual(body)
    }
    const list = await done(world.api<object[]>('GET', `projects/${project}/environments/`))
    expect(list.at(-1)).toEqual({ ...light, name: 'Plain', project })
  })

  it('takes every setting', async () => {
    const settings = {
      api_key: 'my-own_key.v2~x',
      description: '',
      allow_client_traits: 'false',
      banner_text: 'Careful',
      banner_colour: '#ff0000',
      hide_disabled_flags: true,
      hide_sensitive_data: 1,
      use_identity_composite_key_for_hashing: false,
      use_identity_overrides_in_local_eval: 'no',
    }
    expect((await create({ name: 'Set', ...settings })).body).toMatchObject({
      ...settings,
      allow_client_traits: false,
      hide_sensitive_data: true,
      use_identity_overrides_in_local_eval: false,
      use_mv_v2_evaluation: false,
    })
  })

  it('ignores unknown and read-only fields, and reads blank banners as none', async () => {
    const sent = { id: 999, uuid: 'x', use_v2_feature_versioning: true, is_creating: true, y: [] }
    const { body } = await create({ name: 'Readonly', banner_text: '', banner_colour: '', ...sent })
    expect(body).toMatchObject({ ...light, name: 'Readonly' })
    expect(body.id).not.toBe(999)
  })

  it.each([
    [{ name: undefined }, { name: ['This field is required.'] }],
    [{ name: ' ' }, { name: ['This field may not be blank.'] }],
    [{ name: null }, { name: ['This field may not be null.'] }],
    [{ name: 'x\u0000' }, { name: ['Null characters are not allowed.'] }],
    [{ description: 'x'.repeat(20_001) }, { description: [expect.stringContaining('20000')] }],
    [{ banner_text: 'x'.repeat(256) }, { banner_text: [expect.stringContaining('255')] }],
    [{ banner_colour: '#ff00000' }, { banner_colour: [expect.stringContaining('7')] }],
    [{ allow_client_traits: null }, { allow_client_traits: ['This field may not be null.'] }],
    [{ hide_disabled_flags: 'x' }, { hide_disabled_flags: ['Must be a valid boolean.'] }],
    [{ project: 'x' }, { project: ['A valid integer is required.'] }],
    [{ api_key: '' }, { api_key: expect.arrayContaining(['This field may not be blank.']) }],
    [{ api_key: 'x'.repeat(101) }, { api_key: [expect.stringContaining('100')] }],
    [{ api_key: 'ser.stolen' }, { api_key: [expect.stringContaining('ser.')] }],
  ])('is refused with every reason: %j', async (body, errors) => {
    expect(await create({ name: 'Refused', ...body })).toMatchObject({ status: 400, body: errors })
  })

  it.each(['a/b', 'a?b', 'a#b', 'a b', 'a%2fb', '.', '..', 'schlüssel', '🚩', 'a\\b', 'a\nb'])(
    'is refused with a key that could not stand in a path or a header: %s',
    async (api_key) => {
      expect(await create({ name: 'Unreachable', api_key })).toMatchObject({
        status: 400,
        body: { api_key: [expect.stringMatching(/^Use letters, digits/)] },
      })
    },
  )

  it('is refused under a name of the same project, and with a key of any organisation', async () => {
    await done(create({ name: 'First', api_key: 'one-of-a-kind' }))
    expect(await create({ name: 'First' })).toMatchObject({
      status: 400,
      body: { name: ['An environment with this name already exists.'] },
    })
    const other = await createWorld('Other')
    const foreign = await addEnvironment(other)
    const body = { name: 'First', project: foreign.project.id, api_key: 'one-of-a-kind' }
    expect(await other.api('POST', 'environments/', body)).toMatchObject({
      status: 400,
      body: { api_key: ['environment with this api key already exists.'] },
    })
    const moved = `environments/${foreign.environment.api_key}/`
    expect((await other.api('PUT', moved, { api_key: 'one-of-a-kind' })).status).toBe(400)
    expect((await other.api('POST', 'environments/', { ...body, api_key: 'two' })).status).toBe(201)
  })

  it('of two organisations that choose one key at once, one wins', async () => {
    const other = await createWorld('Racing')
    const foreign = await addEnvironment(other)
    const body = { name: 'Race', api_key: 'contested' }
    const answers = await Promise.all([
      create(body),
      other.api('POST', 'environments/', { ...body, project: foreign.project.id }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400])
  })

  it('without a project, with an unknown or a foreign one answers 403', async () => {
    const other = await createWorld('Foreign')
    const foreign = await addEnvironment(other)
    const member = await addColleague(world)
    const before = await dumpAtRest()
    for (const project of [undefined, null, 999_999, foreign.project.id]) {
      expect(await create({ name: 'Nowhere', project })).toMatchObject({
        status: 403,
        body: { detail: 'You do not have permission to perform this action.' },
      })
    }
    const own = { name: 'Member', project: place.project.id }
    expect((await world.api('POST', 'environments/', own, member.auth)).status).toBe(403)
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('an environment that comes after the features', () => {
  const states = async (key: string) =>
    (await done(world.api<{ results: State[] }>('GET', `environments/${key}/featurestates/`)))
      .results

  it('gets a state for each, worth what the feature says, shares of variants included', async () => {
    const { project } = await addEnvironment(world, 'Later')
    const features = [
      { name: 'on', default_enabled: true, initial_value: '7' },
      { name: 'off', initial_value: 'blue' },
      {
        name: 'split',
        multivariate_options: [{ string_value: 'a', default_percentage_allocation: 30 }],
      },
    ]
    for (const feature of features) {
      await done(world.api('POST', `projects/${project.id}/features/`, feature))
    }
    const { api_key } = await done(create({ name: 'Late', project: project.id }))
    const shares = [{ percentage_allocation: 30 }]
    expect(await states(api_key)).toMatchObject([
      { enabled: true, feature_state_value: 7, multivariate_feature_state_values: [] },
      { enabled: false, feature_state_value: 'blue' },
      { enabled: false, feature_state_value: null, multivariate_feature_state_values: shares },
    ])
    await done(world.api('PUT', `projects/${project.id}/`, { prevent_flag_defaults: true }))
    const second = await done(create({ name: 'Later still', project: project.id }))
    expect(await states(second.api_key)).toMatchObject([
      { enabled: false, feature_state_value: null },
      { enabled: false, feature_state_value: null },
      { enabled: false, feature_state_value: null, multivariate_feature_state_values: shares },
    ])
  })
})

describe('the list of environments', () => {
  it.each(['', '?project=', '?project=abc', '?project=999999', '?project=1e400', '?project=%00'])(
    'answers a bare list of one error without a project that the caller sees: %s',
    async (query) => {
      expect(await world.api('GET', `environments/${query}`)).toMatchObject({
        status: 400,
        body: ['Invalid or missing value for project parameter.'],
      })
    },
  )
})

describe.each(['PUT', 'PATCH'])('%s', (method) => {
  it('changes what is sent and leaves the rest', async () => {
    const before = await done(create({ name: `Kept ${method}`, banner_text: 'Hello' }))
    const path = `environments/${before.api_key}/`
    const after = await done(world.api<Environment>(method, path, { hide_disabled_flags: false }))
    expect(after).toEqual({ ...before, hide_disabled_flags: false })
    expect(await done(world.api(method, path, {}))).toEqual(after)
    expect(await done(world.api(method, path, { hide_disabled_flags: null }))).toEqual(before)
    expect(await done(world.api('GET', path))).toEqual(before)
  })

  it('never moves an environment to another project or id', async () => {
    const other = await addEnvironment(world, `Target ${method}`)
    const before = await done(create({ name: `Rooted ${method}` }))
    const body = { project: other.project.id, id: 1, uuid: 'x', name: before.name }
    const path = `environments/${before.api_key}/`
    expect(await done(world.api(method, path, body))).toEqual(before)
  })

  it('changes the key: the old one is gone in paths and for SDKs', async () => {
    const { api_key } = await done(create({ name: `Rotated ${method}` }))
    const renamed = `rotated-${method}`
    await done(world.api(method, `environments/${api_key}/`, { api_key: renamed }))
    expect((await world.api('GET', `environments/${api_key}/`)).status).toBe(404)
    expect((await world.api('GET', `environments/${renamed}/`)).status).toBe(200)
    const flags = (key: string) =>
      exports.default.fetch('http://localhost/api/v1/flags/', {
        headers: { 'X-Environment-Key': key },
      })
    await vi.waitFor(async () => expect((await flags(renamed)).status).toBe(200), patience)
    await vi.waitFor(async () => expect((await flags(api_key)).status).toBe(403), patience)
  })
})

it('a deleted environment takes its states and its document along', async () => {
  const own = await addEnvironment(world, 'Doomed')
  const { id, api_key } = own.environment
  await done(world.api('POST', `projects/${own.project.id}/features/`, { name: 'flag' }))
  expect(await getDocument(env.DOCUMENTS, id)).not.toBeNull()
  const path = `environments/${api_key}/`
  expect(await world.api('DELETE', path)).toMatchObject({ status: 204, body: null })
  await vi.waitFor(async () => expect(await getDocument(env.DOCUMENTS, id)).toBeNull(), patience)
  const left = env.DB.prepare('SELECT count(*) AS n FROM feature_states WHERE environment_id = ?')
  expect(await left.bind(id).first()).toEqual({ n: 0 })
  expect((await world.api('DELETE', path)).status).toBe(404)
})
