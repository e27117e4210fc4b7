import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

type Feature = { id: number; uuid: string; name: string; tags: number[] }

let world: World
let place: Place
let list: string
let red: number
let blue: number

const addTag = async (at: Place, body: object) =>
  (await done(world.api<{ id: number }>('POST', `projects/${at.project.id}/tags/`, body))).id

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/features/`
  red = await addTag(place, { label: 'red' })
  blue = await addTag(place, { label: 'blue' })
})

const create = (body: object = {}) =>
  world.api<Feature>('POST', list, { name: crypto.randomUUID(), ...body })

/** What rises when a feature changes, and what rises when a document does. */
const versions = async (id: number) =>
  await env.DB.prepare(
    'SELECT (SELECT version FROM features WHERE id = ?) AS feature, (SELECT version FROM environments WHERE id = ?) AS environment',
  )
    .bind(id, place.environment.id)
    .first<{ feature: number; environment: number }>()

it('a feature is made with tags, and reads with them by id, by uuid and in the list', async () => {
  const { status, body } = await create({ tags: [blue, red, blue] })
  expect([status, body.tags]).toEqual([201, [red, blue]])
  expect(await done(world.api('GET', `${list}${body.id}/`))).toEqual(body)
  expect(await done(world.api('GET', `features/get-by-uuid/${body.uuid}/`))).toEqual(body)
  const { results } = await done(world.api<{ results: Feature[] }>('GET', list))
  expect(results.find(({ id }) => id === body.id)?.tags).toEqual([red, blue])
  const entries = await lastEntries(world, place, 2)
  const created = entries.find((entry) => entry.action === 'feature.created')
  expect(created?.after).toMatchObject({ tags: [red, blue] })
})

describe.each(['PUT', 'PATCH'])('%s', (method) => {
  it('replaces the set of tags, and leaves it when none is sent', async () => {
    const { body } = await create({ tags: [red] })
    const path = `${list}${body.id}/`
    const before = await versions(body.id)
    expect(await done(world.api(method, path, { tags: [blue] }))).toEqual({ ...body, tags: [blue] })
    expect(await done(world.api(method, path, { description: 'x' }))).toMatchObject({
      tags: [blue],
    })
    const entries = await lastEntries(world, place, 2)
    expect(entries[0]).toMatchObject({
      log: `Flag / Remote Config updated: ${body.name}`,
      action: 'feature.updated',
      related_object_id: body.id,
      before: { tags: [red] },
      after: { tags: [blue] },
    })
    expect(await done(world.api(method, path, { tags: [] }))).toMatchObject({ tags: [] })
    expect((await versions(body.id))?.feature).toBe((before?.feature ?? 0) + 3)
  })

  it('of the same tags in another order changes nothing', async () => {
    const { body } = await create({ tags: [red, blue] })
    const before = await dumpAtRest()
    expect(await done(world.api(method, `${list}${body.id}/`, { tags: [blue, red] }))).toEqual(body)
    expect(await dumpAtRest()).toBe(before)
  })

  it('of tags alone publishes nothing: they are not served', async () => {
    const { body } = await create()
    const before = await versions(body.id)
    await done(world.api(method, `${list}${body.id}/`, { tags: [red] }))
    expect(await versions(body.id)).toEqual({
      feature: (before?.feature ?? 0) + 1,
      environment: before?.environment,
    })
  })
})

it('the version of every feature rises that loses a deleted tag', async () => {
  const tag = await addTag(place, { label: 'doomed' })
  const [first, second, other] = [
    (await create({ tags: [tag] })).body,
    (await create({ tags: [tag, red] })).body,
    (await create({ tags: [red] })).body,
  ]
  await done(world.api('DELETE', `projects/${place.project.id}/tags/${tag}/`))
  const risen = await Promise.all([first, second, other].map(({ id }) => versions(id)))
  expect(risen.map((row) => row?.feature)).toEqual([2, 2, 1])
})

it('a feature with a permanent tag may still be deleted here', async () => {
  const tag = await addTag(place, { label: 'keep', is_permanent: true })
  const { body } = await create({ tags: [tag] })
  expect((await world.api('DELETE', `${list}${body.id}/`)).status).toBe(204)
  expect((await world.api('GET', `projects/${place.project.id}/tags/${tag}/`)).status).toBe(200)
  const entries = await lastEntries(world, place, 2)
  const deleted = entries.find((entry) => entry.action === 'feature.deleted')
  expect(deleted?.before).toMatchObject({ tags: [tag] })
})

describe('tags are refused', () => {
  it('of another project, and unknown ones, alike; and nothing changes', async () => {
    const other = await addEnvironment(world, 'Other tags')
    const foreign = await addTag(other, { label: 'foreign' })
    const { body } = await create({ tags: [red] })
    const before = await dumpAtRest()
    for (const id of [foreign, 999_999]) {
      const refusal = {
        status: 400,
        body: { tags: [`Invalid pk "${id}" - object does not exist.`] },
      }
      const sent = { tags: [red, id], description: 'changed' }
      expect(await create(sent)).toMatchObject(refusal)
      expect(await world.api('PUT', `${list}${body.id}/`, sent)).toMatchObject(refusal)
      expect(await world.api('PATCH', `${list}${body.id}/`, sent)).toMatchObject(refusal)
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it.each([
    [null, ['This field may not be null.']],
    ['red', ['Expected a list of items but got type "str".']],
    [['red'], [{ non_field_errors: ['A valid integer is required.'] }]],
    [Array(101).fill(1), ['Ensure this field has no more than 100 elements.']],
  ])('that are no list of ids: %j', async (tags, errors) => {
    const { body } = await create()
    for (const answer of [create({ tags }), world.api('PUT', `${list}${body.id}/`, { tags })]) {
      expect(await answer).toMatchObject({ status: 400, body: { tags: errors } })
    }
  })
})
