import { env } from 'cloudflare:workers'
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
import { addFlag, addSegments, eventsOf, type Flag, orderOf, text } from '../support/future.ts'
import { expectPublished } from '../support/invariants.ts'
import { listen } from '../support/listening.ts'
import { addSegment, lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  await listen(world.organisation.id, place.environment.id)
})

const override = (id: number, body: object = {}) => ({ segment: { id }, ...body })

/** Matches what holds at least this, however deep. */
const partly = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? expect.objectContaining(
        Object.fromEntries(Object.entries(value).map(([name, part]) => [name, partly(part)])),
      )
    : value

/** A flag with an override for one new segment after the other. */
async function overridden(count: number) {
  const flag = await addFlag(world, place)
  const ids = await addSegments(world, place, count)
  await flag.put({ segment_overrides: ids.map((id) => override(id)) })
  return { ...flag, ids: ids as [number, number, number] }
}

describe('a PATCH of overrides', () => {
  it('makes new ones that take the rest from the environment as it will be', async () => {
    const flag = await addFlag(world, place, split)
    const [a = 0, b = 0] = await addSegments(world, place, 2)
    const answer = await flag.patch({
      environment_default: { enabled: true, value: text('new') },
      segment_overrides: [override(a, { enabled: false }), override(b, { value: text('gold') })],
    })
    const { variants } = answer.environment_default
    expect(variants.map(({ weight }) => weight)).toEqual([30, 20])
    expect(answer.segment_overrides).toEqual([
      { segment: { id: a }, priority: 0, enabled: false, value: text('new'), variants },
      { segment: { id: b }, priority: 1, enabled: true, value: text('gold'), variants },
    ])
    expect(await flag.read()).toEqual(answer)
    const links = `features/feature-segments/?environment=${place.environment.id}&feature=${flag.id}`
    expect(await done(world.api('GET', links))).toMatchObject({
      results: [
        { segment: a, priority: 0 },
        { segment: b, priority: 1 },
      ],
    })
    await expectPublished(place.environment.id)
  })

  it('is one change: an entry for each thing, one request, one version', async () => {
    const flag = await overridden(2)
    const [a, b] = flag.ids
    const [c = 0] = await addSegments(world, place, 1)
    const before = (await readRecords()).length
    const versionOf = env.DB.prepare('SELECT version FROM environments WHERE id = ?')
    const version = versionOf.bind(place.environment.id)
    const past = await version.first<{ version: number }>()
    await flag.patch({
      environment_default: { enabled: true },
      segment_overrides: [
        override(b, { priority: 0, enabled: true }),
        override(c, { priority: 2 }),
      ],
    })
    const records = (await readRecords()).slice(before).map((record) => JSON.parse(record))
    expect(records.map((record) => record.action).sort()).toEqual([
      'feature-segment.reordered',
      'feature-state.created',
      'feature-state.updated',
      'feature-state.updated',
    ])
    expect(new Set(records.map((record) => record.change)).size).toBe(1)
    expect(await version.first()).toEqual({ version: (past?.version ?? 0) + 1 })
    expect(orderOf(await flag.read())).toEqual([
      [b, 0],
      [a, 1],
      [c, 2],
    ])
    const told = await eventsOf(flag.id)
    expect(told).toHaveLength(1 + 2 + 3)
    const segment = (id: number, priority: number) => ({ segment: { id }, priority })
    for (const event of [
      { previous_state: { enabled: false }, new_state: { enabled: true, feature_segment: null } },
      {
        previous_state: { enabled: false, feature_segment: segment(b, 1) },
        new_state: { enabled: true, feature_segment: segment(b, 0) },
      },
      { new_state: { enabled: true, feature_segment: segment(c, 2) } },
    ]) {
      expect(told).toContainEqual(partly(event))
    }
  })

  it('touches only what it names, and moves only who asks for it', async () => {
    const flag = await overridden(3)
    const [a, b, c] = flag.ids
    const before = await flag.read()
    await flag.patch({ segment_overrides: [override(b, { enabled: true })] })
    const after = await flag.read()
    expect(after).toEqual({
      ...before,
      segment_overrides: before.segment_overrides.map((one) =>
        one.segment.id === b ? { ...one, enabled: true } : one,
      ),
    })
    expect(await lastEntries(world, place, 1)).toMatchObject([
      { log: expect.stringMatching(/^Flag state \/ Remote config value updated for feature '/) },
    ])
    await flag.patch({ segment_overrides: [override(c, { priority: 0 })] })
    expect(orderOf(await flag.read())).toEqual([
      [c, 0],
      [a, 1],
      [b, 2],
    ])
    expect(await lastEntries(world, place, 1)).toMatchObject([
      {
        action: 'feature-segment.reordered',
        log: expect.stringMatching(/^Segment overrides re-ordered for feature '/),
      },
    ])
  })

  it('gives a state to a link that has none', async () => {
    const flag = await addFlag(world, place)
    const [segment = 0] = await addSegments(world, place, 1)
    const environment = place.environment.id
    const link = { feature: flag.id, segment, environment, priority: 4 }
    await done(world.api('POST', 'features/feature-segments/', link))
    expect((await flag.read()).segment_overrides).toEqual([])
    const { segment_overrides } = await flag.patch({
      segment_overrides: [override(segment, { enabled: true })],
    })
    expect(segment_overrides).toMatchObject([{ priority: 4, enabled: true, value: text('blue') }])
  })

  it('is refused as a whole when anything in it is wrong', async () => {
    const flag = await overridden(2)
    const [a, b] = flag.ids
    const elsewhere = await addEnvironment(world, 'Elsewhere')
    const foreign = (await addSegment(world, elsewhere)).id
    const other = await addFlag(world, place)
    const specific = (await addSegment(world, place, { feature: other.id })).id
    const unknown = { segment: { id: ['Segment not found.'] } }
    const wrong: [object[], unknown][] = [
      [[override(a), override(a)], [`Duplicate segment: ${a}.`]],
      [[override(a, { priority: 3 }), override(b, { priority: 3 })], ['Duplicate priority: 3.']],
      [[override(987_654)], [unknown]],
      [
        [override(a, { enabled: true }), override(foreign)],
        [{}, unknown],
      ],
      [
        [override(specific)],
        [{ segment: { id: ['The segment is specific to another feature.'] } }],
      ],
      [
        [override(a, { variants: [{ id: 1, weight: 1 }] })],
        [{ variants: ['Feature is not multivariate.'] }],
      ],
      [[override(a, { priority: -1 })], [{ priority: [expect.any(String)] }]],
      [[{}], [{ segment: ['This field is required.'] }]],
      [Array.from({ length: 101 }, (_, index) => override(index + 1)), [expect.any(String)]],
    ]
    const before = await dumpAtRest()
    for (const [segment_overrides, errors] of wrong) {
      const body = { environment_default: { enabled: true }, segment_overrides }
      for (const method of ['PATCH', 'PUT']) {
        const answer = await flag.call(method, body)
        expect([answer.status, answer.body]).toMatchObject([400, { segment_overrides: errors }])
      }
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('stops at the limits of the project, and says so', async () => {
    const own = await addEnvironment(world, 'Limited')
    const limits = { max_segment_overrides_allowed: 2, max_feature_value_bytes: 10 }
    await done(world.api('PATCH', `projects/${own.project.id}/`, limits))
    const flag = await addFlag(world, own)
    const [a = 0, b = 0, c = 0] = await addSegments(world, own, 3)
    const put = (...ids: number[]) =>
      flag.call('PUT', { segment_overrides: ids.map((id) => override(id)) })
    expect(await put(a, b, c)).toMatchObject({
      status: 400,
      body: { environment: expect.stringContaining('maximum allowed') },
    })
    expect((await put(a, b)).status).toBe(200)
    expect((await put(b, c)).status).toBe(200)
    const long = { value: text('x'.repeat(11)) }
    const body = { environment_default: long, segment_overrides: [override(b), override(c, long)] }
    const tooLong = { value: [expect.stringContaining('maximum allowed')] }
    expect(await flag.call('PATCH', body)).toMatchObject({
      status: 400,
      body: { environment_default: tooLong, segment_overrides: [{}, tooLong] },
    })
  })
})

describe('a PUT', () => {
  it('takes the sent overrides for the whole set, in their order', async () => {
    const flag = await overridden(3)
    const [a, b, c] = flag.ids
    const [d = 0] = await addSegments(world, place, 1)
    const answer = await flag.put({
      segment_overrides: [override(c), override(d, { enabled: true }), override(a)],
    })
    expect(orderOf(answer)).toEqual([
      [c, 0],
      [d, 1],
      [a, 2],
    ])
    expect(await flag.read()).toEqual(answer)
    const removed = (await lastEntries(world, place, 3)).find((entry) => entry.after === null)
    expect(removed).toMatchObject({
      action: 'feature-segment.deleted',
      log: expect.stringMatching(/^Flag state \/ Remote config value deleted for feature '/),
      before: { segment_id: b, feature_state: { feature_id: flag.id } },
    })
    expect(await flag.put({ segment_overrides: [] })).toMatchObject({ segment_overrides: [] })
    await expectPublished(place.environment.id)
  })

  it('without overrides leaves them alone', async () => {
    const flag = await overridden(2)
    const before = await flag.read()
    const after = await flag.put({ environment_default: { enabled: true } })
    expect(after.segment_overrides).toEqual(before.segment_overrides)
  })
})

describe('a deleted override', () => {
  it('is gone with its state; those behind it move up, and the flag is answered', async () => {
    const flag = await overridden(3)
    const [a, b, c] = flag.ids
    const path = `${flag.path}segment-overrides/`
    const { status, body } = await world.api<Flag>('DELETE', `${path}${a}/`)
    expect(status).toBe(200)
    expect(orderOf(body)).toEqual([
      [b, 0],
      [c, 1],
    ])
    expect(await flag.read()).toEqual(body)
    for (const segment of [a, 987_654, 'abc']) {
      expect(await world.api('DELETE', `${path}${segment}/`)).toMatchObject({
        status: 404,
        body: { detail: 'Segment override not found.' },
      })
    }
  })
})

it('two requests at once are both made, one after the other', async () => {
  const flag = await overridden(3)
  const [a, b, c] = flag.ids
  const segments = await addSegments(world, place, 4)
  await Promise.all([
    ...segments.map((id) => flag.patch({ segment_overrides: [override(id, { priority: 0 })] })),
    flag.patch({ segment_overrides: [override(a, { priority: 0 })] }),
  ])
  const order = orderOf(await flag.read())
  expect(order.map(([, priority]) => priority)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(new Set(order.map(([id]) => id))).toEqual(new Set([a, b, c, ...segments]))
})
