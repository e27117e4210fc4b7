import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addSegment, type Segment } from '../support/segments.ts'

type Seen = { id: number; feature_state_value: unknown; enabled: boolean; identity: number | null }
type Feature = {
  id: number
  name: string
  environment_feature_state: Seen | null
  segment_feature_state: Seen | null
  num_segment_overrides: number
  num_identity_overrides: number | null
}
type Page = { count: number; results: Feature[] }

let world: World
let place: Place
let staging: { id: number; api_key: string }
let segment: Segment
let other: Segment
let list: string
/** By name. */
const features: Record<string, Feature> = {}
const identityId = 777

const typed = (value: string) => ({ type: 'unicode', string_value: value })

async function override(name: string, segmentId: number, value: string): Promise<void> {
  const path = `environments/${place.environment.api_key}/features/${features[name]?.id}/`
  const feature_segment = { segment: segmentId }
  const body = { enabled: true, feature_state_value: typed(value), feature_segment }
  await done(world.api('POST', `${path}create-segment-override/`, body))
}

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/features/`
  staging = await done(
    world.api('POST', 'environments/', { name: 'Staging', project: place.project.id }),
  )
  segment = await addSegment(world, place)
  other = await addSegment(world, place)
  const values = { text: 'Deep Blue', number: 1234, truth: true, none: null }
  for (const [name, initial_value] of Object.entries(values)) {
    const body = { name, initial_value, default_enabled: name === 'truth' }
    features[name] = await done(world.api<Feature>('POST', list, body))
  }
  await override('text', segment.id, 'for the segment')
  await override('text', other.id, 'for others')
  await override('number', other.id, 'for others')
  await env.DB.prepare(
    "INSERT INTO identities (id, environment_id, identifier, created_at) VALUES (?, ?, 'ann', 1)",
  )
    .bind(identityId, place.environment.id)
    .run()
  const body = {
    feature: features.text?.id,
    environment: place.environment.id,
    identity: identityId,
    enabled: true,
    feature_state_value: typed('for ann'),
  }
  await done(world.api('POST', 'features/featurestates/', body))
})

const read = async (query: string) =>
  (await done(world.api<Page>('GET', `${list}?${query}`))).results
const names = async (query: string) =>
  (await read(`environment=${place.environment.id}&${query}`)).map((feature) => feature.name)

const shown = ({ name, ...feature }: Feature) => [
  name,
  feature.environment_feature_state?.feature_state_value,
  feature.segment_feature_state?.feature_state_value,
  feature.num_segment_overrides,
  feature.num_identity_overrides,
]

describe('without an environment', () => {
  it('features have no state and no overrides to count', async () => {
    for (const feature of await read('')) {
      expect(feature).toMatchObject({
        environment_feature_state: null,
        segment_feature_state: null,
        num_segment_overrides: 0,
        num_identity_overrides: 0,
      })
    }
  })
})

describe('from an environment', () => {
  it('features have its states and the numbers of its overrides', async () => {
    expect((await read(`environment=${place.environment.id}`)).map(shown)).toEqual([
      ['text', 'Deep Blue', undefined, 2, 1],
      ['number', 1234, undefined, 1, 0],
      ['truth', true, undefined, 0, 0],
      ['none', null, undefined, 0, 0],
    ])
  })

  it('nothing of its neighbours is seen', async () => {
    const seen = await read(`environment=${staging.id}&segment=${segment.id}`)
    expect(seen.map((feature) => shown(feature).slice(2))).toEqual(Array(4).fill([undefined, 0, 0]))
    expect(new Set(seen.map((feature) => feature.environment_feature_state)).size).toBe(4)
    for (const { environment_feature_state: state } of seen) {
      expect(state).toMatchObject({ environment: staging.id, identity: null })
    }
  })

  it('and a segment, its overrides stand beside', async () => {
    const query = `environment=${place.environment.id}&segment=${segment.id}`
    const seen = await read(query)
    expect(seen.map(shown).map((row) => row[2])).toEqual([
      'for the segment',
      undefined,
      undefined,
      undefined,
    ])
    expect(seen[0]?.segment_feature_state).toEqual({
      id: expect.any(Number),
      feature_state_value: 'for the segment',
      environment: place.environment.id,
      identity: null,
      feature_segment: expect.any(Number),
      enabled: true,
    })
    expect(seen[1]?.segment_feature_state).toBeNull()
  })

  it('and an identity, its override stands for the state where it has one', async () => {
    const query = `environment=${place.environment.id}&identity=${identityId}`
    const [text, number] = await read(query)
    expect(text?.environment_feature_state).toMatchObject({
      feature_state_value: 'for ann',
      enabled: true,
      identity: identityId,
    })
    expect(number?.environment_feature_state).toMatchObject({
      feature_state_value: 1234,
      identity: null,
    })
  })

  it('one feature alone reads as in the list', async () => {
    const query = `environment=${place.environment.id}&segment=${segment.id}&identity=${identityId}`
    const [text] = await read(query)
    expect(await done(world.api('GET', `${list}${text?.id}/?${query}`))).toEqual(text)
    const alone = await world.api('GET', `${list}${text?.id}/?segment=${segment.id}`)
    expect(alone).toMatchObject({ status: 400, body: { segment: ['This needs an environment.'] } })
  })
})

describe('features are narrowed by their state in the environment', () => {
  it('whether it is on', async () => {
    expect(await names('is_enabled=true')).toEqual(['truth'])
    expect(await names('is_enabled=false')).toEqual(['text', 'number', 'none'])
  })

  it('what its value has in it, whatever the type', async () => {
    expect(await names('value_search=deep')).toEqual(['text'])
    expect(await names('value_search=23')).toEqual(['number'])
    expect(await names('value_search=TRUE')).toEqual(['truth'])
    expect(await names('value_search=for')).toEqual([])
    expect(await names('value_search=%25')).toEqual([])
    expect(await names('value_search=_')).toEqual([])
    expect(await names('value_search=')).toHaveLength(4)
    expect(await names('value_search=deep&is_enabled=true')).toEqual([])
  })

  it('as the identity has it, where one is named', async () => {
    const identity = `identity=${identityId}`
    expect(await names(`is_enabled=true&${identity}`)).toEqual(['text', 'truth'])
    expect(await names(`value_search=ann&${identity}`)).toEqual(['text'])
    expect(await names(`value_search=deep&${identity}`)).toEqual([])
  })
})

describe('the number of segment overrides', () => {
  it('of an environment is on it, however it is read, and follows what is deleted', async () => {
    const path = `environments/${place.environment.api_key}/`
    const total = async (at: string) =>
      (await done(world.api<{ total_segment_overrides: number; uuid: string }>('GET', at)))
        .total_segment_overrides
    expect(await total(path)).toBe(3)
    const { uuid } = await done(world.api<{ uuid: string }>('GET', path))
    expect(await total(`environments/get-by-uuid/${uuid}/`)).toBe(3)
    expect(await total(`environments/${staging.api_key}/`)).toBe(0)
    await done(world.api('DELETE', `projects/${place.project.id}/segments/${segment.id}/`))
    expect(await total(path)).toBe(2)
    const [text] = await read(`environment=${place.environment.id}`)
    expect(text?.num_segment_overrides).toBe(1)
  })
})
