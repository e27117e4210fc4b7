import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { split } from '../support/flags.ts'
import { addFlag, addSegments, eventsOf, text } from '../support/future.ts'
import { grant } from '../support/grants.ts'
import { expectPublished } from '../support/invariants.ts'
import { listen } from '../support/listening.ts'
import { addColleague } from '../support/people.ts'
import { lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  await listen(world.organisation.id, place.environment.id)
})

describe('a whole flag', () => {
  it('reads as the environment has it, without overrides of identities', async () => {
    const flag = await addFlag(world, place)
    expect(await flag.read()).toEqual({
      environment_default: { enabled: false, value: text('blue'), variants: [] },
      segment_overrides: [],
    })
    const several = await addFlag(world, place, split)
    const [a, b] = several.variants
    expect((await several.read()).environment_default.variants).toEqual([
      { id: a, weight: 30 },
      { id: b, weight: 20 },
    ])
    const empty = await addFlag(world, place, { initial_value: null })
    expect((await empty.read()).environment_default.value).toBe(null)
  })

  it('changes in one entry and one event, is published, and its version rises once', async () => {
    const flag = await addFlag(world, place)
    const version = env.DB.prepare('SELECT version FROM features WHERE id = ?').bind(flag.id)
    const before = await version.first<{ version: number }>()
    const body = { environment_default: { enabled: true, value: text('red') } }
    const answer = await flag.patch(body)
    expect(answer).toEqual({
      environment_default: { enabled: true, value: text('red'), variants: [] },
      segment_overrides: [],
    })
    expect(await flag.read()).toEqual(answer)
    const [past, entry] = await lastEntries(world, place, 2)
    expect(entry).toMatchObject({
      action: 'feature-state.updated',
      log: expect.stringMatching(/^Flag state updated for feature: /),
      related_object_type: 'FEATURE_STATE',
      before: { enabled: false, string_value: 'blue' },
      after: { enabled: true, string_value: 'red' },
    })
    expect(past?.action).not.toBe('feature-state.updated')
    expect(await version.first()).toEqual({ version: (before?.version ?? 0) + 1 })
    expect((await eventsOf(flag.id)).slice(1)).toMatchObject([
      {
        previous_state: { enabled: false, feature_state_value: 'blue' },
        new_state: { enabled: true, feature_state_value: 'red', feature_segment: null },
      },
    ])
    await expectPublished(place.environment.id)
  })

  it('is not written again for what is so, nor for an empty body', async () => {
    const flag = await addFlag(world, place)
    const before = (await readRecords()).length
    const same = await flag.patch({ environment_default: { enabled: false, value: text('blue') } })
    expect(await flag.patch({})).toEqual(same)
    expect(await flag.put({})).toEqual(same)
    expect(await flag.put(await flag.read())).toEqual(same)
    expect(await readRecords()).toHaveLength(before)
  })

  it('is written on the version that was read, when that is asked', async () => {
    const flag = await addFlag(world, place)
    const etag = (await flag.call('GET')).headers.get('ETag') ?? ''
    const path = new URL(flag.path, 'http://localhost/api/v1/')
    const write = (value: string) =>
      exports.default.fetch(
        new Request(path, {
          method: 'PATCH',
          headers: {
            Authorization: world.auth,
            'Content-Type': 'application/json',
            'If-Match': etag,
          },
          body: JSON.stringify({ environment_default: { value: text(value) } }),
        }),
      )
    const first = await write('first')
    expect(first.status).toBe(200)
    expect(first.headers.get('ETag')).not.toBe(etag)
    expect((await write('second')).status).toBe(412)
    expect((await flag.read()).environment_default.value).toEqual(text('first'))
  })

  it.each([
    ['integer', '-2147483648'],
    ['integer', '0'],
    ['boolean', 'true'],
    ['boolean', 'false'],
    ['string', ''],
    ['string', ' 007 '],
    ['string', 'true'],
  ])('takes and gives a value of type %s: %j', async (type, value) => {
    const flag = await addFlag(world, place)
    const answer = await flag.patch({ environment_default: { value: { type, value } } })
    expect(answer.environment_default.value).toEqual({ type, value })
    const path = `environments/${place.environment.api_key}/featurestates/?feature=${flag.id}`
    const scalar = type === 'string' ? value : JSON.parse(value)
    expect(await done(world.api('GET', path))).toMatchObject({
      results: [{ feature_state_value: scalar }],
    })
    const none = await flag.patch({ environment_default: { value: null } })
    expect(none.environment_default).toMatchObject({ value: null, enabled: false })
  })

  it('refuses values that are not of their type, and says why', async () => {
    const flag = await addFlag(world, place)
    const number = ['Enter a whole number from -2147483648 to 2147483647.']
    const wrong: [object, object][] = [
      [{ type: 'integer', value: '2147483648' }, { value: number }],
      [{ type: 'integer', value: '-2147483649' }, { value: number }],
      [{ type: 'integer', value: '1.5' }, { value: number }],
      [{ type: 'integer', value: '' }, { value: number }],
      [{ type: 'integer', value: '99999999999999999999' }, { value: number }],
      [{ type: 'boolean', value: 'yes' }, { value: ['Enter "true" or "false".'] }],
      [{ type: 'unicode', value: 'x' }, { type: ['"unicode" is not a valid choice.'] }],
      [{ type: 'string', value: 5 }, { value: ['Not a valid string.'] }],
      [{ type: 'string' }, { value: ['This field is required.'] }],
    ]
    const before = await dumpAtRest()
    for (const [value, errors] of wrong) {
      expect(await flag.call('PATCH', { environment_default: { value } })).toMatchObject({
        status: 400,
        body: { environment_default: { value: errors } },
      })
    }
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('variants', () => {
  it('are given all together, and a hundred at most', async () => {
    const flag = await addFlag(world, place, split)
    const [a = 0, b = 0] = flag.variants
    const share = (id: number, weight: number) => ({ id, weight })
    const refusals: [object[], string][] = [
      [[share(a, 50)], "Must include all feature's variants."],
      [[], "Must include all feature's variants."],
      [[share(a, 50), share(a, 50)], "Must include all feature's variants."],
      [[share(a, 50), share(b, 5), share(987_654, 1)], 'Variant not found.'],
      [[share(a, 50), share(b, 50.5)], 'Total weight must not exceed 100.'],
    ]
    const before = await dumpAtRest()
    for (const [variants, message] of refusals) {
      expect(await flag.call('PATCH', { environment_default: { variants } })).toMatchObject({
        status: 400,
        body: { environment_default: { variants: [message] } },
      })
    }
    expect(await flag.call('PUT', { environment_default: { enabled: true } })).toMatchObject({
      status: 400,
      body: { environment_default: { variants: ["Must include all feature's variants."] } },
    })
    expect(await dumpAtRest()).toBe(before)
    const standard = await addFlag(world, place)
    expect(
      await standard.call('PATCH', { environment_default: { variants: [share(a, 5)] } }),
    ).toMatchObject({
      status: 400,
      body: { environment_default: { variants: ['Feature is not multivariate.'] } },
    })
    const variants = [share(a, 99.5), share(b, 0.5)]
    expect((await flag.patch({ environment_default: { variants } })).environment_default).toEqual({
      enabled: false,
      value: text('blue'),
      variants,
    })
    expect(await lastEntries(world, place, 1)).toMatchObject([
      { log: expect.stringMatching(/^Multivariate value changed for feature '/) },
    ])
  })
})

describe('who may', () => {
  it('change what: the own state and the overrides are two permissions', async () => {
    const flag = await addFlag(world, place)
    const [segment = 0] = await addSegments(world, place, 1)
    const own = { environment_default: { enabled: true } }
    const override = { segment_overrides: [{ segment: { id: segment }, enabled: true }] }
    const overridden = `${flag.path}segment-overrides/${segment}/`
    const as = async (...permissions: string[]) => {
      const person = await addColleague(world)
      const organisationId = world.organisation.id
      const at = { organisationId, projectId: place.project.id, userId: person.id }
      await grant({ ...at, permissions: ['VIEW_PROJECT'] })
      await grant({ ...at, environmentId: place.environment.id, permissions })
      return person.auth
    }
    const viewer = await as('VIEW_ENVIRONMENT')
    const switcher = await as('VIEW_ENVIRONMENT', 'UPDATE_FEATURE_STATE')
    const overrider = await as('VIEW_ENVIRONMENT', 'MANAGE_SEGMENT_OVERRIDES')
    const status = async (method: string, auth: string, body?: object) =>
      (await flag.call(method, body, auth)).status
    const before = await dumpAtRest()
    for (const method of ['PATCH', 'PUT']) {
      expect(await status(method, viewer, own)).toBe(403)
      expect(await status(method, viewer, override)).toBe(403)
      expect(await status(method, viewer, {})).toBe(403)
      expect(await status(method, switcher, override)).toBe(403)
      expect(await status(method, switcher, { ...own, ...override })).toBe(403)
      expect(await status(method, overrider, own)).toBe(403)
      expect(await status(method, overrider, { ...own, segment_overrides: [] })).toBe(403)
    }
    expect((await world.api('DELETE', overridden, undefined, switcher)).status).toBe(403)
    expect(await dumpAtRest()).toBe(before)
    expect(await status('GET', viewer)).toBe(200)
    expect(await status('PATCH', switcher, own)).toBe(200)
    expect(await status('PATCH', overrider, override)).toBe(200)
    expect((await world.api('DELETE', overridden, undefined, overrider)).status).toBe(200)
  })

  it('reach it: not neighbours, not plain members, and no 404 is without a detail', async () => {
    const flag = await addFlag(world, place)
    const elsewhere = await addEnvironment(world, 'Elsewhere')
    const foreign = await addFlag(world, elsewhere)
    const other = await createWorld('Neighbours')
    const member = await addColleague(world)
    const at = (key: string, feature: number | string) =>
      `../__future__/environments/${key}/features/${feature}/`
    const calls: [string, string | undefined][] = [
      [flag.path, other.keyAuth],
      [flag.path, member.auth],
      [at(place.environment.api_key, foreign.id), undefined],
      [at(place.environment.api_key, 987_654), undefined],
      [at(place.environment.api_key, 'abc'), undefined],
      [at('unknown', flag.id), undefined],
    ]
    const before = await dumpAtRest()
    for (const [path, auth] of calls) {
      for (const [method, below] of [
        ['GET', ''],
        ['PATCH', ''],
        ['PUT', ''],
        ['DELETE', 'segment-overrides/1/'],
      ] as const) {
        const body = method.startsWith('P') ? { segment_overrides: [] } : undefined
        const answer = await world.api(method, `${path}${below}`, body, auth)
        expect([method, path, answer.status]).toEqual([method, path, 404])
        expect(answer.body).toEqual({ detail: expect.stringMatching(/\w/) })
      }
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('any unknown path below it answers 404 with a detail too', async () => {
    for (const path of ['../__future__/', '../__future__/flags/', '../experiments/x/', '../zzz/']) {
      expect(await world.api('GET', path)).toMatchObject({
        status: 404,
        body: { detail: 'Not found.' },
      })
    }
  })
})
