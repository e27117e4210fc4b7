import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Page,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State, split } from '../support/flags.ts'
import { addIdentity, identify, identitiesOf, servedFlag, soon } from '../support/identities.ts'
import { readWithQueries } from '../support/queries.ts'
import { addSegment, lastEntries } from '../support/segments.ts'

type Override = State & { identity: number | null; uuid: string }

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

/** A path below an identity of its own. */
async function start() {
  const { id, identifier } = await addIdentity(world, place)
  return { id, identifier, list: `${identitiesOf(place)}${id}/featurestates/` }
}

describe("an identity's override", () => {
  it('is made with a scalar value, read, and served', async () => {
    const { feature, environment } = await addState(world, place)
    const { id, identifier, list } = await start()
    const body = { feature, enabled: true, feature_state_value: 42 }
    const { status, body: made } = await world.api<Override>('POST', list, body)
    expect(status).toBe(201)
    expect(made).toMatchObject({ ...body, environment, identity: id, feature_segment: null })
    expect(await done(world.api('GET', `${list}${made.id}/`))).toEqual(made)
    for (const query of ['', `?feature=${feature}`]) {
      const page = { count: 1, next: null, previous: null, results: [made] }
      expect(await done(world.api('GET', `${list}${query}`))).toEqual(page)
    }
    expect((await done(world.api<Page<Override>>('GET', `${list}?feature=987654`))).count).toBe(0)
    const served = () => servedFlag(place, identifier, feature)
    await expect.poll(served, soon).toMatchObject({ enabled: true, feature_state_value: 42 })
    const [entry] = await lastEntries(world, place, 1)
    expect(entry?.log).toMatch(
      new RegExp(`^Flag state / Remote config value updated for .* and identity '${identifier}'$`),
    )
  })

  it('changes without its feature being sent, and PATCH answers the whole of it', async () => {
    const { feature } = await addState(world, place)
    const { identifier, list } = await start()
    const made = await done(world.api<Override>('POST', list, { feature, enabled: true }))
    const path = `${list}${made.id}/`
    const put = { enabled: false, feature_state_value: 'mine' }
    expect(await done(world.api('PUT', path, put))).toMatchObject({ id: made.id, feature, ...put })
    const patched = await done(world.api<Override>('PATCH', path, { feature_state_value: true }))
    expect(patched).toMatchObject({
      ...made,
      enabled: false,
      feature_state_value: true,
      updated_at: expect.any(String),
    })
    const [entry] = await lastEntries(world, place, 1)
    expect(entry?.log).toMatch(
      new RegExp(`^Remote config value updated for identity override on .* '${identifier}'\\.$`),
    )
    expect(await world.api('PUT', path, { feature: feature + 1 })).toMatchObject({
      status: 400,
      body: { feature: ['Cannot change the feature of a feature state'] },
    })
  })

  it('shares out variants, within the whole', async () => {
    const state = await addState(world, place, split)
    const { list } = await start()
    const [first] = state.multivariate_feature_state_values
    const share = (percentage_allocation: number) => ({
      multivariate_feature_option: first?.multivariate_feature_option,
      percentage_allocation,
    })
    const body = { feature: state.feature, multivariate_feature_state_values: [share(80)] }
    const made = await done(world.api<Override>('POST', list, body))
    expect(made.multivariate_feature_state_values).toMatchObject([share(80), {}])
    const much = { multivariate_feature_state_values: [share(81)] }
    expect(await world.api('PUT', `${list}${made.id}/`, much)).toMatchObject({
      status: 400,
      body: {
        multivariate_feature_state_values: ['Multivariate percentage values exceed 100%.'],
      },
    })
  })

  it('exists once, for a feature of the project', async () => {
    const { feature } = await addState(world, place)
    const other = await addEnvironment(world, 'Foreign')
    const foreign = await addState(world, other)
    const { list } = await start()
    const post = (body: object) => world.api('POST', list, body)
    const twice = await Promise.all([post({ feature }), post({ feature }), post({ feature })])
    expect(twice.map(({ status }) => status).sort()).toEqual([201, 400, 400])
    expect(await post({})).toMatchObject({ status: 400, body: { detail: 'Feature not provided' } })
    expect(await post({ feature: foreign.feature })).toMatchObject({
      status: 400,
      body: { feature: ['Feature does not exist in project'] },
    })
    expect(await post({ feature, feature_state_value: ['x'] })).toMatchObject({
      status: 400,
      body: { feature_state_value: [expect.any(String)] },
    })
  })

  it('goes, and the environment decides again', async () => {
    const { feature } = await addState(world, place)
    const { identifier, list } = await start()
    const made = await done(world.api<Override>('POST', list, { feature, enabled: true }))
    expect(await world.api('DELETE', `${list}${made.id}/`)).toMatchObject({ status: 204 })
    expect((await world.api('DELETE', `${list}${made.id}/`)).status).toBe(404)
    const served = () => servedFlag(place, identifier, feature)
    await expect.poll(served, soon).toMatchObject({ enabled: false })
  })
})

type Decided = { feature: { id: number; name: string; type: string }; overridden_by: string | null }

describe('all features of an identity', () => {
  it('come as the engine decides them, with what overrides them', async () => {
    const at = await addEnvironment(world, 'Decided')
    const own = await addState(world, at)
    const bySegment = await addState(world, at, split)
    const plain = await addState(world, at)
    const segment = await addSegment(world, at)
    const ofSegment = {
      enabled: true,
      feature_state_value: { type: 'int', integer_value: 7 },
      feature_segment: { segment: segment.id },
      multivariate_feature_state_values: bySegment.multivariate_feature_state_values.map(
        ({ multivariate_feature_option }) => ({
          multivariate_feature_option,
          percentage_allocation: 0,
        }),
      ),
    }
    const environment = `environments/${at.environment.api_key}`
    const path = `${environment}/features/${bySegment.feature}/create-segment-override/`
    await done(world.api('POST', path, ofSegment))
    const { id, identifier } = await addIdentity(world, at)
    await identify(at, { identifier, traits: [{ trait_key: 'plan', trait_value: 'gold' }] })
    const list = `${identitiesOf(at)}${id}/featurestates/`
    await done(world.api('POST', list, { feature: own.feature, feature_state_value: 'mine' }))
    const read = await readWithQueries<Decided[]>(`${list}all/`, world.keyAuth)
    const feature = (of: State, type = 'STANDARD') => ({
      id: of.feature,
      name: expect.any(String),
      type,
    })
    const free = { multivariate_feature_state_values: [], segment: null }
    const shares = ofSegment.multivariate_feature_state_values
    expect(read.body).toEqual([
      {
        ...free,
        feature: feature(own),
        enabled: false,
        feature_state_value: 'mine',
        overridden_by: 'IDENTITY',
      },
      {
        feature: feature(bySegment, 'MULTIVARIATE'),
        enabled: true,
        feature_state_value: 7,
        overridden_by: 'SEGMENT',
        segment: { id: segment.id, name: segment.name },
        multivariate_feature_state_values: shares.map((share) => {
          return { ...share, id: expect.any(Number) }
        }),
      },
      {
        ...free,
        feature: feature(plain),
        enabled: false,
        feature_state_value: 'blue',
        overridden_by: null,
      },
    ])
    for (let n = 0; n < 5; n++) await addState(world, at)
    const more = await readWithQueries<Decided[]>(`${list}all/`, world.keyAuth)
    expect(more.body).toHaveLength(8)
    expect(more.statements).toHaveLength(read.statements.length)
  })
})

describe('cloning the overrides of another identity', () => {
  it('copies, replaces, leaves alike and takes away, each told in the log', async () => {
    const at = await addEnvironment(world, 'Cloned')
    const [copied, replaced, alike, gone] = [
      await addState(world, at, split),
      await addState(world, at),
      await addState(world, at),
      await addState(world, at),
    ]
    const [source, target] = [await addIdentity(world, at), await addIdentity(world, at)]
    const path = (id: number) => `${identitiesOf(at)}${id}/featurestates/`
    const add = (id: number, of: State, value: string) =>
      done(
        world.api<Override>('POST', path(id), {
          feature: of.feature,
          enabled: true,
          feature_state_value: value,
        }),
      )
    for (const of of [copied, replaced, alike]) await add(source.id, of, 'source')
    const before = await add(target.id, replaced, 'target')
    const same = await add(target.id, alike, 'source')
    await add(target.id, gone, 'target')

    const url = `${path(target.id)}clone-from-given-identity/`
    const body = { source_identity_id: source.id }
    const { status, body: decided } = await world.api<Decided[]>('POST', url, body)
    expect(status).toBe(200)
    const overridden = ['IDENTITY', 'IDENTITY', 'IDENTITY', null]
    expect(decided.map((one) => one.overridden_by)).toEqual(overridden)
    const { results } = await done(world.api<Page<Override>>('GET', path(target.id)))
    const told = results.map(({ id, feature, feature_state_value: value }) => [feature, value, id])
    expect(told).toEqual([
      [replaced.feature, 'source', before.id],
      [alike.feature, 'source', same.id],
      [copied.feature, 'source', expect.any(Number)],
    ])
    expect(results[2]?.multivariate_feature_state_values).toMatchObject([
      { percentage_allocation: 30 },
      { percentage_allocation: 20 },
    ])
    const entries = await lastEntries(world, at, 4)
    expect(entries.map(({ action }) => action)).toEqual([
      'feature-state.created',
      'feature-state.created',
      'feature-state.updated',
      'feature-state.deleted',
    ])
    expect(entries[2]).toMatchObject({
      before: { string_value: 'target' },
      after: { string_value: 'source' },
    })
    await done(world.api('POST', url, body))
    expect(await lastEntries(world, at, 4)).toEqual(entries)
  })

  it('knows identities of the environment only', async () => {
    const { list } = await start()
    const other = await addEnvironment(world, 'Elsewhere')
    const foreign = await addIdentity(world, other)
    const url = `${list}clone-from-given-identity/`
    for (const id of [foreign.id, 987_654]) {
      expect(await world.api('POST', url, { source_identity_id: id })).toMatchObject({
        status: 400,
        body: { source_identity_id: [`Invalid pk "${id}" - object does not exist.`] },
      })
    }
    expect((await world.api('POST', url, {})).body).toEqual({
      source_identity_id: ['This field is required.'],
    })
  })
})
