import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { insertIdentity } from '../../src/storage/identities.ts'
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
import { addState, split } from '../support/flags.ts'
import { expectPublished } from '../support/invariants.ts'
import { addColleague } from '../support/people.ts'
import { addSegment, lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

vi.setConfig({ testTimeout: 20_000 })

type Environment = { id: number; uuid: string; name: string; api_key: string; project: number }

let world: World
let place: Place
let path: string

const settings = {
  description: 'All of it',
  allow_client_traits: false,
  banner_text: 'Careful',
  banner_colour: '#ff0000',
  hide_disabled_flags: true,
  hide_sensitive_data: true,
  use_identity_composite_key_for_hashing: false,
  use_identity_overrides_in_local_eval: false,
}

const text = (string_value: string) => ({
  type: 'unicode',
  string_value,
  integer_value: null,
  boolean_value: null,
})

/** Three features, two segments in a sparse order, an identity with an override, keys, a webhook. */
beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  const { api_key: key, id: environment } = place.environment
  path = `environments/${key}/`
  await done(world.api('PATCH', path, settings))
  const splitter = await addState(world, place, split)
  const plain = await addState(world, place, { default_enabled: true, initial_value: '7' })
  await addState(world, place, { initial_value: '' })
  const states = `${path}featurestates/`
  const shares = splitter.multivariate_feature_state_values.map((share, index) => ({
    ...share,
    percentage_allocation: 10 * (index + 1),
  }))
  const mixed = { enabled: true, multivariate_feature_state_values: shares }
  await done(world.api('PATCH', `${states}${splitter.id}/`, mixed))
  const [gold, silver] = [await addSegment(world, place), await addSegment(world, place)]
  const overrides: [number, object, number, string][] = [
    [splitter.feature, gold, 5, 'golden'],
    [splitter.feature, silver, 2, 'silver'],
    [plain.feature, gold, 0, 'ten'],
  ]
  for (const [feature, segment, priority, value] of overrides) {
    const { id } = segment as { id: number }
    await done(
      world.api('POST', `${path}features/${feature}/create-segment-override/`, {
        feature_segment: { segment: id, priority },
        enabled: true,
        feature_state_value: text(value),
      }),
    )
  }
  const at = { environmentId: environment, identifier: 'ann' }
  await insertIdentity(openDatabase(env.DB), at, Date.now())
  const override = { feature: plain.feature, environment, identifier: 'ann', enabled: false }
  await done(world.api('POST', 'features/featurestates/', override))
  await done(world.api('POST', `${path}api-keys/`, { name: 'backend' }))
  await done(world.api('POST', `${path}webhooks/`, { url: 'https://example.com/hook' }))
})

const clone = (body: object, auth?: string) =>
  world.api<Environment>('POST', `${path}clone/`, body, auth)

/** A document without what a copy has of its own. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null) return value
  const own = ['django_id', 'featurestate_uuid', 'mv_fs_value_uuid', 'api_key', 'updated_at']
  const isShare = 'percentage_allocation' in value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !own.includes(name) && !(isShare && name === 'id'))
      .map(([name, member]) => [name, bare(member)]),
  )
}

type Document = { id: number; name: string; identity_overrides: unknown[]; feature_states: State[] }
type State = { django_id: number; featurestate_uuid: string }

const documentOf = (key: string) =>
  done(world.api<Document>('GET', `environments/${key}/document/`))

describe('a clone', () => {
  it('has the settings and all that is served, and nothing else', async () => {
    const { status, body } = await clone({ name: 'Copy' })
    expect(status).toBe(200)
    const source = await done(world.api<Environment>('GET', path))
    expect(body).toEqual({
      ...source,
      id: expect.any(Number),
      uuid: expect.any(String),
      api_key: expect.stringMatching(/^[2-9A-HJ-NP-Za-km-z]{22}$/),
      name: 'Copy',
    })
    expect(body).toMatchObject({ ...settings, is_creating: false, total_segment_overrides: 3 })
    for (const field of ['id', 'uuid', 'api_key'] as const) {
      expect(body[field]).not.toBe(source[field])
    }
    expect(await done(world.api('GET', `environments/${body.api_key}/`))).toEqual(body)

    const [before, after] = [await documentOf(source.api_key), await documentOf(body.api_key)]
    const { id: _, name: __, identity_overrides: ___, ...served } = before
    const { id, name, identity_overrides, ...copied } = after
    expect([id, name, identity_overrides]).toEqual([body.id, 'Copy', []])
    expect(bare(copied)).toEqual(bare(served))
    const names = (document: Document) =>
      document.feature_states.flatMap((state) => [state.django_id, state.featurestate_uuid])
    const all = [...names(before), ...names(after)]
    expect(new Set(all).size).toBe(all.length)

    for (const kind of ['api-keys', 'webhooks']) {
      expect(await done(world.api('GET', `environments/${body.api_key}/${kind}/`))).toEqual([])
    }
    const identities = env.DB.prepare(
      'SELECT count(*) AS n FROM identities WHERE environment_id = ?',
    )
    expect(await identities.bind(body.id).first()).toEqual({ n: 0 })
    await expectPublished(body.id)
  })

  it('keeps priorities as they are, also sparse ones', async () => {
    const { id } = await done(clone({ name: 'Order' }))
    const links = env.DB.prepare(
      'SELECT feature_id, segment_id, priority FROM feature_segments WHERE environment_id = ? ORDER BY id',
    )
    const of = async (environment: number) => (await links.bind(environment).all()).results
    expect(await of(id)).toEqual(await of(place.environment.id))
    expect((await of(id)).map((link) => link.priority)).toEqual([5, 2, 0])
  })

  it('lives by itself: a change of one leaves the other alone', async () => {
    const { api_key, id } = await done(clone({ name: 'Apart' }))
    const before = await documentOf(place.environment.api_key)
    const list = `environments/${api_key}/featurestates/`
    const { results } = await done(world.api<{ results: { id: number }[] }>('GET', list))
    await done(world.api('PATCH', `${list}${results[0]?.id}/`, { enabled: false }))
    expect((await world.api('DELETE', `environments/${api_key}/`)).status).toBe(204)
    expect(await documentOf(place.environment.api_key)).toEqual(before)
    const left = env.DB.prepare(
      'SELECT count(*) AS n FROM feature_segments WHERE environment_id = ?',
    )
    expect(await left.bind(id).first()).toEqual({ n: 0 })
  })

  it('is told with what it came from and each of its states, and is there at once however it is asked', async () => {
    const name = 'Told'
    const made = await done(clone({ name, clone_feature_states_async: true, description: 'own' }))
    expect(made).toMatchObject({ is_creating: false, description: settings.description })
    const [created, ...states] = await lastEntries(world, place, 7)
    expect([created]).toMatchObject([
      {
        log: 'New Environment created: Told',
        related_object_type: 'ENVIRONMENT',
        related_object_id: made.id,
        environment: { id: made.id },
        before: null,
        after: {
          name,
          cloned_from: {
            id: place.environment.id,
            name: 'Production',
            feature_states: 6,
            segment_overrides: 3,
          },
        },
      },
    ])
    const linked = states.filter(({ after }) => after?.feature_segment !== undefined)
    expect([states.length, linked.length]).toEqual([6, 3])
    for (const { action, environment, after } of states) {
      expect(action).toBe('feature-state.created')
      expect([environment?.id, after?.environment_id]).toEqual([made.id, made.id])
    }
  })

  it('during a rotation has one key, its own', async () => {
    const own = await addEnvironment(world, 'Rotating')
    const at = `environments/${own.environment.api_key}/`
    await done(world.api('POST', `${at}rotate-key/`, {}))
    const made = await done(world.api<Environment>('POST', `${at}clone/`, { name: 'Calm' }))
    const state = await done(world.api('GET', `environments/${made.api_key}/rotate-key/`))
    expect(state).toMatchObject({ rotating: false, api_key: made.api_key })
  })
})

describe('cloning is refused', () => {
  it.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: ' ' }, { name: ['This field may not be blank.'] }],
    [{ name: null }, { name: ['This field may not be null.'] }],
    [{ name: 'Production' }, { name: ['An environment with this name already exists.'] }],
    [
      { name: 'x', clone_feature_states_async: 'x' },
      { clone_feature_states_async: [expect.any(String)] },
    ],
  ])('with %j, and leaves no trace', async (body, errors) => {
    const before = await dumpAtRest()
    expect(await clone(body)).toMatchObject({ status: 400, body: errors })
    expect(await dumpAtRest()).toBe(before)
  })

  it('to those who may not create environments; to strangers there is nothing to clone', async () => {
    const stranger = await createWorld('Stranger')
    const foreigner = await addUser('stranger-of-clones@example.com')
    await addMember(stranger.organisation.id, foreigner.id, 'ADMIN')
    const member = await addColleague(world)
    const before = await dumpAtRest()
    const body = { name: 'Stolen' }
    expect((await api('POST', `${path}clone/`, body)).status).toBe(401)
    expect([403, 404]).toContain((await clone(body, member.auth)).status)
    for (const auth of [foreigner.auth, stranger.keyAuth]) {
      expect((await clone(body, auth)).status).toBe(404)
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('twice under one name, also at once', async () => {
    const answers = await Promise.all([clone({ name: 'Twin' }), clone({ name: 'Twin' })])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })
})
