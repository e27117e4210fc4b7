import { beforeAll, describe, expect, it } from 'vitest'
import { adminRoutes } from '../../src/admin/index.ts'
import { createWorld, readRecords, type World } from '../support/admin.ts'
import {
  type Client,
  createClient,
  type Environment,
  type Feature,
  type Link,
  type Option,
  type Project,
  type Segment,
  type State,
  typedValue,
} from '../support/terraform.ts'

let world: World
let client: Client
let project: Project
let environment: Environment

beforeAll(async () => {
  world = await createWorld()
  client = createClient(world.keyAuth)
  const organisation = world.organisation.id
  project = await client.saveProject({ name: 'Managed', organisation })
  environment = await client.saveEnvironment({ name: 'Production', project: project.id })
})

const addFeature = (set: object = {}) =>
  client.saveFeature(project.uuid, { name: crypto.randomUUID(), description: 'managed', ...set })

const addSegment = (set: object = {}) =>
  client.saveSegment(project.uuid, { name: crypto.randomUUID(), rules, ...set })

const condition = { operator: 'EQUAL', property: 'plan', value: 'gold' }
const rules = [{ type: 'ALL', rules: [{ type: 'ANY', conditions: [condition] }] }]

describe('flagsmith_project', () => {
  it('is made, read, changed and deleted', async () => {
    const organisation = world.organisation.id
    const unset = { hide_disabled_flags: false, feature_name_regex: '', stale_flags_limit_days: 0 }
    const made = await client.saveProject({ name: 'Short-lived', organisation, ...unset })
    const path = `projects/get-by-uuid/${made.uuid}/`
    const defaults = {
      hide_disabled_flags: false,
      prevent_flag_defaults: false,
      only_allow_lower_case_feature_names: true,
      enable_realtime_updates: false,
      enforce_feature_owners: false,
    }
    expect(made).toMatchObject({ name: 'Short-lived', organisation, ...defaults })
    expect(await client.get(path)).toMatchObject(made)
    const changes = { id: made.id, name: 'Renamed', organisation, hide_disabled_flags: true }
    expect(await client.saveProject(changes)).toEqual({
      ...made,
      name: 'Renamed',
      hide_disabled_flags: true,
    })
    await client.remove(`projects/${made.id}/`)
    expect(await client.isGone(path)).toBe(true)
  })
})

describe('flagsmith_environment', () => {
  it('is made with the defaults that the provider counts on, changed and deleted', async () => {
    const made = await client.saveEnvironment({ name: 'Staging', project: project.id })
    const path = `environments/get-by-uuid/${made.uuid}/`
    expect(await client.get(path)).toMatchObject({
      name: 'Staging',
      project: project.id,
      description: '',
      api_key: made.api_key,
      allow_client_traits: true,
      use_identity_composite_key_for_hashing: true,
      hide_sensitive_data: false,
    })
    const changes = { name: 'Stage', project: project.id, banner_text: 'Careful', api_key: 'stage' }
    await client.saveEnvironment(changes, made.api_key)
    expect(await client.get(path)).toMatchObject({ ...made, ...changes })
    await client.remove('environments/stage/')
    expect(await client.isGone(path)).toBe(true)
  })
})

describe('flagsmith_feature', () => {
  it('is made, read with its project, changed and deleted', async () => {
    const made = await addFeature({ default_enabled: true, initial_value: 'blue' })
    const path = `features/get-by-uuid/${made.uuid}/`
    const read = await client.get<Feature>(path)
    expect(read).toEqual(made)
    expect(read).toMatchObject({
      type: 'STANDARD',
      default_enabled: true,
      initial_value: 'blue',
      tags: [],
      owners: [],
      group_owners: [],
      is_archived: false,
    })
    expect((await client.get<Project>(`projects/${read.project}/`)).uuid).toBe(project.uuid)
    const changes = { ...made, description: 'changed', is_archived: true }
    await client.saveFeature(project.uuid, changes)
    expect(await client.get(path)).toEqual(changes)
    await client.remove(`projects/${made.project}/features/${made.id}/`)
    expect(await client.isGone(path)).toBe(true)
  })

  it('without a description reads back null, which is what the provider has planned', async () => {
    const made = await addFeature({ description: '' })
    expect(await client.get(`features/get-by-uuid/${made.uuid}/`)).toMatchObject({
      description: null,
    })
  })
})

describe('flagsmith_mv_feature_option', () => {
  it.each([
    [{ type: 'unicode' as const, string_value: 'red' }, typedValue({ string_value: 'red' })],
    [{ type: 'int' as const, integer_value: 5 }, typedValue({ type: 'int', integer_value: 5 })],
    [
      { type: 'bool' as const, boolean_value: true },
      typedValue({ type: 'bool', boolean_value: true }),
    ],
    [{ type: 'unicode' as const, string_value: '' }, typedValue({ string_value: '' })],
    [{ type: 'int' as const, integer_value: 0 }, typedValue({ type: 'int', integer_value: 0 })],
    [
      { type: 'bool' as const, boolean_value: false },
      typedValue({ type: 'bool', boolean_value: false }),
    ],
  ])('of %j is made, read, changed and deleted', async (value, read) => {
    const feature = await addFeature()
    const made = await client.saveOption(feature.uuid, value)
    const path = `multivariate/options/get-by-uuid/${made.uuid}/`
    const option = { feature: feature.id, default_percentage_allocation: 0, ...read }
    expect(await client.get<Option>(path)).toMatchObject(option)
    expect(await client.get(`features/get-by-uuid/${feature.uuid}/`)).toMatchObject({
      type: 'MULTIVARIATE',
    })
    const weight = { default_percentage_allocation: 45.5 }
    await client.saveOption(feature.uuid, { ...made, ...weight })
    expect(await client.get(path)).toMatchObject({ ...option, ...weight })
    await client.remove(`projects/${feature.project}/features/${feature.id}/mv-options/${made.id}/`)
    expect(await client.isGone(path)).toBe(true)
  })
})

describe('flagsmith_feature_state', () => {
  it('of an environment is found, changed and read back', async () => {
    const feature = await addFeature({ initial_value: 'blue' })
    const found = await client.findState(environment.api_key, feature.id)
    expect(found).toMatchObject({ feature: feature.id, environment: environment.id })
    for (const value of [
      typedValue({ string_value: 'red' }),
      typedValue({ type: 'int', integer_value: 0 }),
      typedValue({ type: 'bool', boolean_value: false }),
      typedValue({ string_value: '' }),
    ]) {
      const sent = { ...found, enabled: true, feature_state_value: value }
      expect(await client.updateState(sent)).toMatchObject({ enabled: true })
      expect(await client.get(`features/featurestates/get-by-uuid/${found.uuid}/`)).toMatchObject({
        id: found.id,
        uuid: found.uuid,
        feature: feature.id,
        environment: environment.id,
        feature_segment: null,
        enabled: true,
        feature_state_value: value,
      })
    }
  })

  it('of a segment is made on its priority, moved, changed and deleted', async () => {
    const [feature, segment] = [await addFeature(), await addSegment()]
    const at = { feature: feature.id, segment: segment.id, priority: 1 }
    const value = typedValue({ string_value: 'golden' })
    const set = { enabled: true, feature_state_value: value }
    const made = await client.createSegmentOverride(environment.api_key, at, set)
    const path = `features/featurestates/get-by-uuid/${made.uuid}/`
    const read = async () => {
      const state = await client.get<State>(path)
      const link = await client.get<Link>(`features/feature-segments/${state.feature_segment}/`)
      return { state, link }
    }
    const { state, link } = await read()
    expect(state).toMatchObject({ ...set, feature: feature.id, environment: environment.id })
    expect(link).toMatchObject({ segment: segment.id, priority: 1 })
    await client.updateState({ ...state, enabled: false })
    await client.updatePriority(link, 2)
    const after = await read()
    expect([after.state.enabled, after.link.priority]).toEqual([false, 2])
    expect((await client.findState(environment.api_key, feature.id)).id).not.toBe(made.id)
    await client.remove(`features/feature-segments/${link.id}/`)
    expect(await client.isGone(path)).toBe(true)
  })

  it('of several segments keeps each on the priority of its configuration', async () => {
    const feature = await addFeature()
    const states: [number, State][] = []
    for (const priority of [2, 0, 1]) {
      const at = { feature: feature.id, segment: (await addSegment()).id, priority }
      const set = { enabled: true, feature_state_value: typedValue({ string_value: 'x' }) }
      states.push([priority, await client.createSegmentOverride(environment.api_key, at, set)])
    }
    for (const [priority, state] of states) {
      const link = await client.get<Link>(`features/feature-segments/${state.feature_segment}/`)
      expect(link.priority).toBe(priority)
    }
  })
})

describe('flagsmith_segment', () => {
  it('is made without ids, read with its project, replaced and deleted', async () => {
    const made = await addSegment({ description: 'those who pay' })
    const path = `segments/get-by-uuid/${made.uuid}/`
    const read = await client.get<Segment>(path)
    expect(read).toMatchObject({ ...made, description: 'those who pay', feature: null, rules })
    expect((await client.get<Project>(`projects/${read.project}/`)).uuid).toBe(project.uuid)
    const split = { operator: 'PERCENTAGE_SPLIT', property: '', value: '50' }
    const isSet = { operator: 'IS_SET', property: 'plan', value: '' }
    const changed = [{ type: 'ALL', rules: [{ type: 'NONE', conditions: [split, isSet] }] }]
    const after = { ...made, name: 'renamed', rules: changed }
    await client.saveSegment(project.uuid, after)
    expect(await client.get(path)).toMatchObject({ name: 'renamed', rules: changed })
    await client.remove(`projects/${made.project}/segments/${made.id}/`)
    expect(await client.isGone(path)).toBe(true)
  })

  it('of a feature reads back with it', async () => {
    const feature = await addFeature()
    const made = await addSegment({ feature: feature.id })
    expect(await client.get(`segments/get-by-uuid/${made.uuid}/`)).toMatchObject({
      feature: feature.id,
    })
  })
})

it('a second apply of the same configuration writes nothing', async () => {
  const [feature, segment] = [await addFeature(), await addSegment({ name: 'twice' })]
  const option = await client.saveOption(feature.uuid, { string_value: 'red' })
  const { uuid } = await client.findState(environment.api_key, feature.id)
  const state = await client.get<State>(`features/featurestates/get-by-uuid/${uuid}/`)
  const before = (await readRecords()).length
  await client.saveFeature(project.uuid, { ...feature, type: 'MULTIVARIATE' })
  await client.saveOption(feature.uuid, option)
  await client.saveSegment(project.uuid, { ...segment, name: 'twice', rules })
  await client.updateState(state)
  expect(await readRecords()).toHaveLength(before)
})

it('the data sources find the organisation and its people', async () => {
  const { id, uuid, name } = world.organisation
  expect(await client.get(`organisations/get-by-uuid/${uuid}/`)).toMatchObject({
    id,
    uuid,
    name,
    force_2fa: false,
    restrict_project_create_to_admin: false,
    persist_trait_data: true,
  })
  expect(await client.get(`organisations/${id}/users/`)).toMatchObject([
    { email: world.superuser.email, role: 'ADMIN' },
  ])
})

/** Contract §A.1.5. */
const operations = `
GET organisations/get-by-uuid/1, GET organisations/1/users, GET projects/get-by-uuid/1,
GET projects/1, PUT projects/1, DELETE projects/1, POST projects, GET environments/get-by-uuid/1,
GET environments/1, PUT environments/1, DELETE environments/1, POST environments,
GET environments/1/featurestates, GET features/get-by-uuid/1, POST projects/1/features,
PUT projects/1/features/1, DELETE projects/1/features/1, GET multivariate/options/get-by-uuid/1,
POST projects/1/features/1/mv-options, PUT projects/1/features/1/mv-options/1,
DELETE projects/1/features/1/mv-options/1, GET features/featurestates/get-by-uuid/1,
POST features/featurestates, PUT features/featurestates/1, POST features/feature-segments,
GET features/feature-segments/1, DELETE features/feature-segments/1,
POST features/feature-segments/update-priorities, GET segments/get-by-uuid/1,
POST projects/1/segments, PUT projects/1/segments/1, DELETE projects/1/segments/1,
POST projects/1/features/1/add-owners, POST projects/1/features/1/remove-owners,
POST projects/1/features/1/add-group-owners, POST projects/1/features/1/remove-group-owners,
GET projects/1/tags/get-by-uuid/1, POST projects/1/tags, PUT projects/1/tags/1,
DELETE projects/1/tags/1`

it('every operation of the provider has its route', () => {
  const routes = adminRoutes.routes.map(({ method, path }) => `${method} ${path}`)
  const patterns = routes.map((route) => new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`))
  const wanted = operations
    .trim()
    .split(/,\s+/)
    .map((operation) => operation.replace(' ', ' /'))
  expect(wanted).toHaveLength(40)
  const missing = wanted.filter((operation) => !patterns.some((pattern) => pattern.test(operation)))
  expect(missing).toEqual([])
})
