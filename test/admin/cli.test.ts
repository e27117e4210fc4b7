/** Every row of contract admin-api §A.2.3 about things, as the command line calls it. */
import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createWorld, type World } from '../support/admin.ts'
import { type Cli, createCli } from '../support/cli.ts'

type Project = { id: number; name: string; organisation: number; use_edge_identities: boolean }
type Environment = { id: number; name: string; api_key: string; project: number }
type Feature = { id: number; name: string; multivariate_options: object[] }

let world: World
let cli: Cli
let project: Project
let environment: Environment
let features: string

const named = (set: object = {}) => ({ name: crypto.randomUUID(), ...set })

beforeAll(async () => {
  world = await createWorld()
  cli = createCli(world.keyAuth)
  const organisation = world.organisation.id
  project = await cli.write<Project>('POST', 'projects/', named({ organisation }))
  environment = await cli.write('POST', 'environments/', named({ project: project.id }))
  features = `projects/${project.id}/features/`
})

describe('whoami and login', () => {
  it('a person is asked for, an organisation stands for a key', async () => {
    const person = createCli(world.auth)
    expect(await person.get('auth/users/me/')).toMatchObject({
      email: expect.any(String),
      first_name: expect.any(String),
      last_name: expect.any(String),
      uuid: expect.any(String),
    })
    expect(await cli.list('organisations/')).toMatchObject([{ id: world.organisation.id }])
    expect((await cli.failureOf(cli.get('auth/users/me/'))).status).toBe(403)
    const stranger = createCli('Api-Key abcdefgh.not-a-key')
    expect(await stranger.failureOf(stranger.list('organisations/'))).toMatchObject({
      status: 401,
      message: 'Valid Master API Key not found.',
    })
  })

  it('OAuth is told to be unavailable, not the server to be too old', async () => {
    const open = (path: string) => exports.default.fetch(new Request(`http://localhost${path}`))
    const metadata = await open('/.well-known/oauth-authorization-server')
    expect([metadata.status, await metadata.json()]).toEqual([404, { detail: 'Not found.' }])
    const version = (await (await open('/version/')).json()) as { image_tag: string }
    const [major = 0, minor = 0] = version.image_tag.split('.').map(Number)
    expect(version.image_tag).toMatch(/^\d+\.\d+\.\d+$/)
    expect(major * 1000 + minor).toBeGreaterThanOrEqual(2263)
  })
})

it('organisations are listed, made by people, read, changed, measured and deleted', async () => {
  const person = createCli(world.auth)
  const made = await person.write<{ id: number }>('POST', 'organisations/', named())
  const path = `organisations/${made.id}/`
  expect(await person.list('organisations/')).toContainEqual(expect.objectContaining(made))
  const changes = { name: 'Renamed', webhook_notification_email: 'ops@example.com' }
  expect(await person.write('PATCH', path, changes)).toMatchObject({ id: made.id, ...changes })
  expect(await person.get(path)).toMatchObject({ name: 'Renamed' })
  expect(await person.get(`${path}get-subscription-metadata/`)).toMatchObject({
    max_seats: null,
    max_api_calls: null,
    max_projects: null,
  })
  await person.remove(path)
  expect((await person.failureOf(person.get(path))).status).toBe(403)
})

it('projects are listed, made, read, changed and deleted', async () => {
  const organisation = world.organisation.id
  const made = await cli.write<Project>('POST', 'projects/', named({ organisation }))
  expect(made).toMatchObject({ organisation, use_edge_identities: false })
  const path = `projects/${made.id}/`
  for (const list of ['projects/', `projects/?organisation=${organisation}`]) {
    expect(await cli.list(list)).toContainEqual(expect.objectContaining({ id: made.id }))
  }
  const settings = { hide_disabled_flags: true, feature_name_regex: '^[a-z]+$' }
  expect(await cli.write('PATCH', path, settings)).toMatchObject({ ...made, ...settings })
  expect(await cli.get(path)).toMatchObject(settings)
  await cli.remove(path)
  expect(await cli.failureOf(cli.get(path))).toMatchObject({ status: 404, message: 'Not found.' })
})

it('environments are listed, made, read, changed, cloned, dumped and deleted', async () => {
  const body = named({ project: project.id, description: 'for tests' })
  const made = await cli.write<Environment>('POST', 'environments/', body)
  expect(made).toMatchObject({ ...body, use_v2_feature_versioning: false })
  const path = `environments/${made.api_key}/`
  expect(await cli.list(`environments/?project=${project.id}`)).toContainEqual(
    expect.objectContaining({ id: made.id, name: made.name, api_key: made.api_key }),
  )
  const changes = { description: 'changed', banner_text: 'Careful' }
  expect(await cli.write('PATCH', path, changes)).toMatchObject(changes)
  expect(await cli.get(path)).toMatchObject({ id: made.id, ...changes })
  const clone = await cli.write<Environment>('POST', `${path}clone/`, named())
  expect(clone).toMatchObject({
    id: expect.any(Number),
    name: expect.any(String),
    api_key: expect.stringMatching(/\w/),
    project: project.id,
  })
  expect(clone.api_key).not.toBe(made.api_key)
  expect(await cli.get(`${path}document/`)).toMatchObject({
    api_key: made.api_key,
    feature_states: expect.any(Array),
    project: { id: project.id },
  })
  await cli.remove(path)
  expect((await cli.failureOf(cli.get(path))).status).toBe(404)
})

it('server keys are listed, made and deleted', async () => {
  const path = `environments/${environment.api_key}/api-keys/`
  const body = named({ expires_at: '2099-01-01T00:00:00Z', active: true })
  const made = await cli.write<{ id: number }>('POST', path, body)
  const key = {
    id: expect.any(Number),
    key: expect.stringMatching(/^ser\./),
    name: body.name,
    active: true,
    created_at: expect.any(String),
    expires_at: expect.stringMatching(/^2099-01-01T00:00:00/),
  }
  expect(made).toMatchObject(key)
  expect(await cli.list(path)).toContainEqual(expect.objectContaining(key))
  await cli.remove(`${path}${made.id}/`)
  expect(await cli.list(path)).not.toContainEqual(expect.objectContaining({ id: made.id }))
})

describe('features', () => {
  it('are made, read, changed, archived and deleted', async () => {
    const body = named({ description: 'what for', initial_value: 'blue', default_enabled: true })
    const made = await cli.write<Feature>('POST', features, body)
    const path = `${features}${made.id}/`
    expect(made).toMatchObject({
      ...body,
      type: 'STANDARD',
      is_archived: false,
      multivariate_options: [],
      num_segment_overrides: expect.any(Number),
      num_identity_overrides: expect.any(Number),
      code_references_counts: [],
    })
    const changes = { description: 'else', is_archived: true }
    expect(await cli.write('PATCH', path, changes)).toMatchObject({ id: made.id, ...changes })
    expect(await cli.get(path)).toMatchObject(changes)
    const live = await cli.list<Feature>(`${features}?is_archived=false`)
    expect(live.map(({ id }) => id)).not.toContain(made.id)
    expect((await cli.list<Feature>(features)).map(({ id }) => id)).toContain(made.id)
    await cli.remove(path)
    expect((await cli.failureOf(cli.get(path))).status).toBe(404)
  })

  it('with variants are made at once, and variants one by one', async () => {
    const multivariate_options = [
      { type: 'unicode', string_value: 'a', default_percentage_allocation: 10, key: 'a' },
      { type: 'int', integer_value: 5, default_percentage_allocation: 20 },
    ]
    const made = await cli.write<Feature>('POST', features, named({ multivariate_options }))
    expect(made.multivariate_options).toMatchObject(multivariate_options)
    const path = `${features}${made.id}/mv-options/`
    const body = { type: 'bool', boolean_value: true, default_percentage_allocation: 5, key: 'c' }
    const option = await cli.write<{ id: number }>('POST', path, { ...body, feature: made.id })
    expect(option).toMatchObject({ id: expect.any(Number), ...body })
    const changes = { feature: made.id, default_percentage_allocation: 7 }
    const after = { ...body, default_percentage_allocation: 7 }
    expect(await cli.write('PATCH', `${path}${option.id}/`, changes)).toMatchObject(after)
    await cli.remove(`${path}${option.id}/`)
    expect(await cli.get<Feature>(`${features}${made.id}/`)).toMatchObject({
      multivariate_options,
    })
  })

  it('are listed whatever the page size, with every filter kept from page to page', async () => {
    const own = await cli.write<Project>(
      'POST',
      'projects/',
      named({ organisation: world.organisation.id }),
    )
    const path = `projects/${own.id}/features/`
    for (const name of ['apple', 'apricot', 'avocado', 'banana', 'apple_pie']) {
      await cli.write('POST', path, { name })
    }
    const found = await cli.list<Feature>(`${path}?search=ap&is_archived=false`, 2)
    expect(found.map(({ name }) => name).sort()).toEqual(['apple', 'apple_pie', 'apricot'])
    expect(await cli.list(path)).toHaveLength(5)
  })
})

it('segments are made, listed, read, replaced and deleted, with values that are null', async () => {
  const path = `projects/${project.id}/segments/`
  const isSet = { operator: 'IS_SET', property: 'plan', value: null }
  const rules = [
    { type: 'ALL', conditions: [], rules: [{ type: 'ANY', conditions: [isSet], rules: [] }] },
  ]
  const body = named({ project: project.id, rules })
  const made = await cli.write<{ id: number; name: string }>('POST', path, body)
  expect(made).toMatchObject({ ...body, feature: null })
  const feature = (await cli.write<Feature>('POST', features, named())).id
  const specific = await cli.write<{ id: number }>('POST', path, { ...body, ...named(), feature })
  const idsOf = async (query: string) =>
    (await cli.list<{ id: number }>(`${path}?include_feature_specific=${query}`)).map(
      ({ id }) => id,
    )
  expect(await idsOf('false')).toEqual([made.id])
  expect(await idsOf('true')).toEqual([made.id, specific.id])
  const split = { operator: 'PERCENTAGE_SPLIT', value: '50' }
  const replaced = { ...made, rules: [{ type: 'ALL', conditions: [split], rules: [] }] }
  expect(await cli.write('PUT', `${path}${made.id}/`, replaced)).toMatchObject({
    id: made.id,
    rules: [{ type: 'ALL', conditions: [split], rules: [] }],
  })
  expect(await cli.get(`${path}${made.id}/`)).toMatchObject({ name: made.name })
  await cli.remove(`${path}${made.id}/`)
  expect((await cli.failureOf(cli.get(`${path}${made.id}/`))).status).toBe(404)
})

it('a quota is told in the words that the command line looks for', async () => {
  const limited = await cli.write<Project>(
    'POST',
    'projects/',
    named({ organisation: world.organisation.id }),
  )
  await cli.write('PATCH', `projects/${limited.id}/`, { max_features_allowed: 1 })
  const path = `projects/${limited.id}/features/`
  await cli.write('POST', path, named())
  const failure = await cli.failureOf(cli.write('POST', path, named()))
  expect(failure.message).toMatch(/maximum allowed/i)
})

it('any method and path pass through', async () => {
  expect(await cli.get(`/api/v1/projects/${project.id}/`)).toMatchObject({ id: project.id })
  expect(await cli.get('/version/')).toHaveProperty('image_tag')
  expect(await cli.failureOf(cli.get('nowhere/'))).toMatchObject({
    status: 404,
    message: 'Not found.',
  })
})
