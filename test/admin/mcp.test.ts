/**
 * The tools of the MCP server: one REST call each, contract admin-api §A.3. What Burgee has works, and
 * all else answers by the rule of `unsupported.test.ts`.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  addEnvironment,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { addSegment, equals, rulesOf } from '../support/segments.ts'

let world: World
let place: Place
let state: State
let segment: number

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  state = await addState(world, place)
  segment = (await addSegment(world, place)).id
})

const fill = (path: string) =>
  path
    .replace('{org}', String(world.organisation.id))
    .replace('{project}', String(place.project.id))
    .replace('{env}', String(place.environment.id))
    .replace('{key}', place.environment.api_key)
    .replace('{feature}', String(state.feature))
    .replace('{state}', String(state.id))
    .replace('{segment}', String(segment))

/** As the server calls: by an organisation key, the path with its last slash. */
const tool = <T = unknown>(call: string, body?: unknown): Promise<Answer<T>> => {
  const [method = '', path = ''] = call.split(' ')
  return world.api<T>(method, fill(path), body, world.keyAuth)
}

const page = (...results: object[]) => ({ results: expect.arrayContaining(results) })
const some = (item: object) => expect.arrayContaining([expect.objectContaining(item)])

describe('a tool that reads', () => {
  const reads: [string, string, () => unknown][] = [
    [
      'list_organizations',
      'GET organisations/',
      () => ({ results: some({ id: world.organisation.id }) }),
    ],
    ['list_organization_groups', 'GET organisations/{org}/groups/', () => page()],
    ['list_organization_roles', 'GET organisations/{org}/roles/', () => ({ results: [] })],
    ['list_organization_invites', 'GET organisations/{org}/invites/', () => page()],
    [
      'list_projects_in_organization',
      'GET organisations/{org}/projects/',
      () => some({ id: place.project.id }),
    ],
    ['get_project', 'GET projects/{project}/', () => ({ id: place.project.id })],
    [
      'list_project_environments',
      'GET projects/{project}/environments/',
      () => some({ id: place.environment.id }),
    ],
    [
      'list_project_change_requests',
      'GET projects/{project}/change-requests/',
      () => ({ results: [] }),
    ],
    [
      'list_environments',
      'GET environments/?project={project}',
      () => ({ results: some({ id: place.environment.id }) }),
    ],
    [
      'list_project_features',
      'GET projects/{project}/features/',
      () => ({ results: some({ id: state.feature }) }),
    ],
    [
      'get_feature_flag',
      'GET projects/{project}/features/{feature}/',
      () => ({ id: state.feature }),
    ],
    [
      'get_feature_code_references',
      'GET projects/{project}/features/{feature}/code-references/',
      () => [],
    ],
    [
      'get_feature_external_resources',
      'GET projects/{project}/features/{feature}/feature-external-resources/',
      () => ({ results: [] }),
    ],
    [
      'list_feature_multivariate_options',
      'GET projects/{project}/features/{feature}/mv-options/',
      () => ({ results: [] }),
    ],
    [
      'list_project_segments',
      'GET projects/{project}/segments/',
      () => ({ results: some({ id: segment }) }),
    ],
    ['get_project_segment', 'GET projects/{project}/segments/{segment}/', () => ({ id: segment })],
    [
      'list_feature_segments',
      'GET features/feature-segments/?environment={env}&feature={feature}',
      () => page(),
    ],
    [
      'list_environment_change_requests',
      'GET environments/{key}/list-change-requests/',
      () => ({ results: [] }),
    ],
    ['get_feature_health_events', 'GET projects/{project}/feature-health/events/', () => []],
    [
      'list_project_release_pipelines',
      'GET projects/{project}/release-pipelines/',
      () => ({ results: [] }),
    ],
    ['list_experiments', 'GET environments/{key}/experiments/', () => ({ results: [] })],
    ['list_metrics', 'GET environments/{key}/experiment-metrics/', () => ({ results: [] })],
  ]

  it.each(reads)('%s: %s', async (_, call, expected) => {
    const { status, body } = await tool(call)
    expect(status).toBe(200)
    expect(body).toMatchObject(expected() as object)
  })
})

describe('a tool that writes', () => {
  it('update_project, create_organization_invite', async () => {
    const body = { name: 'Renamed', hide_disabled_flags: true }
    expect(await tool('PUT projects/{project}/', body)).toMatchObject({ status: 200, body })
    const invite = { email: 'new@example.com', role: 'USER' }
    expect(await tool('POST organisations/{org}/invites/', invite)).toMatchObject({
      status: 201,
      body: { email: 'new@example.com' },
    })
  })

  it('create_feature, update_feature, and its multivariate options', async () => {
    const features = 'projects/{project}/features/'
    const made = await done(tool<{ id: number }>(`POST ${features}`, { name: crypto.randomUUID() }))
    const one = `${features}${made.id}/`
    expect(await tool(`PUT ${one}`, { description: 'changed' })).toMatchObject({
      status: 200,
      body: { id: made.id, description: 'changed' },
    })
    const option = { type: 'unicode', string_value: 'a', default_percentage_allocation: 40 }
    const added = await tool<{ id: number }>(`POST ${one}mv-options/`, option)
    expect(added).toMatchObject({ status: 201, body: option })
    const path = `${one}mv-options/${added.body.id}/`
    expect(await tool(`PUT ${path}`, { ...option, string_value: 'b' })).toMatchObject({
      status: 200,
      body: { string_value: 'b' },
    })
    expect((await tool(`DELETE ${path}`)).status).toBe(204)
  })

  it('create_project_segment, update_project_segment', async () => {
    const body = { name: 'Gold', rules: rulesOf(equals('plan', 'gold')) }
    const made = await tool<{ id: number }>('POST projects/{project}/segments/', body)
    expect(made).toMatchObject({ status: 201, body: { name: 'Gold' } })
    const path = `projects/{project}/segments/${made.body.id}/`
    expect(await tool(`PUT ${path}`, { ...body, name: 'Golden' })).toMatchObject({
      status: 200,
      body: { name: 'Golden' },
    })
  })

  it('update_environment_feature_state, update_feature_state', async () => {
    const scalar = { enabled: true, feature_state_value: 'red' }
    expect(await tool('PUT environments/{key}/featurestates/{state}/', scalar)).toMatchObject({
      status: 200,
      body: scalar,
    })
    const typed = {
      feature: state.feature,
      environment: place.environment.id,
      enabled: false,
      feature_state_value: { type: 'int', integer_value: 5 },
    }
    expect(await tool('PUT features/featurestates/{state}/', typed)).toMatchObject({
      status: 200,
      body: typed,
    })
  })

  it('create_segment_override, delete_feature_segment', async () => {
    const body = {
      enabled: true,
      feature_state_value: { type: 'unicode', string_value: 'golden' },
      feature_segment: { segment },
    }
    const made = await tool<{ feature_segment: { id: number } }>(
      'POST environments/{key}/features/{feature}/create-segment-override/',
      body,
    )
    expect(made).toMatchObject({ status: 201, body })
    const path = `features/feature-segments/${made.body.feature_segment.id}/`
    expect((await tool(`DELETE ${path}`)).status).toBe(204)
  })
})

describe('a tool for what there is not', () => {
  it.each([
    ['get_feature_evaluation_data', 'GET projects/{project}/features/{feature}/evaluation-data/'],
    ['get_feature_lifecycle_counts', 'GET environments/{env}/feature-lifecycle-counts/'],
    ['get_environment_feature_versions', 'GET environments/{env}/features/{feature}/versions/'],
    ['create_environment_feature_version', 'POST environments/{env}/features/{feature}/versions/'],
    [
      'publish_environment_feature_version',
      'POST environments/{env}/features/{feature}/versions/x/publish/',
    ],
    [
      'create_environment_feature_version_state',
      'POST environments/{env}/features/{feature}/versions/x/featurestates/',
    ],
    ['create_environment_feature_change_request', 'POST environments/{key}/create-change-request/'],
    ['get_release_pipeline', 'GET projects/{project}/release-pipelines/1/'],
    ['add_feature_to_release_pipeline', 'POST projects/{project}/release-pipelines/1/add-feature/'],
    ['create_experiment', 'POST environments/{key}/experiments/'],
    ['get_experiment', 'GET environments/{key}/experiments/1/'],
    ['update_experiment', 'PATCH environments/{key}/experiments/1/'],
    ['get_experiment_exposures', 'GET environments/{key}/experiments/1/exposures/'],
    ['get_experiment_results', 'GET environments/{key}/experiments/1/results/'],
    ['create_metric', 'POST environments/{key}/experiment-metrics/'],
    ['get_metric', 'GET environments/{key}/experiment-metrics/1/'],
    ['update_metric', 'PATCH environments/{key}/experiment-metrics/1/'],
  ])('%s says so: %s', async (_, call) => {
    expect(await tool(call, /^(GET|DELETE)/.test(call) ? undefined : {})).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining(' not available') },
    })
  })
})
