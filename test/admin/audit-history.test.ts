/** The history of one flag, and the log as events of Flipt. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addUser,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State, split } from '../support/flags.ts'
import { grant } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { addSegment } from '../support/segments.ts'

type Entry = { sequence: number; action: string; log: string; resource: { name: string } }
type Page = { results: Entry[]; next: string | null; previous: string | null }

let world: World
let foreign: World
let place: Place
let other: Place
let state: State

beforeAll(async () => {
  world = await createWorld('History')
  foreign = await createWorld('Foreign history')
  place = await addEnvironment(world, 'Shop')
  other = await addEnvironment(world, 'Other')
  state = await addState(world, place, { name: 'banner', ...split })
  await addState(world, place, { name: 'neighbour' })
  const environment = place.environment.id
  const segment = await addSegment(world, place, { name: 'gold' })
  const link = { feature: state.feature, segment: segment.id, environment }
  const { id } = await done(
    world.api<{ id: number }>('POST', 'features/feature-segments/', { ...link, priority: 0 }),
  )
  await done(
    world.api('POST', `environments/${place.environment.api_key}/featurestates/`, {
      feature: state.feature,
      feature_segment: id,
      enabled: true,
    }),
  )
  const feature = `projects/${place.project.id}/features/${state.feature}/`
  await done(world.api('PUT', feature, { description: 'Hello' }))
  await done(
    world.api('POST', `${feature}mv-options/`, {
      string_value: 'c',
      default_percentage_allocation: 10,
    }),
  )
  await done(world.api('DELETE', `features/feature-segments/${id}/`))
})

const pathOf = (at: Place, feature: number) =>
  `projects/${at.project.id}/features/${feature}/history/`
const read = (query = '') =>
  done(world.api<Page>('GET', `${pathOf(place, state.feature)}?${query}`))

describe('the history of a flag', () => {
  it('has the entries of the feature, its states, options and overrides, newest first', async () => {
    const { results } = await read()
    expect(results.every(({ resource }) => resource.name === 'banner')).toBe(true)
    const actions = results.map(({ action }) => action)
    for (const action of [
      'feature.created',
      'feature.updated',
      'feature-state.created',
      'feature-segment.created',
      'feature-segment.deleted',
      'multivariate-option.created',
    ]) {
      expect(actions).toContain(action)
    }
    const sequences = results.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...sequences].sort((a, b) => b - a))
    const all = `organisations/${world.organisation.id}/audit/entries/?flag=banner`
    const native = (await done(world.api<Page>('GET', all))).results
    expect(native.map(({ sequence }) => sequence)).toEqual(sequences)
    expect(native[0]).toHaveProperty('source')
    expect(results[0]).not.toHaveProperty('source')
  })

  it('comes in pages', async () => {
    const { results } = await read()
    const seen: Entry[] = []
    let query = 'limit=2'
    for (;;) {
      const page = await read(query)
      seen.push(...page.results)
      if (page.next === null) break
      query = `limit=2&after=${page.next}`
    }
    expect(seen).toEqual(results)
    expect((await read('order=asc')).results).toEqual(results.toReversed())
    for (const wrong of ['limit=0', 'after=x', 'order=x']) {
      const path = `${pathOf(place, state.feature)}?${wrong}`
      expect((await world.api('GET', path)).status).toBe(400)
    }
  })

  it('outlives the flag', async () => {
    const { feature } = await addState(world, place, { name: 'mortal' })
    await done(world.api('DELETE', `projects/${place.project.id}/features/${feature}/`))
    const { results } = await done(world.api<Page>('GET', pathOf(place, feature)))
    expect(results.map(({ action }) => action)).toEqual([
      'feature-state.deleted',
      'feature.deleted',
      'feature-state.created',
      'feature.created',
    ])
  })

  it('is for those who may view the log of its own project', async () => {
    const stranger = await addUser('stranger-of-history@example.com')
    const viewer = await addColleague(world)
    const auditor = await addColleague(world)
    const at = { organisationId: world.organisation.id, projectId: place.project.id }
    await grant({ ...at, userId: viewer.id, permissions: ['VIEW_PROJECT'] })
    await grant({ ...at, userId: auditor.id, permissions: ['VIEW_PROJECT', 'VIEW_AUDIT_LOG'] })
    for (const [auth, status] of [
      [stranger.auth, 404],
      [foreign.keyAuth, 404],
      [viewer.auth, 403],
      [auditor.auth, 200],
      [world.keyAuth, 200],
    ] as const) {
      const path = pathOf(place, state.feature)
      expect((await world.api('GET', path, undefined, auth)).status).toBe(status)
    }
    for (const path of [
      pathOf(other, state.feature),
      pathOf(place, 0),
      pathOf(place, 999_999_999),
    ]) {
      expect((await world.api('GET', path)).status).toBe(404)
    }
  })
})

describe('events of Flipt', () => {
  type Event = { version: string; type: string; action: string; payload: object }
  const events = async (query: string) => {
    const path = `organisations/${world.organisation.id}/audit/entries/?limit=1000&${query}`
    return (await done(world.api<{ results: Event[] }>('GET', path))).results
  }
  const kinds = (of: Event[]) => new Set(of.map(({ type, action }) => `${type}:${action}`))

  it('are the same entries, and their filter has Flipt’s words', async () => {
    const all = await events('format=flipt')
    expect(all.length).toBe((await events('')).length)
    expect(all.every(({ version }) => version === '0.2')).toBe(true)
    expect(kinds(all)).toContain('rule:created')
    for (const [pattern, holds] of [
      ['flag:*', ({ type }: Event) => type === 'flag'],
      ['rule:created', ({ type, action }: Event) => type === 'rule' && action === 'created'],
      ['*:deleted', ({ action }: Event) => action === 'deleted'],
      ['*:*', () => true],
      ['rollout:*', ({ type }: Event) => type === 'rollout'],
      ['nothing:*', () => false],
    ] as const) {
      expect(await events(`format=flipt&event=${pattern}`)).toEqual(all.filter(holds))
      expect((await events(`event=${pattern}`)).length).toBe(all.filter(holds).length)
    }
  })
})
