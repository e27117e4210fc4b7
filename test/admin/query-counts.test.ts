import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addMember,
  addUser,
  createWorld,
  done,
  type World,
} from '../support/admin.ts'
import { crowdSql } from '../support/crowd.ts'
import { readWithQueries, scansOf } from '../support/queries.ts'

type Page = { count: number; results: { id: number; environment_feature_state: object }[] }

type Sized = {
  world: World
  projectId: number
  environment: { id: number; api_key: string }
  features: number
  firstId: number
}

let small: Sized
let large: Sized

/** A world with so many features in five environments, and as many people besides. */
async function sized(name: string, at: { features: number; firstId: number }): Promise<Sized> {
  const world = await createWorld(name)
  const { project, environment } = await addEnvironment(world, name)
  const others = await Promise.all(
    ['Staging', 'Test', 'Load', 'Local'].map((other) =>
      done(
        world.api<{ id: number }>('POST', 'environments/', { name: other, project: project.id }),
      ),
    ),
  )
  const environmentIds = [environment, ...others].map(({ id }) => id)
  const crowd = crowdSql({ projectId: project.id, environmentIds, ...at })
  await env.DB.batch(crowd.map((sql) => env.DB.prepare(sql)))
  for (let index = 0; index < at.features / 10; index++) {
    const person = await addUser(`${name}-${index}@example.com`.toLowerCase())
    await addMember(world.organisation.id, person.id, 'USER')
    const body = { name: `${name} ${index}`, organisation: world.organisation.id }
    await done(world.api('POST', 'projects/', body))
  }
  return { world, projectId: project.id, environment, ...at }
}

beforeAll(async () => {
  small = await sized('Small', { features: 10, firstId: 1_000_000 })
  large = await sized('Large', { features: 300, firstId: 2_000_000 })
})

const lists: Record<string, (at: Sized) => string> = {
  features: (at) => `projects/${at.projectId}/features/`,
  'features in an environment': (at) =>
    `projects/${at.projectId}/features/?environment=${at.environment.id}`,
  'features, sorted and filtered in every way': (at) =>
    `projects/${at.projectId}/features/?environment=${at.environment.id}` +
    `&segment=${at.firstId}&search=f&sort_field=name&sort_direction=DESC&is_archived=false` +
    '&type=STANDARD&is_enabled=true&value_search=v&tags=&page=1&page_size=500',
  'features of owners': (at) => `projects/${at.projectId}/features/?owners=1,2&group_owners=3`,
  'features with tags': (at) => `projects/${at.projectId}/features/?tags=1,2&tag_strategy=UNION`,
  'one feature': (at) => `projects/${at.projectId}/features/${at.firstId}/`,
  'one feature in an environment': (at) =>
    `projects/${at.projectId}/features/${at.firstId}/?environment=${at.environment.id}`,
  segments: (at) => `projects/${at.projectId}/segments/?q=c`,
  'features of a segment': (at) =>
    `projects/${at.projectId}/segments/${at.firstId}/associated-features/?page_size=100`,
  environments: (at) => `environments/?project=${at.projectId}`,
  'environments of a project': (at) => `projects/${at.projectId}/environments/`,
  'an environment': (at) => `environments/${at.environment.api_key}/`,
  projects: (at) => `projects/?organisation=${at.world.organisation.id}`,
  'projects of an organisation': (at) => `organisations/${at.world.organisation.id}/projects/`,
  'a project': (at) => `projects/${at.projectId}/`,
  'people of an organisation': (at) => `organisations/${at.world.organisation.id}/users/`,
  'feature states': (at) => `environments/${at.environment.api_key}/featurestates/?page_size=999`,
  'feature states of a name': (at) =>
    `environments/${at.environment.api_key}/featurestates/?feature_name=feature_0`,
  'overrides of identities': (at) =>
    `environments/${at.environment.api_key}/featurestates/?anyIdentity=1&page_size=999`,
  'overrides of identities of a feature': (at) =>
    `environments/${at.environment.api_key}/featurestates/?anyIdentity=1&feature=${at.firstId}`,
  'typed feature states': (at) =>
    `features/featurestates/?environment=${at.environment.id}&page_size=999`,
  'typed feature states of a feature': (at) =>
    `features/featurestates/?environment=${at.environment.id}&feature=${at.firstId}`,
  'feature segments': (at) =>
    `features/feature-segments/?environment=${at.environment.id}&feature=${at.firstId}`,
}

/** What no list needs more of, whatever it shows. */
const most = 24

describe.each(Object.entries(lists))('the list of %s', (_, path) => {
  it('asks the database as often for 300 features in five environments as for 10', async () => {
    const [few, many] = await Promise.all(
      [small, large].map((at) => readWithQueries(path(at), at.world.auth)),
    )
    expect([few?.status, many?.status]).toEqual([200, 200])
    expect(many?.statements.length).toBe(few?.statements.length)
    expect(many?.statements.length).toBeLessThanOrEqual(most)
    expect(many?.statements.length).toBeGreaterThan(1)
  })

  it('reads no table from end to end', async () => {
    const { statements } = await readWithQueries(path(large), large.world.auth)
    const scans = await Promise.all(
      statements.map(async (statement) => [statement.sql, await scansOf(statement)]),
    )
    expect(scans.filter(([, found]) => found?.length !== 0)).toEqual([])
  })
})

it('a page of 300 features is whole: each has its own state', async () => {
  const path = lists['features in an environment'] ?? (() => '')
  const { body } = await readWithQueries<Page>(path(large), large.world.auth)
  expect(body.count).toBe(300)
  expect(body.results.map(({ environment_feature_state: state }) => state)).toEqual(
    Array.from({ length: 300 }, (_, n) => ({
      id: large.firstId + n,
      feature_state_value: n % 3 === 0 ? `variant-${n} of the copy` : null,
      environment: large.environment.id,
      identity: null,
      feature_segment: null,
      enabled: n % 2 === 1,
    })),
  )
})

it('a list is told apart from one that asks for every row', async () => {
  const scanning = { sql: 'SELECT * FROM features WHERE description = ?', values: ['x'] }
  expect(await scansOf(scanning)).toEqual(['SCAN features'])
})
