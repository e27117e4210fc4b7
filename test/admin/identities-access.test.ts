/** Who may see and change identities, and that every id in a path is held against its parent. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addMember,
  addUser,
  createWorld,
  done,
  type Page,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { grant } from '../support/grants.ts'
import {
  addIdentity,
  type Identity,
  identify,
  identitiesOf,
  type Trait,
} from '../support/identities.ts'
import { addColleague } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

type Owned = { place: Place; identity: Identity; trait: Trait; state: State; feature: number }

let world: World
let own: Owned

async function addOwned(of: World, at: Place): Promise<Owned> {
  const identity = await addIdentity(of, at)
  const base = `${identitiesOf(at)}${identity.id}/`
  const body = { trait_key: 'plan', string_value: 'gold' }
  const trait = await done(of.api<Trait>('POST', `${base}traits/`, body))
  const { feature } = await addState(of, at)
  const state = await done(of.api<State>('POST', `${base}featurestates/`, { feature }))
  return { place: at, identity, trait, state, feature }
}

beforeAll(async () => {
  world = await createWorld()
  own = await addOwned(world, await addEnvironment(world))
})

type Ids = { environment: string; identity: number; trait: number; state: number }

/** Every route below one identity, and what it would do. */
const routes = ({ environment, identity, trait, state }: Ids): [string, string, object?][] => {
  const base = `environments/${environment}/identities/${identity}/`
  return [
    ['GET', base],
    ['PUT', base, { identifier: 'taken over' }],
    ['PATCH', base, { identifier: 'taken over' }],
    ['DELETE', base],
    ['GET', `${base}traits/`],
    ['POST', `${base}traits/`, { trait_key: 'planted' }],
    ['GET', `${base}traits/${trait}/`],
    ['PUT', `${base}traits/${trait}/`, { string_value: 'changed' }],
    ['PATCH', `${base}traits/${trait}/`, { string_value: 'changed' }],
    ['DELETE', `${base}traits/${trait}/`],
    ['DELETE', `${base}traits/${trait}/?deleteAllMatchingTraits=true`],
    ['GET', `${base}featurestates/`],
    ['GET', `${base}featurestates/all/`],
    ['POST', `${base}featurestates/`, { feature: own.feature }],
    [
      'POST',
      `${base}featurestates/clone-from-given-identity/`,
      { source_identity_id: own.identity.id },
    ],
    ['GET', `${base}featurestates/${state}/`],
    ['PUT', `${base}featurestates/${state}/`, { enabled: true }],
    ['PATCH', `${base}featurestates/${state}/`, { enabled: true }],
    ['DELETE', `${base}featurestates/${state}/`],
  ]
}

const idsOf = ({ place, identity, trait, state }: Owned): Ids => ({
  environment: place.environment.api_key,
  identity: identity.id,
  trait: trait.id,
  state: state.id,
})

const lists = (): [string, string, object?][] => [
  ['GET', identitiesOf(own.place)],
  ['POST', identitiesOf(own.place), { identifier: 'planted' }],
]

describe('identities', () => {
  it('are nothing to strangers, and closed to a member who may only look', async () => {
    const other = await createWorld('Neighbours')
    const looker = await addColleague(world)
    const before = await dumpAtRest()
    for (const [method, path, body] of [...lists(), ...routes(idsOf(own))]) {
      expect((await world.api(method, path, body, other.keyAuth)).status).toBe(404)
      expect((await world.api(method, path, body, 'Token none')).status).toBe(401)
      expect((await world.api(method, path, body, looker.auth)).status).toBe(404)
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('are seen and changed by those who hold the permissions', async () => {
    const organisationId = world.organisation.id
    const at = {
      organisationId,
      projectId: own.place.project.id,
      environmentId: own.place.environment.id,
    }
    const statuses = async (...permissions: string[]): Promise<number[]> => {
      const person = await addUser(`${crypto.randomUUID()}@example.com`)
      await addMember(organisationId, person.id, 'USER')
      await grant({ ...at, userId: person.id, permissions: ['VIEW_ENVIRONMENT', ...permissions] })
      const trait = `${identitiesOf(own.place)}${own.identity.id}/traits/${own.trait.id}/`
      const body = { string_value: crypto.randomUUID() }
      const read = await world.api('GET', identitiesOf(own.place), undefined, person.auth)
      const written = await world.api('PUT', trait, body, person.auth)
      return [read.status, written.status]
    }
    expect(await statuses('UPDATE_FEATURE_STATE')).toEqual([403, 403])
    expect(await statuses('VIEW_IDENTITIES')).toEqual([200, 403])
    expect(await statuses('VIEW_IDENTITIES', 'MANAGE_IDENTITIES')).toEqual([200, 200])
  })

  it('of another environment are unknown below this one, with all they have', async () => {
    const neighbour = await addOwned(world, await addEnvironment(world, 'Other'))
    const here = idsOf(own)
    const there = idsOf(neighbour)
    const before = await dumpAtRest()
    for (const [method, path, body] of routes({ ...there, environment: here.environment })) {
      expect((await world.api(method, path, body)).status, `${method} ${path}`).toBe(404)
    }
    for (const [method, path, body] of routes({
      ...here,
      trait: there.trait,
      state: there.state,
    })) {
      if (!/(traits|featurestates)\/\d+\//.test(path)) continue
      expect((await world.api(method, path, body)).status, `${method} ${path}`).toBe(404)
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('of the same environment do not lend each other traits and states', async () => {
    const second = await addOwned(world, own.place)
    const mixed = { ...idsOf(own), trait: second.trait.id, state: second.state.id }
    const before = await dumpAtRest()
    for (const [method, path, body] of routes(mixed)) {
      if (!/(traits|featurestates)\/\d+\//.test(path)) continue
      expect((await world.api(method, path, body)).status, `${method} ${path}`).toBe(404)
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('are not found by what is no id, and never answer with a fault', async () => {
    const base = identitiesOf(own.place)
    for (const text of ['__proto__', '0', '-1', '1e3', '99999999999999999999', '%00', "1'--"]) {
      for (const path of [
        `${base}${text}/`,
        `${base}${text}/traits/`,
        `${base}${text}/featurestates/all/`,
        `${base}${own.identity.id}/traits/${text}/`,
        `${base}${own.identity.id}/featurestates/${text}/`,
      ]) {
        expect((await world.api('GET', path)).status, path).toBe(404)
        expect((await world.api('DELETE', path.replace('all/', '1/'))).status, path).not.toBe(500)
      }
    }
  })

  it('may be called anything that is text', async () => {
    for (const identifier of [
      '__proto__',
      'constructor',
      `'; DROP TABLE identities; --`,
      '"double" and \\ back',
      '%_[a]*?',
      '😀 größe 名前',
      'x'.repeat(2000),
      'line\nbreak\ttab',
    ]) {
      const made = await addIdentity(world, own.place, identifier)
      expect(made.identifier).toBe(identifier)
      const exact = `${identitiesOf(own.place)}?q=${encodeURIComponent(`"${identifier}"`)}`
      expect((await done(world.api<Page<Identity>>('GET', exact))).results).toEqual([made])
      const served = await identify(own.place, {
        identifier,
        traits: [{ trait_key: '__proto__', trait_value: 'x' }],
      })
      expect(served.traits).toHaveLength(1)
      const traits = `${identitiesOf(own.place)}${made.id}/traits/`
      expect((await done(world.api<Page<Trait>>('GET', traits))).results).toMatchObject([
        { trait_key: '__proto__', string_value: 'x' },
      ])
      expect((await world.api('DELETE', `${identitiesOf(own.place)}${made.id}/`)).status).toBe(204)
    }
  })
})
