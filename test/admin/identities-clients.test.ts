/** What the CLI and the Terraform client library do with identities: contract §A.2.3 and §A.1.3. */
import { beforeAll, expect, it } from 'vitest'
import {
  addEnvironment,
  api,
  createWorld,
  done,
  type Page,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { type Identity, identitiesOf, servedFlag, soon, type Trait } from '../support/identities.ts'

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = identitiesOf(place)
})

const call = <T>(method: string, path: string, body?: unknown) =>
  done(api<T>(method, path, body, world.keyAuth))

it('the CLI overrides a flag for one identity, changes and resets it', async () => {
  const { feature } = await addState(world, place)
  const identifier = 'ada "the first"@example.com'
  const exact = `${list}?q=${encodeURIComponent(`"${identifier}"`)}&page_size=999`
  expect((await call<Page<Identity>>('GET', exact)).results).toEqual([])
  const made = await call<Identity>('POST', list, { identifier })
  expect((await call<Page<Identity>>('GET', exact)).results).toEqual([made])

  const states = `${list}${made.id}/featurestates/`
  const ofFeature = `${states}?feature=${feature}&page_size=999`
  expect((await call<Page<State>>('GET', ofFeature)).results).toEqual([])
  const body = { feature, enabled: true, feature_state_value: 'red' }
  const override = await call<State>('POST', states, body)
  expect((await call<Page<State>>('GET', ofFeature)).results).toMatchObject([
    { id: override.id, ...body },
  ])
  const served = () => servedFlag(place, identifier, feature)
  await expect.poll(served, soon).toMatchObject({ enabled: true, feature_state_value: 'red' })

  const put = { enabled: false, feature_state_value: 'green' }
  expect(await call('PUT', `${states}${override.id}/`, put)).toMatchObject({ feature, ...put })
  await expect.poll(served, soon).toMatchObject(put)
  const overrides = `environments/${place.environment.api_key}/featurestates/?anyIdentity=1`
  expect((await call<Page<State>>('GET', `${overrides}&feature=${feature}`)).results).toMatchObject(
    [{ identity: { identifier }, ...put }],
  )

  await call('DELETE', `${states}${override.id}/`)
  await expect.poll(served, soon).toMatchObject({ enabled: false, feature_state_value: 'blue' })
})

it("Terraform's client library manages identities and traits", async () => {
  const made = await call<Identity>('POST', list, { identifier: 'terraformed' })
  expect(await call('GET', `${list}${made.id}/`)).toEqual(made)
  const traits = `${list}${made.id}/traits/`
  const sent = { trait_key: 'plan', value_type: 'unicode', string_value: 'gold' }
  const trait = await call<Trait>('POST', traits, sent)
  // Go's encoder leaves false out.
  const off = await call<Trait>('POST', traits, { trait_key: 'beta', value_type: 'bool' })
  expect((await call<Page<Trait>>('GET', traits)).results).toEqual([trait, off])
  expect(off).toMatchObject({ value_type: 'bool', boolean_value: false })
  const change = { ...sent, id: trait.id, string_value: 'silver' }
  expect(await call('PUT', `${traits}${trait.id}/`, change)).toMatchObject(change)
  await call('DELETE', `${traits}${trait.id}/`)
  expect((await call<Page<Trait>>('GET', traits)).results).toEqual([off])
  await call('DELETE', `${list}${made.id}/`)
  expect((await api('GET', `${list}${made.id}/`, undefined, world.keyAuth)).status).toBe(404)
})
