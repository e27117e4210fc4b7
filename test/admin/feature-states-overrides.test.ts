/** Overrides through the routes of an environment's states: contract admin-api §B.6, family (1). */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Page,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { addIdentity } from '../support/identities.ts'
import { addSegment } from '../support/segments.ts'

type Override = State & { identity: number | null; feature_segment: number | null }

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `environments/${place.environment.api_key}/featurestates/`
})

const post = (body: object) => world.api<Override>('POST', list, body)

async function addLink(feature: number) {
  const segment = await addSegment(world, place)
  const body = { feature, segment: segment.id, environment: place.environment.id }
  return done(world.api<{ id: number }>('POST', 'features/feature-segments/', body))
}

describe("an environment's override", () => {
  it('is made with a scalar value, of a segment or of an identity', async () => {
    const { feature } = await addState(world, place)
    const link = await addLink(feature)
    const { id, identifier } = await addIdentity(world, place)
    const body = { feature, enabled: true, feature_state_value: 'other' }
    const ofSegment = await post({ ...body, feature_segment: link.id })
    expect(ofSegment).toMatchObject({
      status: 201,
      body: { ...body, feature_segment: link.id, identity: null },
    })
    const ofIdentity = await post({ ...body, identifier })
    expect(ofIdentity).toMatchObject({ status: 201, body: { ...body, identity: id } })
    const { results } = await done(world.api<Page<State>>('GET', `${list}?feature=${feature}`))
    expect(results).toMatchObject([{ feature_segment: null, identity: null, enabled: false }])
    const identities = `${list}?anyIdentity=1&feature=${feature}`
    expect((await done(world.api<Page<State>>('GET', identities))).results).toMatchObject([
      { id: ofIdentity.body.id, identity: { id, identifier }, feature_state_value: 'other' },
    ])
  })

  it('is refused where it is there already, or whose it is remains unsaid', async () => {
    const { feature } = await addState(world, place)
    const { id } = await addIdentity(world, place)
    await done(post({ feature, identity: id }))
    const wrong: [object, object][] = [
      [{ feature, identity: id }, { non_field_errors: [expect.stringContaining('already')] }],
      [{ feature }, { non_field_errors: [expect.stringContaining('name one of them')] }],
      [{ identity: id }, { detail: 'Feature not provided' }],
      [{ feature, identity: 987_654 }, { identity: ['Identity does not exist in environment.'] }],
      [
        { feature, feature_segment: 987_654 },
        { feature_segment: ['Feature Segment does not belong to environment.'] },
      ],
    ]
    for (const [body, errors] of wrong) {
      expect(await post(body)).toMatchObject({ status: 400, body: errors })
    }
  })

  it("is deleted, that of a segment with its link, and the environment's own state is not", async () => {
    const state = await addState(world, place)
    const { feature } = state
    const link = await addLink(feature)
    const { id } = await addIdentity(world, place)
    const ofSegment = await done(post({ feature, feature_segment: link.id }))
    const ofIdentity = await done(post({ feature, identity: id }))
    for (const override of [ofSegment, ofIdentity]) {
      expect((await world.api('DELETE', `${list}${override.id}/`)).status).toBe(204)
      expect((await world.api('DELETE', `${list}${override.id}/`)).status).toBe(404)
    }
    expect((await world.api('GET', `features/feature-segments/${link.id}/`)).status).toBe(404)
    expect(await world.api('DELETE', `${list}${state.id}/`)).toMatchObject({
      status: 400,
      body: { non_field_errors: ["An environment's own state cannot be deleted."] },
    })
    expect((await world.api('GET', `${list}${state.id}/`)).status).toBe(200)
    const other = await addEnvironment(world, 'Elsewhere')
    const elsewhere = `environments/${other.environment.api_key}/featurestates/${state.id}/`
    expect((await world.api('DELETE', elsewhere)).status).toBe(404)
  })
})
