import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Person,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { grant } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

type Option = { id: number; string_value: string; default_percentage_allocation: number }
type Feature = { id: number; owners: { id: number }[]; multivariate_options: Option[] }

let world: World
let place: Place
let list: string
let author: Person

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/features/`
  author = await addColleague(world)
  const at = { organisationId: world.organisation.id, projectId: place.project.id }
  await grant({ ...at, userId: author.id, permissions: ['VIEW_PROJECT', 'CREATE_FEATURE'] })
})

const options = [{ string_value: 'a', default_percentage_allocation: 30 }]
const create = (body: object, auth: string) =>
  world.api<Feature>('POST', list, { name: crypto.randomUUID(), ...body }, auth)

describe('who may create features without administering the project', () => {
  const refusal = {
    status: 403,
    body: { detail: 'User must be project admin to modify / create MV options.' },
  }

  it('owns what they create, and changes it, but may not delete it', async () => {
    const { status, body } = await create({ multivariate_options: [] }, author.auth)
    expect([status, body.owners.map(({ id }) => id)]).toEqual([201, [author.id]])
    const path = `${list}${body.id}/`
    const changed = await world.api('PUT', path, { description: 'mine' }, author.auth)
    expect(changed).toMatchObject({ status: 200, body: { description: 'mine' } })
    expect((await world.api('DELETE', path, undefined, author.auth)).status).toBe(403)
  })

  it('cannot create options along with a feature', async () => {
    const before = await dumpAtRest()
    expect(await create({ multivariate_options: options }, author.auth)).toMatchObject(refusal)
    expect(await dumpAtRest()).toBe(before)
  })

  it.each(['PUT', 'PATCH'])('cannot add, edit or remove options with a %s', async (method) => {
    const { body } = await create({ multivariate_options: options }, world.keyAuth)
    const [option] = body.multivariate_options
    const before = await readRecords()
    for (const multivariate_options of [
      [],
      [option, ...options],
      [{ ...option, default_percentage_allocation: 31 }],
    ]) {
      const sent = { multivariate_options, description: 'changed' }
      expect(await world.api(method, `${list}${body.id}/`, sent, author.auth)).toMatchObject(
        refusal,
      )
    }
    expect(await readRecords()).toEqual(before)
    expect(await done(world.api('GET', `${list}${body.id}/`))).toEqual(body)
    const same = { ...body, description: 'changed' }
    expect(await world.api(method, `${list}${body.id}/`, same, author.auth)).toMatchObject({
      status: 200,
      body: same,
    })
  })
})

it('a project takes as many features as it may have', async () => {
  const { project } = await addEnvironment(world, 'Full')
  await env.DB.prepare('UPDATE projects SET max_features_allowed = 1 WHERE id = ?')
    .bind(project.id)
    .run()
  const path = `projects/${project.id}/features/`
  const first = await done(world.api<Feature>('POST', path, { name: 'first' }))
  const before = await dumpAtRest()
  expect(await world.api('POST', path, { name: 'second' })).toMatchObject({
    status: 400,
    body: { project: ['The Project has reached the maximum allowed features limit.'] },
  })
  expect(await dumpAtRest()).toBe(before)
  await done(world.api('DELETE', `${path}${first.id}/`))
  expect((await world.api('POST', path, { name: 'second' })).status).toBe(201)
})

describe('a project that takes values of ten bytes', () => {
  let path: string
  const options = (string_value: string) => [{ string_value, default_percentage_allocation: 1 }]
  const message = [
    'The value takes 11 bytes. The maximum allowed in this project is 10 ' +
      '(its setting max_feature_value_bytes).',
  ]

  beforeAll(async () => {
    const { project } = await addEnvironment(world, 'Short values')
    path = `projects/${project.id}/features/`
    const limit = { max_feature_value_bytes: 10 }
    await done(world.api('PATCH', `projects/${project.id}/`, limit))
  })

  it('refuses longer ones in a new feature', async () => {
    const before = await readRecords()
    for (const [field, sent, fits] of [
      ['initial_value', 'äääää1', 'äääää'],
      ['multivariate_options', options('01234567890'), options('0123456789')],
    ] as const) {
      const name = `long ${field}`
      expect(await world.api('POST', path, { name, [field]: sent })).toMatchObject({
        status: 400,
        body: { [field]: message },
      })
      expect(await readRecords()).toHaveLength(before.length)
      expect((await world.api('POST', path, { name, [field]: fits })).status).toBe(201)
      before.splice(0, before.length, ...(await readRecords()))
    }
  })

  it('refuses longer ones in options that come or change, and lets old ones be', async () => {
    const feature = { name: 'short', multivariate_options: options('0123456789') }
    const { id, multivariate_options } = await done(world.api<Feature>('POST', path, feature))
    const [old] = multivariate_options
    await env.DB.prepare('UPDATE multivariate_options SET string_value = ? WHERE id = ?')
      .bind('x'.repeat(50), old?.id ?? 0)
      .run()
    const put = (list: object[]) =>
      world.api('PUT', `${path}${id}/`, { multivariate_options: list })
    const kept = { id: old?.id, default_percentage_allocation: 2 }
    expect((await put([kept])).status).toBe(200)
    const refusal = { status: 400, body: { multivariate_options: message } }
    expect(await put([{ id: old?.id, string_value: '01234567890' }])).toMatchObject(refusal)
    expect(await put([kept, ...options('01234567890')])).toMatchObject(refusal)
    const single = { feature: id, string_value: '01234567890', default_percentage_allocation: 1 }
    expect((await world.api('POST', `${path}${id}/mv-options/`, single)).status).toBe(400)
    expect((await put([kept, ...options('0123456789')])).status).toBe(200)
  })
})
