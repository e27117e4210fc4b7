/** What is read of an environment beside its settings: document, metrics, names of traits. */
import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Env } from '../../src/env.ts'
import { listTraitKeys } from '../../src/storage/trait-keys.ts'
import {
  addEnvironment,
  addMember,
  addUser,
  api,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { addColleague } from '../support/people.ts'
import { addSegment, lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

vi.setConfig({ testTimeout: 20_000 })

let world: World
let place: Place
let path: string
let serverKey: string

const sdk = (at: string, init: RequestInit & { key: string }) =>
  exports.default.fetch(
    new Request(`http://localhost/api/v1/${at}`, {
      ...init,
      headers: { 'X-Environment-Key': init.key, 'Content-Type': 'application/json' },
    }),
  )

const identify = (identifier: string, traits: Record<string, unknown>) =>
  sdk('identities/', {
    key: place.environment.api_key,
    method: 'POST',
    body: JSON.stringify({
      identifier,
      traits: Object.entries(traits).map(([trait_key, trait_value]) => ({
        trait_key,
        trait_value,
      })),
    }),
  })

/** Two features of which one is on, a segment override, two identities, of which one is overridden. */
beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  path = `environments/${place.environment.api_key}/`
  const state = await addState(world, place, { default_enabled: true })
  await addState(world, place, { initial_value: 'größer' })
  const segment = await addSegment(world, place)
  const override = `${path}features/${state.feature}/create-segment-override/`
  await done(
    world.api('POST', override, { feature_segment: { segment: segment.id }, enabled: true }),
  )
  expect((await identify('ann', { plan: 'gold', 'last name': 'x' })).status).toBe(200)
  expect((await identify('bob', { plan: 'silver', age: 7 })).status).toBe(200)
  const { feature, environment } = state
  const body = { feature, environment, identifier: 'ann', enabled: false }
  await done(world.api('POST', 'features/featurestates/', body))
  const made = world.api<{ key: string }>('POST', `${path}api-keys/`, { name: 'backend' })
  serverKey = (await done(made)).key
})

async function textOf(answer: Response): Promise<string> {
  expect(answer.status).toBe(200)
  return answer.text()
}

describe('document/', () => {
  const admin = () =>
    exports.default.fetch(`http://localhost/api/v1/${path}document/`, {
      headers: { Authorization: world.auth },
    })

  it('is to the byte what SDKs get, identity overrides included', async () => {
    const key = { key: serverKey }
    await vi.waitFor(
      async () => {
        const ofSdk = await textOf(await sdk('environment-document/', key))
        expect(await textOf(await admin())).toBe(ofSdk)
        expect(ofSdk).toContain('"identifier":"ann"')
        expect(ofSdk).toContain('gr\\u00f6\\u00dfer')
      },
      { timeout: 8_000, interval: 200 },
    )
    expect((await admin()).headers.get('Content-Type')).toBe('application/json')
    expect((await admin()).headers.get('Cache-Control')).toContain('no-store')
  })

  it('shows a change at once', async () => {
    await done(world.api('PATCH', path, { name: 'Renamed' }))
    expect(await done(world.api('GET', `${path}document/`))).toMatchObject({ name: 'Renamed' })
    await done(world.api('PATCH', path, { name: 'Production' }))
  })
})

describe('metrics/', () => {
  it('counts what there is', async () => {
    const { metrics } = await done(
      world.api<{ metrics: { name: string; value: number; rank: number }[] }>(
        'GET',
        `${path}metrics/`,
      ),
    )
    expect(metrics.map(({ name, value, rank }) => [rank, name, value])).toEqual([
      [1, 'total_features', 2],
      [2, 'enabled_features', 1],
      [3, 'segment_overrides', 1],
      [4, 'identity_overrides', 1],
    ])
    for (const metric of metrics) {
      expect(metric).toMatchObject({ description: expect.any(String), entity: expect.any(String) })
    }
  })

  it('counts nothing in an empty environment', async () => {
    const empty = await addEnvironment(world, 'Empty')
    const at = `environments/${empty.environment.api_key}/metrics/`
    const { metrics } = await done(world.api<{ metrics: { value: number }[] }>('GET', at))
    expect(metrics.map(({ value }) => value)).toEqual([0, 0, 0, 0])
  })
})

describe('what Burgee does not have', () => {
  it('is said so: lifecycle, first evaluations, feature versioning', async () => {
    const { id, api_key } = place.environment
    const counts = await world.api('GET', `environments/${id}/feature-lifecycle-counts/`)
    expect(counts).toMatchObject({
      status: 404,
      body: { detail: 'The lifecycle of features is not available.' },
    })
    for (const key of [api_key, 'no-such-key']) {
      const status = await api('GET', `environments/${key}/onboarding-status/`)
      expect(status).toMatchObject({
        status: 404,
        body: { detail: 'First evaluations are not recorded.' },
      })
    }
    for (const action of ['enable', 'disable']) {
      expect(await world.api('POST', `${path}${action}-v2-versioning/`, {})).toMatchObject({
        status: 400,
        body: { detail: 'Feature versioning v2 is not available.' },
      })
    }
    const shown = await done(world.api('GET', path))
    expect(shown).toMatchObject({ use_v2_feature_versioning: false })
  })
})

describe('traits by name', () => {
  const keys = async () =>
    (await done(world.api<{ keys: string[] }>('GET', `${path}trait-keys/`))).keys

  it('are listed once each, those of this environment only', async () => {
    expect(await keys()).toEqual(['age', 'last name', 'plan'])
    const other = await addEnvironment(world, 'Elsewhere')
    const at = `environments/${other.environment.api_key}/trait-keys/`
    expect(await done(world.api('GET', at))).toEqual({ keys: [] })
  })

  it('are gathered from every database with identities', async () => {
    const elsewhere = {
      prepare: (query: string) => env.DB.prepare(query.replace('"key"', `'far ' || "key"`)),
    } as unknown as D1Database
    const sharded: Env = { ...env, IDENTITIES_0: env.DB, IDENTITIES_1: elsewhere }
    const found = await listTraitKeys(sharded, place.environment.id)
    expect(found).toEqual(expect.arrayContaining(['plan', 'far plan']))
    expect(found).toEqual([...found].sort())
  })

  it('are deleted of all identities, in one entry; none is no mistake', async () => {
    const remove = (key: unknown) => world.api('POST', `${path}delete-traits/`, { key })
    expect(await remove('plan')).toMatchObject({ status: 200, body: { key: 'plan' } })
    expect(await keys()).toEqual(['age', 'last name'])
    expect((await remove('last name')).status).toBe(200)
    expect(await keys()).toEqual(['age'])
    const [entry] = await lastEntries(world, place, 1)
    expect(entry).toMatchObject({ environment: { id: place.environment.id } })
    const before = await dumpAtRest()
    expect((await remove('plan')).status).toBe(200)
    for (const key of [undefined, null, '', true, 'x'.repeat(201)]) {
      expect(await remove(key)).toMatchObject({ status: 400, body: { key: [expect.any(String)] } })
    }
    expect(await dumpAtRest()).toBe(before)
  })
})

it('none of it is for strangers, nor for members without a grant', async () => {
  const stranger = await createWorld('Stranger')
  const foreigner = await addUser('stranger-of-views@example.com')
  await addMember(stranger.organisation.id, foreigner.id, 'ADMIN')
  const member = await addColleague(world)
  const before = await dumpAtRest()
  const questions: [string, string, object?][] = [
    ['GET', `${path}document/`],
    ['GET', `${path}metrics/`],
    ['GET', `${path}trait-keys/`],
    ['POST', `${path}delete-traits/`, { key: 'age' }],
    ['POST', `${path}enable-v2-versioning/`, {}],
    ['GET', `environments/${place.environment.id}/feature-lifecycle-counts/`],
  ]
  for (const [method, at, body] of questions) {
    expect((await api(method, at, body)).status).toBe(401)
    expect([403, 404]).toContain((await api(method, at, body, member.auth)).status)
    for (const auth of [foreigner.auth, stranger.keyAuth]) {
      const { status, body: told } = await api(method, at, body, auth)
      expect([status, told]).toEqual([404, { detail: 'Not found.' }])
    }
  }
  expect(await dumpAtRest()).toBe(before)
})
