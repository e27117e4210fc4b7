import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { addViewer } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { addSegment, lastEntries, type Segment } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

type Link = { id: number; uuid: string; priority: number; segment: number }
type Page = { count: number; next: string | null; results: Link[] }

const path = 'features/feature-segments/'

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

const post = (body: object, auth?: string) => world.api<Link>('POST', path, body, auth)

/** A feature that is overridden for one new segment after the other. */
async function overridden(...priorities: (number | undefined)[]) {
  const { feature, environment } = await addState(world, place)
  const links: Link[] = []
  for (const priority of priorities) {
    const segment = (await addSegment(world, place)).id
    const body = { feature, environment, segment, ...(priority === undefined ? {} : { priority }) }
    links.push(await done(post(body)))
  }
  const query = `${path}?environment=${environment}&feature=${feature}`
  const read = async () => (await done(world.api<Page>('GET', query))).results
  return { feature, environment, links, query, read }
}

const idsOf = (links: Link[]) => links.map(({ id, priority }) => [id, priority])

describe('a feature segment', () => {
  it('is made behind those that are there, and reads in the contract’s two shapes', async () => {
    const { feature, environment, links, read } = await overridden(undefined, undefined)
    const [first, second] = links
    const [link] = await read()
    const segment = await done(
      world.api<Segment>('GET', `projects/${place.project.id}/segments/${first?.segment}/`),
    )
    const id = expect.any(Number)
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(first).toEqual({ id, uuid, feature, segment: segment.id, environment, priority: 0 })
    expect(second?.priority).toBe(1)
    expect(link).toEqual({
      id: first?.id,
      uuid: first?.uuid,
      segment: segment.id,
      priority: 0,
      environment,
      segment_name: segment.name,
      is_feature_specific: false,
    })
    for (const at of [`${path}${link?.id}/`, `${path}get-by-uuid/${link?.uuid}`]) {
      expect(await done(world.api('GET', at))).toEqual(link)
    }
  })

  it('takes the priority that is sent, and makes room where it is taken', async () => {
    const { links, read } = await overridden(2, undefined, 2, 0)
    const [a, b, c, d] = links.map((link) => link.id)
    expect(idsOf(await read())).toEqual([
      [d, 0],
      [c, 2],
      [a, 3],
      [b, 4],
    ])
    const entries = await lastEntries(world, place, 5)
    expect(entries.map((entry) => entry.log)).toContainEqual(
      expect.stringMatching(/^Segment overrides re-ordered for feature '/),
    )
  })

  it('is refused where it does not fit', async () => {
    const { feature, environment, links } = await overridden(undefined)
    const other = await addEnvironment(world, `Other ${feature}`)
    const foreign = await addState(world, other)
    const foreignSegment = (await addSegment(world, other)).id
    const segment = (await addSegment(world, place)).id
    const specific = (await addSegment(world, place, { feature })).id
    const second = await addState(world, place)
    const whole = { feature, environment, segment }
    const wrong: [object, object][] = [
      [{}, { feature: expect.any(Array), segment: expect.any(Array) }],
      [{ ...whole, feature: foreign.feature }, { feature: ['Feature does not exist in project'] }],
      [{ ...whole, segment: foreignSegment }, { segment: ['Segment does not exist in project'] }],
      [
        { ...whole, segment: specific, feature: second.feature },
        { feature: ['The segment is specific to another feature.'] },
      ],
      [
        { ...whole, segment: links[0]?.segment },
        { segment: [expect.stringMatching(/^segment override already exists for segment '/)] },
      ],
      [{ ...whole, priority: -1 }, { priority: [expect.any(String)] }],
    ]
    const before = await dumpAtRest()
    for (const [body, errors] of wrong) {
      expect(await post(body)).toMatchObject({ status: 400, body: errors })
    }
    expect((await post({ ...whole, environment: 987_654 })).status).toBe(403)
    expect(await dumpAtRest()).toBe(before)
    const fit = await done(post({ ...whole, segment: specific }))
    expect(await done(world.api('GET', `${path}${fit.id}/`))).toMatchObject({
      is_feature_specific: true,
    })
  })

  it.each(['PUT', 'PATCH'])('is written back by %s as it is, and moves nowhere', async (method) => {
    const { links } = await overridden(undefined)
    const [link] = links
    const at = `${path}${link?.id}/`
    expect(await done(world.api(method, at, { ...link, priority: 9 }))).toEqual(link)
    const segment = (await addSegment(world, place)).id
    expect(await world.api(method, at, { segment })).toMatchObject({
      status: 400,
      body: { segment: ['Cannot change the segment of a feature segment'] },
    })
  })

  it('goes with its state, and what was weaker moves up', async () => {
    const { feature, environment, links, read } = await overridden(undefined, undefined, undefined)
    const [a, b, c] = links
    const body = { feature, environment, feature_segment: b?.id }
    const state = await done(world.api<{ uuid: string }>('POST', 'features/featurestates/', body))
    expect((await world.api('DELETE', `${path}${b?.id}/`)).status).toBe(204)
    expect(idsOf(await read())).toEqual([
      [a?.id, 0],
      [c?.id, 1],
    ])
    const byUuid = `features/featurestates/get-by-uuid/${state.uuid}/`
    expect((await world.api('GET', byUuid)).status).toBe(404)
    expect((await world.api('DELETE', `${path}${b?.id}/`)).status).toBe(404)
    expect(await lastEntries(world, place, 1)).toMatchObject([
      {
        log: expect.stringMatching(/^Flag state \/ Remote config value deleted for feature '/),
        related_object_type: 'FEATURE',
        related_object_id: feature,
        environment: { id: environment },
        before: { priority: 1, feature_state: { feature_id: feature } },
        after: null,
      },
    ])
  })
})

describe('update-priorities', () => {
  const update = (moves: unknown, auth?: string) =>
    world.api<Link[]>('POST', `${path}update-priorities/`, moves, auth)

  it('moves each in turn, told once in the log, and answers those that were named', async () => {
    const { feature, links, read } = await overridden(undefined, undefined, undefined)
    const [a, b, c] = links.map((link) => link.id)
    const { status, body } = await update([{ id: c, priority: 0 }])
    expect(status).toBe(200)
    expect(body).toMatchObject([{ id: c, priority: 0, segment_name: expect.any(String) }])
    const order = [c, a, b].map((id, priority) => [id, priority])
    expect(idsOf(await read())).toEqual(order)
    expect(await lastEntries(world, place, 1)).toMatchObject([
      {
        log: expect.stringMatching(/^Segment overrides re-ordered for feature '.+'\.$/),
        related_object_type: 'FEATURE',
        related_object_id: feature,
        before: { priorities: [a, b, c].map((id, priority) => ({ id, priority })) },
        after: { priorities: expect.arrayContaining([{ id: c, priority: 0 }]) },
      },
    ])
  })

  it('leaves sparse priorities alone, and writes nothing for what is so', async () => {
    const { links, read } = await overridden(undefined)
    const id = links[0]?.id
    await done(update([{ priority: 2, id }]))
    expect(idsOf(await read())).toEqual([[id, 2]])
    const before = await dumpAtRest()
    expect(await done(update([{ priority: '2', id }]))).toMatchObject([{ id, priority: 2 }])
    expect(await done(update([]))).toEqual([])
    expect(await dumpAtRest()).toBe(before)
  })

  it('is refused as a whole when anything in it is wrong', async () => {
    const [one, two] = [await overridden(undefined), await overridden(undefined)]
    const own = { id: one.links[0]?.id, priority: 3 }
    const notFound = { non_field_errors: ['Some of the provided ids were not found.'] }
    const apart = {
      non_field_errors: ['All feature segments must belong to the same feature & environment.'],
    }
    const wrong: [unknown, object][] = [
      [[own, { id: 987_654, priority: 0 }], notFound],
      [[own, { id: two.links[0]?.id, priority: 0 }], apart],
      [
        [own, { ...own, priority: -1 }],
        [{}, { priority: [expect.any(String)] }],
      ],
      [{}, { non_field_errors: [expect.stringContaining('list')] }],
    ]
    const before = await dumpAtRest()
    for (const [moves, errors] of wrong) {
      expect(await update(moves)).toMatchObject({ status: 400, body: errors })
    }
    expect(await dumpAtRest()).toBe(before)
  })
})

it('feature segments are closed to neighbours and members', async () => {
  const { feature, environment, links, query } = await overridden(undefined)
  const [link] = links
  const segment = (await addSegment(world, place)).id
  const other = await createWorld('Neighbours')
  const member = await addColleague(world)
  const before = await dumpAtRest()
  for (const auth of [other.keyAuth, member.auth]) {
    const as = async (method: string, at: string, body?: unknown) =>
      (await world.api(method, at, body, auth)).status
    expect((await done(world.api<Page>('GET', query, undefined, auth))).count).toBe(0)
    expect(await as('POST', path, { feature, environment, segment })).toBe(403)
    expect(await as('GET', `${path}${link?.id}/`)).toBe(404)
    expect(await as('GET', `${path}get-by-uuid/${link?.uuid}/`)).toBe(404)
    expect(await as('PUT', `${path}${link?.id}/`, {})).toBe(404)
    expect(await as('PATCH', `${path}${link?.id}/`, {})).toBe(404)
    expect(await as('DELETE', `${path}${link?.id}/`)).toBe(404)
    const moves = [{ id: link?.id, priority: 5 }]
    expect(await world.api('POST', `${path}update-priorities/`, moves, auth)).toMatchObject({
      status: 400,
      body: { non_field_errors: ['Some of the provided ids were not found.'] },
    })
  }
  expect(await dumpAtRest()).toBe(before)
})

it('feature segments are shown to who may see them, and changes of them are forbidden', async () => {
  const { links } = await overridden(undefined)
  const viewer = await addViewer(world, place)
  const at = `${path}${links[0]?.id}/`
  const before = await dumpAtRest()
  const as = async (method: string, to: string, body?: unknown) =>
    (await world.api(method, to, body, viewer.auth)).status
  expect(await as('GET', at)).toBe(200)
  expect(await as('PUT', at, {})).toBe(403)
  expect(await as('DELETE', at)).toBe(403)
  const moves = [{ id: links[0]?.id, priority: 5 }]
  expect(await as('POST', `${path}update-priorities/`, moves)).toBe(403)
  const unknown = [...moves, { id: 987_654, priority: 5 }]
  expect(await as('POST', `${path}update-priorities/`, unknown)).toBe(400)
  expect(await dumpAtRest()).toBe(before)
})

it('the list of feature segments asks for environment and feature, and comes by tens', async () => {
  const required = ['This field is required.']
  expect(await world.api('GET', path)).toMatchObject({
    status: 400,
    body: { environment: required, feature: required },
  })
  const { query } = await overridden(...Array.from({ length: 11 }, () => undefined))
  const page = await done(world.api<Page>('GET', `${query}&page=2`))
  expect(page).toMatchObject({ count: 11, next: null, results: [{ priority: 10 }] })
})
