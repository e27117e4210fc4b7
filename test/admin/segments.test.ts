import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  timestamp,
  type World,
} from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { expectPublished } from '../support/invariants.ts'
import { addColleague } from '../support/people.ts'
import { addSegment, equals, lastEntries, rulesOf, type Segment } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

type Page = { count: number; next: string | null; results: Segment[] }

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/segments/`
})

const read = (id: number) => done(world.api<Segment>('GET', `${list}${id}/`))

describe('a new segment', () => {
  it('reads with every key of the contract: by id, by uuid, in the list, without slashes', async () => {
    const sent = { name: 'gold', description: '', rules: rulesOf(equals('plan', 'gold')) }
    const { status, body } = await world.api<Segment>('POST', list, { ...sent, project: 1 })
    expect(status).toBe(201)
    const condition = { id: expect.any(Number), ...equals('plan', 'gold') }
    const child = { id: expect.any(Number), type: 'ANY', rules: [], conditions: [condition] }
    expect(body).toEqual({
      id: expect.any(Number),
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      created_at: timestamp,
      updated_at: timestamp,
      name: 'gold',
      description: '',
      project: place.project.id,
      feature: null,
      version_of: body.id,
      rules: [{ id: expect.any(Number), type: 'ALL', rules: [child], conditions: [] }],
      metadata: [],
      membership_counts: [],
      managed_by: '',
    })
    expect(await read(body.id)).toEqual(body)
    for (const path of [`segments/get-by-uuid/${body.uuid}`, `${list}${body.id}`]) {
      expect(await done(world.api('GET', path))).toEqual(body)
    }
    expect((await done(world.api<Page>('GET', `${list}?q=GOL`))).results).toEqual([body])
  })

  it('is published in every environment, and told in the log', async () => {
    const segment = await addSegment(world, place, { name: 'told' })
    const [entry] = await lastEntries(world, place, 1)
    expect(entry).toMatchObject({
      log: 'New Segment created: told',
      related_object_type: 'SEGMENT',
      related_object_id: segment.id,
      before: null,
      after: { name: 'told', rules: segment.rules },
    })
    await expectPublished(place.environment.id)
  })

  it('may serve one feature only, and is listed when that is asked for', async () => {
    const { feature } = await addState(world, place)
    const segment = await addSegment(world, place, { feature })
    expect(segment.feature).toBe(feature)
    const found = async (query: string) =>
      (await done(world.api<Page>('GET', `${list}?q=${segment.name}${query}`))).count
    expect(await found('')).toBe(0)
    expect(await found('&include_feature_specific=false')).toBe(0)
    expect(await found('&include_feature_specific=true')).toBe(1)
  })

  it('of a feature of another project is refused', async () => {
    const other = await addEnvironment(world, 'Other')
    const { feature } = await addState(world, other)
    const body = { name: 'x', rules: rulesOf(), feature }
    expect(await world.api('POST', list, body)).toMatchObject({
      status: 400,
      body: { feature: [`Invalid pk "${feature}" - object does not exist.`] },
    })
  })
})

describe('a segment', () => {
  it('changes where something is sent: PUT and PATCH leave the rest', async () => {
    const before = await addSegment(world, place, { description: 'kept' })
    for (const method of ['PUT', 'PATCH']) {
      const name = `named by ${method}`
      const { status, body } = await world.api(method, `${list}${before.id}/`, { name })
      expect(status).toBe(200)
      expect(body).toEqual({ ...before, name, updated_at: timestamp })
      expect(await read(before.id)).toEqual(body)
    }
    const [entry] = await lastEntries(world, place, 1)
    expect(entry).toMatchObject({
      log: 'Segment updated: named by PATCH',
      before: { name: 'named by PUT' },
      after: { name: 'named by PATCH' },
    })
  })

  it('becomes that of a feature, unless it overrides another', async () => {
    const segment = await addSegment(world, place)
    const [own, other] = [await addState(world, place), await addState(world, place)]
    const link = { feature: own.feature, segment: segment.id, environment: place.environment.id }
    await done(world.api('POST', 'features/feature-segments/', link))
    const put = (feature: number | null) =>
      world.api<Segment>('PUT', `${list}${segment.id}/`, { feature })
    expect(await put(other.feature)).toMatchObject({
      status: 400,
      body: { feature: ['The segment overrides other features.'] },
    })
    expect((await done(put(own.feature))).feature).toBe(own.feature)
    expect((await done(put(null))).feature).toBeNull()
  })

  it('that is written back as it was read, or without ids, is not written at all', async () => {
    const before = await addSegment(world, place)
    const entries = await lastEntries(world, place, 2)
    const sent = { name: before.name, rules: rulesOf(equals('plan', 'gold')) }
    for (const body of [before, sent]) {
      expect(await done(world.api('PUT', `${list}${before.id}/`, body))).toEqual(before)
    }
    expect(await lastEntries(world, place, 2)).toEqual(entries)
  })

  it('is cloned whole under another name, with ids of its own', async () => {
    const segment = await addSegment(world, place, { description: 'both' })
    const path = `${list}${segment.id}/clone/`
    const { status, body } = await world.api<Segment>('POST', path, { name: 'twin' })
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: 'twin', description: 'both' })
    expect(body.rules[0]?.rules[0]?.conditions).toMatchObject([equals('plan', 'gold')])
    expect(body.rules[0]?.id).not.toBe(segment.rules[0]?.id)
    expect([body.id, body.uuid]).not.toContain(segment.id)
    expect((await world.api('POST', path, {})).body).toEqual({ name: ['This field is required.'] })
  })

  it('tells which features it overrides, environment by environment', async () => {
    const segment = await addSegment(world, place)
    const { feature, environment } = await addState(world, place)
    const link = await done(
      world.api<{ id: number }>('POST', 'features/feature-segments/', {
        feature,
        environment,
        segment: segment.id,
      }),
    )
    const body = { feature, environment, feature_segment: link.id, enabled: true }
    const state = await done(world.api<{ id: number }>('POST', 'features/featurestates/', body))
    const path = `${list}${segment.id}/associated-features/`
    const results = [{ id: state.id, feature, environment }]
    const page = { count: 1, next: null, previous: null, results }
    expect(await done(world.api('GET', path))).toEqual(page)
    expect(await done(world.api('GET', `${path}?environment=${environment}`))).toEqual(page)
    const none = { ...page, count: 0, results: [] }
    expect(await done(world.api('GET', `${path}?environment=${environment + 1}`))).toEqual(none)
  })

  it('goes with its overrides', async () => {
    const segment = await addSegment(world, place)
    const { feature, environment } = await addState(world, place)
    const link = { feature, environment, segment: segment.id }
    await done(world.api('POST', 'features/feature-segments/', link))
    expect(await world.api('DELETE', `${list}${segment.id}/`)).toMatchObject({
      status: 204,
      body: null,
    })
    expect((await world.api('GET', `${list}${segment.id}/`)).status).toBe(404)
    const left = env.DB.prepare('SELECT count(*) AS n FROM feature_segments WHERE segment_id = ?')
    expect(await left.bind(segment.id).first()).toEqual({ n: 0 })
    const [told, override] = await lastEntries(world, place, 2)
    expect(told).toMatchObject({ log: `Segment deleted: ${segment.name}`, after: null })
    expect(override).toMatchObject({ before: { feature_id: feature }, after: null })
  })
})

describe('segments', () => {
  it('come in pages, as many on each as asked for', async () => {
    const at = await addEnvironment(world, 'Paged')
    for (const name of ['a', 'b', 'c']) await addSegment(world, at, { name })
    const path = `projects/${at.project.id}/segments/`
    const page = await done(world.api<Page>('GET', `${path}?page_size=2&page=2`))
    expect(page).toMatchObject({ count: 3, next: null, results: [{ name: 'c' }] })
    expect((await done(world.api<Page>('GET', path))).results).toHaveLength(3)
    expect((await world.api('GET', `${path}?identity=1`)).status).toBe(400)
    expect((await world.api('GET', `${path}?page=2`)).body).toEqual({ detail: 'Invalid page.' })
  })

  it('are closed to neighbours and members, and found under their own project only', async () => {
    const segment = await addSegment(world, place)
    const other = await createWorld('Neighbours')
    const theirs = await addEnvironment(other, 'Theirs')
    const member = await addColleague(world)
    const body = { name: 'taken over', rules: rulesOf() }
    const routes = (at: string): [string, string, object?][] => [
      ['GET', at],
      ['POST', at, body],
      ['GET', `${at}${segment.id}/`],
      ['PUT', `${at}${segment.id}/`, body],
      ['PATCH', `${at}${segment.id}/`, body],
      ['DELETE', `${at}${segment.id}/`],
      ['POST', `${at}${segment.id}/clone/`, { name: 'stolen' }],
      ['GET', `${at}${segment.id}/associated-features/`],
    ]
    const before = await dumpAtRest()
    for (const [method, path, sent] of routes(list)) {
      expect((await world.api(method, path, sent, other.keyAuth)).status).toBe(404)
      expect((await world.api(method, path, sent, member.auth)).status).toBe(404)
    }
    for (const [method, path, sent] of routes(`projects/${theirs.project.id}/segments/`).slice(2)) {
      expect((await world.api(method, path, sent, other.keyAuth)).status).toBe(404)
    }
    const byUuid = `segments/get-by-uuid/${segment.uuid}/`
    for (const auth of [other.keyAuth, member.auth]) {
      expect((await world.api('GET', byUuid, undefined, auth)).status).toBe(404)
    }
    expect(await dumpAtRest()).toBe(before)
  })
})
