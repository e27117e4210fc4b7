/** Every row of contract admin-api §A.2.3 about what flags are worth, as the command line calls it. */
import { beforeAll, describe, expect, it } from 'vitest'
import { createWorld } from '../support/admin.ts'
import { type Cli, createCli } from '../support/cli.ts'
import { type Flag, text } from '../support/future.ts'
import { equals, rulesOf } from '../support/segments.ts'

type Made = { id: number; name: string }
type Environment = Made & { api_key: string }

let cli: Cli
let project: Made & { use_edge_identities: boolean }
let environment: Environment

const named = (set: object = {}) => ({ name: crypto.randomUUID(), ...set })

beforeAll(async () => {
  const world = await createWorld()
  cli = createCli(world.keyAuth)
  const organisation = world.organisation.id
  project = await cli.write('POST', 'projects/', named({ organisation }))
  environment = await cli.write('POST', 'environments/', named({ project: project.id }))
})

const addFeature = (set: object = {}) =>
  cli.write<Made>(
    'POST',
    `projects/${project.id}/features/`,
    named({ initial_value: 'blue', ...set }),
  )

const addSegment = () => {
  const rules = rulesOf(equals('plan', 'gold'))
  return cli.write<Made>('POST', `projects/${project.id}/segments/`, named({ rules }))
}

const future = (feature: number) =>
  `/api/__future__/environments/${environment.api_key}/features/${feature}/`

/** A feature that is golden for a segment. */
async function overridden() {
  const [feature, segment] = [await addFeature(), await addSegment()]
  const override = { segment: { id: segment.id }, enabled: true, value: text('golden') }
  await cli.write('PATCH', future(feature.id), { segment_overrides: [override] })
  return { feature, segment }
}

it('flag list shows what features are in an environment and in a segment', async () => {
  const { feature, segment } = await overridden()
  const other = await addFeature()
  const path = `projects/${project.id}/features/?environment=${environment.id}`
  const listed = await cli.list<Made>(`${path}&segment=${segment.id}`)
  expect(listed.find(({ id }) => id === feature.id)).toMatchObject({
    name: feature.name,
    num_segment_overrides: 1,
    num_identity_overrides: 0,
    environment_feature_state: { enabled: false, feature_state_value: 'blue' },
    segment_feature_state: { enabled: true, feature_state_value: 'golden' },
  })
  expect(listed.find(({ id }) => id === other.id)).toMatchObject({ segment_feature_state: null })
  const searched = await cli.list<Made>(`${path}&search=${feature.name}`)
  expect(searched.map(({ id }) => id)).toEqual([feature.id])
})

it('flag get reads links and states, whole lists of them', async () => {
  const multivariate_options = [{ string_value: 'a', default_percentage_allocation: 25 }]
  const feature = await addFeature({ multivariate_options })
  const at = `environment=${environment.id}&feature=${feature.id}`
  const segments = [await addSegment(), await addSegment()]
  const segment_overrides = segments.map(({ id }) => ({ segment: { id } }))
  await cli.write('PATCH', future(feature.id), { segment_overrides })
  const links = await cli.list<{ id: number }>(`features/feature-segments/?${at}`)
  expect(links).toMatchObject(
    segments.map(({ id, name }, priority) => ({
      id: expect.any(Number),
      segment: id,
      segment_name: name,
      priority,
    })),
  )
  for (const pageSize of [999, 1]) {
    const states = await cli.list<object>(`features/featurestates/?${at}`, pageSize)
    expect(states).toMatchObject(
      [null, ...links.map(({ id }) => id)].map((feature_segment) => ({
        id: expect.any(Number),
        enabled: false,
        feature_segment,
        identity: null,
        feature_state_value: { type: 'unicode', string_value: 'blue' },
        multivariate_feature_state_values: [
          { multivariate_feature_option: expect.any(Number), percentage_allocation: 25 },
        ],
      })),
    )
  }
})

describe('flag update', () => {
  it('switches, sets values of every type, overrides and moves', async () => {
    const feature = await addFeature()
    const [a, b] = [await addSegment(), await addSegment()]
    const path = future(feature.id)
    for (const value of [
      { type: 'integer', value: '7' },
      { type: 'boolean', value: 'true' },
      text('red'),
    ]) {
      const own = { enabled: true, value }
      const flag = await cli.write<Flag>('PATCH', path, { environment_default: own })
      expect(flag.environment_default).toEqual({ ...own, variants: [] })
    }
    for (const { id } of [a, b]) {
      const override = { segment: { id }, priority: 0, enabled: false, value: text('grey') }
      await cli.write('PATCH', path, { segment_overrides: [override] })
    }
    const moved = { segment_overrides: [{ segment: { id: a.id }, priority: 0 }] }
    const flag = await cli.write<Flag>('PATCH', path, moved)
    expect(flag.segment_overrides).toEqual(
      [a, b].map(({ id }, priority) => ({
        segment: { id },
        priority,
        enabled: false,
        value: text('grey'),
        variants: [],
      })),
    )
  })

  it('tells what is wrong, and every 404 says of what', async () => {
    const feature = await addFeature()
    const unknown = { segment_overrides: [{ segment: { id: 987_654 } }] }
    const failure = await cli.failureOf(cli.write('PATCH', future(feature.id), unknown))
    expect(failure).toMatchObject({ status: 400, message: 'Segment not found.' })
    expect(await cli.failureOf(cli.write('PATCH', future(987_654), {}))).toMatchObject({
      status: 404,
      message: 'Feature not found.',
    })
  })
})

it('an override of a segment is deleted: the flag is answered, and a second time it is missing', async () => {
  const { feature, segment } = await overridden()
  const path = `${future(feature.id)}segment-overrides/${segment.id}/`
  expect(await cli.write<Flag>('DELETE', path)).toEqual({
    environment_default: { enabled: false, value: text('blue'), variants: [] },
    segment_overrides: [],
  })
  expect(await cli.failureOf(cli.write('DELETE', path))).toMatchObject({
    status: 404,
    message: 'Segment override not found.',
  })
})

it('an identity is found or made, overridden, changed, listed and freed', async () => {
  expect(project.use_edge_identities).toBe(false)
  const feature = await addFeature()
  const identifier = `person "${crypto.randomUUID()}" & co`
  const identities = `environments/${environment.api_key}/identities/`
  const find = () =>
    cli.list<{ id: number }>(`${identities}?q=${encodeURIComponent(`"${identifier}"`)}`)
  expect(await find()).toEqual([])
  const made = await cli.write<{ id: number }>('POST', identities, { identifier })
  await cli.write('POST', identities, { identifier: `${identifier}!` })
  expect(await find()).toMatchObject([{ id: made.id, identifier }])
  const states = `${identities}${made.id}/featurestates/`
  const own = () => cli.list<{ id: number }>(`${states}?feature=${feature.id}`)
  expect(await own()).toEqual([])
  const body = { feature: feature.id, enabled: true, feature_state_value: 7 }
  const state = await cli.write<{ id: number }>('POST', states, body)
  expect(state).toMatchObject({ id: expect.any(Number), ...body })
  const changes = { enabled: false, feature_state_value: 'eight' }
  expect(await cli.write('PUT', `${states}${state.id}/`, changes)).toMatchObject(changes)
  expect(await own()).toMatchObject([{ id: state.id, feature: feature.id, ...changes }])
  const overrides = `environments/${environment.api_key}/featurestates/?anyIdentity=1`
  expect(await cli.list(`${overrides}&feature=${feature.id}`)).toMatchObject([
    { identity: { identifier }, ...changes },
  ])
  await cli.remove(`${states}${state.id}/`)
  expect(await own()).toEqual([])
})

it('evaluates by the key of the environment: flags, an identity, and the document', async () => {
  const { feature } = await overridden()
  type Served = { feature: { name: string }; enabled: boolean; feature_state_value: unknown }
  const of = (flags: Served[]) => flags.find((flag) => flag.feature.name === feature.name)
  const keys = `environments/${environment.api_key}/api-keys/`
  const { key } = await cli.write<{ key: string }>('POST', keys, named())
  const blue = { enabled: false, feature_state_value: 'blue' }
  await expect
    .poll(async () => of(await cli.evaluate<Served[]>(environment.api_key, 'flags/')), {
      timeout: 5_000,
    })
    .toMatchObject(blue)
  const gold = { identifier: 'gold', traits: [{ trait_key: 'plan', trait_value: 'gold' }] }
  const golden = { enabled: true, feature_state_value: 'golden' }
  await expect
    .poll(
      async () =>
        of(
          (await cli.evaluate<{ flags: Served[] }>(environment.api_key, 'identities/', gold)).flags,
        ),
      { timeout: 5_000 },
    )
    .toMatchObject(golden)
  await expect
    .poll(() => cli.evaluate<{ api_key: string }>(key, 'environment-document/').catch(() => null), {
      timeout: 5_000,
    })
    .toMatchObject({ api_key: environment.api_key })
})
