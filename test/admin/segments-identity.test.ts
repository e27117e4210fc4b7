/** `projects/{p}/segments/?identity=`: the segments that an identity is in. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Page,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { addIdentity, identify } from '../support/identities.ts'
import { readWithQueries } from '../support/queries.ts'
import { addSegment, equals, rulesOf, type Segment } from '../support/segments.ts'

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/segments/`
})

describe('the segments of an identity', () => {
  it('are those that its stored traits bring it into', async () => {
    const gold = await addSegment(world, place, { name: 'gold' })
    await addSegment(world, place, { name: 'silver', rules: rulesOf(equals('plan', 'silver')) })
    const adult = { operator: 'GREATER_THAN_INCLUSIVE', property: 'age', value: '18' }
    const adults = await addSegment(world, place, { name: 'adults', rules: rulesOf(adult) })
    const { feature } = await addState(world, place)
    const special = await addSegment(world, place, { name: 'special', feature })
    const [ada, bob] = [await addIdentity(world, place), await addIdentity(world, place)]
    const traits = [
      { trait_key: 'plan', trait_value: 'gold' },
      { trait_key: 'age', trait_value: 18 },
    ]
    await identify(place, { identifier: ada.identifier, traits })
    const found = async (query: string) =>
      (await done(world.api<Page<Segment>>('GET', `${list}?identity=${query}`))).results.map(
        ({ id }) => id,
      )
    expect(await found(`${ada.id}`)).toEqual([gold.id, adults.id])
    expect(await found(`${ada.id}&q=gol`)).toEqual([gold.id])
    const all = [gold.id, adults.id, special.id]
    expect(await found(`${ada.id}&include_feature_specific=true`)).toEqual(all)
    expect(await found(`${bob.id}`)).toEqual([])
    const paged = `${list}?identity=${ada.id}&page_size=1&page=2`
    expect(await done(world.api<Page<Segment>>('GET', paged))).toMatchObject({
      count: 2,
      next: null,
      previous: expect.any(String),
      results: [{ id: adults.id }],
    })
  })

  it('take as many queries for many segments as for few', async () => {
    const at = await addEnvironment(world, 'Many')
    const identity = await addIdentity(world, at)
    const path = `projects/${at.project.id}/segments/?identity=${identity.id}`
    const everybody = { rules: [{ type: 'NONE', rules: [], conditions: [equals('plan', 'x')] }] }
    const read = () => readWithQueries<Page<Segment>>(path, world.keyAuth)
    await addSegment(world, at, everybody)
    const few = await read()
    for (let n = 0; n < 6; n++) await addSegment(world, at, everybody)
    const many = await read()
    expect([few.body.count, many.body.count]).toEqual([1, 7])
    expect(many.statements).toHaveLength(few.statements.length)
  })

  it('are asked for by the id of an identity of the project', async () => {
    const other = await addEnvironment(world, 'Other')
    const foreign = await addIdentity(world, other)
    for (const id of [foreign.id, 987_654]) {
      expect(await world.api('GET', `${list}?identity=${id}`)).toMatchObject({
        status: 400,
        body: { identity: [`Invalid pk "${id}" - object does not exist.`] },
      })
    }
    expect((await world.api('GET', `${list}?identity=ada`)).body).toEqual({
      identity: ['A valid integer is required.'],
    })
  })

  it('have no members to list', async () => {
    const segment = await addSegment(world, place)
    const { status, body } = await world.api('GET', `${list}${segment.id}/members/`)
    expect([status, body]).toEqual([404, { detail: expect.any(String) }])
  })
})
