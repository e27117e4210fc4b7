import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addColleague } from '../support/people.ts'
import { lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

type Tag = { id: number; uuid: string; label: string; color: string }
type Page = { count: number; next: string | null; results: Tag[] }

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/tags/`
})

const create = (body: object, auth?: string) => world.api<Tag>('POST', list, body, auth)
const byUuid = ({ uuid }: Tag) => `${list}get-by-uuid/${uuid}/`

describe('a new tag', () => {
  it('has the contract’s defaults, and reads the same by id, by uuid and in the list', async () => {
    const { status, body } = await create({ label: 'billing' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      label: 'billing',
      color: '#6837FC',
      description: null,
      project: place.project.id,
      is_permanent: false,
      is_system_tag: false,
      type: 'NONE',
    })
    expect(await done(world.api('GET', `${list}${body.id}/`))).toEqual(body)
    expect(await done(world.api('GET', byUuid(body).slice(0, -1)))).toEqual(body)
    expect((await done(world.api<Page>('GET', list))).results).toContainEqual(body)
  })

  it('takes every setting, and neither project, id, type nor system from the body', async () => {
    const set = { label: 'x'.repeat(100), color: 'red', description: 'y'.repeat(512) }
    const ignored = { project: 999, id: 1, uuid: 'u', type: 'STALE', is_system_tag: true }
    expect((await create({ ...ignored, ...set, is_permanent: 'true' })).body).toMatchObject({
      ...set,
      project: place.project.id,
      is_permanent: true,
      is_system_tag: false,
      type: 'NONE',
    })
  })

  it.each(['#fff', '#FFF8', '#12ab9F', '#12ab9F00', 'Tomato'])(
    'may have the colour %s',
    async (color) => {
      expect(await create({ label: 'coloured', color })).toMatchObject({
        status: 201,
        body: { color },
      })
    },
  )

  it('may share its label with another', async () => {
    expect((await create({ label: 'twin' })).status).toBe(201)
    expect((await create({ label: 'twin', color: '', description: '' })).body).toMatchObject({
      color: '#6837FC',
      description: '',
    })
  })

  const noColour = ['Enter a colour: # with hexadecimal digits, or a plain word.']
  it.each([
    [{}, { label: ['This field is required.'] }],
    [{ label: ' ' }, { label: ['This field may not be blank.'] }],
    [{ label: null }, { label: ['This field may not be null.'] }],
    [{ label: 'x'.repeat(101) }, { label: ['Ensure this field has no more than 100 characters.'] }],
    [
      { label: 'x', description: 'x'.repeat(513) },
      { description: ['Ensure this field has no more than 512 characters.'] },
    ],
    [{ label: 'x', color: null }, { color: ['This field may not be null.'] }],
    [
      { label: 'x', color: 'darkolivegreen' },
      { color: ['Ensure this field has no more than 10 characters.'] },
    ],
    [{ label: 'x', color: '#12345' }, { color: noColour }],
    [{ label: 'x', color: '6837FC' }, { color: noColour }],
    [{ label: 'x', color: 'red;x:1' }, { color: noColour }],
    [{ label: 'x', color: 'url(//x)' }, { color: noColour }],
    [{ label: 'x', color: 'red\ngreen' }, { color: noColour }],
    [{ label: 'x', is_permanent: 'maybe' }, { is_permanent: ['Must be a valid boolean.'] }],
  ])('is refused with the reason: %j', async (body, errors) => {
    const before = await dumpAtRest()
    expect(await create(body)).toMatchObject({ status: 400, body: errors })
    expect(await dumpAtRest()).toBe(before)
  })
})

it('lists ten a page, and as many as asked for', async () => {
  const { project } = await addEnvironment(world, 'Many tags')
  const path = `projects/${project.id}/tags/`
  for (let n = 0; n < 11; n++) await done(world.api('POST', path, { label: `tag ${n}` }))
  const first = await done(world.api<Page>('GET', path))
  expect([first.count, first.results.length]).toEqual([11, 10])
  expect(first.next).toContain(`/api/v1/${path}?page=2`)
  const all = await done(world.api<Page>('GET', `${path}?page_size=999`))
  expect(all.results.map(({ label }) => label)[10]).toBe('tag 10')
  expect((await world.api('GET', `${path}?page=3`)).status).toBe(404)
})

it.each(['PUT', 'PATCH'])('%s changes what is sent and leaves the rest', async (method) => {
  const before = await done(create({ label: 'before', color: 'red', description: 'why' }))
  const path = `${list}${before.id}/`
  const after = { ...before, label: 'after', is_permanent: true }
  const sent = { label: 'after', is_permanent: true, project: 1 }
  expect(await done(world.api(method, path, sent))).toEqual(after)
  expect(await done(world.api(method, path, {}))).toEqual(after)
  const [entry] = await lastEntries(world, place, 1)
  expect(entry).toMatchObject({
    log: 'Tag updated: after',
    action: 'tag.updated',
    related_object_type: 'TAG',
    related_object_id: before.id,
    before: { label: 'before', is_permanent: false },
    after: { label: 'after', is_permanent: true },
  })
  expect(await done(world.api(method, path, { color: '', description: null }))).toEqual({
    ...after,
    color: '#6837FC',
    description: null,
  })
  expect(await world.api(method, path, { label: '' })).toMatchObject({ status: 400 })
})

it('a deleted tag is gone, and its entry tells from which features', async () => {
  const tag = await done(create({ label: 'doomed' }))
  const features = `projects/${place.project.id}/features/`
  const body = { name: 'tagged once', tags: [tag.id] }
  const feature = await done(world.api<{ id: number; tags: number[] }>('POST', features, body))
  expect(feature.tags).toEqual([tag.id])
  expect(await world.api('DELETE', `${list}${tag.id}/`)).toMatchObject({ status: 204, body: null })
  expect(await done(world.api('GET', `${features}${feature.id}/`))).toMatchObject({ tags: [] })
  for (const path of [`${list}${tag.id}/`, byUuid(tag)]) {
    expect(await world.api('GET', path)).toMatchObject({
      status: 404,
      body: { detail: 'Not found.' },
    })
  }
  expect((await world.api('DELETE', `${list}${tag.id}/`)).status).toBe(404)
  expect(await lastEntries(world, place, 1)).toMatchObject([
    {
      log: 'Tag deleted: doomed',
      action: 'tag.deleted',
      related_object_type: 'TAG',
      before: { label: 'doomed', features: [feature.id] },
      after: null,
    },
  ])
})

describe('is safe from', () => {
  it('a mere member, who cannot even see the project', async () => {
    const member = await addColleague(world)
    const tag = await done(create({ label: 'guarded' }))
    const before = await dumpAtRest()
    for (const [method, path] of [
      ['GET', list],
      ['POST', list],
      ['GET', `${list}${tag.id}/`],
      ['GET', byUuid(tag)],
      ['PUT', `${list}${tag.id}/`],
      ['PATCH', `${list}${tag.id}/`],
      ['DELETE', `${list}${tag.id}/`],
    ] as const) {
      const body = method === 'POST' || method.startsWith('P') ? { label: 'taken' } : undefined
      const { status } = await world.api(method, path, body, member.auth)
      expect([403, 404], `${method} ${path}`).toContain(status)
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('other projects: their tags are unknown here, by id and by uuid', async () => {
    const other = await addEnvironment(world, 'Another')
    const foreign = await createWorld('Foreign')
    const tag = await done(create({ label: 'mine' }))
    const wrong = `projects/${other.project.id}/tags/`
    const before = await dumpAtRest()
    for (const [method, auth, base] of [
      ['GET', world.auth, wrong],
      ['PUT', world.auth, wrong],
      ['PATCH', world.auth, wrong],
      ['DELETE', world.auth, wrong],
      ['GET', foreign.keyAuth, list],
      ['PUT', foreign.keyAuth, list],
      ['DELETE', foreign.keyAuth, list],
    ] as const) {
      const body = method.startsWith('P') ? { label: 'taken' } : undefined
      expect((await world.api(method, `${base}${tag.id}/`, body, auth)).status).toBe(404)
    }
    expect((await world.api('GET', `${wrong}get-by-uuid/${tag.uuid}/`)).status).toBe(404)
    expect((await world.api('GET', byUuid(tag), undefined, foreign.keyAuth)).status).toBe(404)
    for (const id of ['0', 'x', '99999999999']) {
      expect((await world.api('GET', `${list}${id}/`)).status).toBe(404)
    }
    expect(await dumpAtRest()).toBe(before)
  })
})
