import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { getDocument } from '../../src/storage/documents.ts'
import { addEnvironment, createWorld, done, type World } from '../support/admin.ts'
import { addColleague } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

type Project = { id: number; uuid: string; name: string }

let world: World

beforeAll(async () => {
  world = await createWorld()
})

const create = (body: object) =>
  world.api<Project>('POST', 'projects/', { organisation: world.organisation.id, ...body })

const rows = async () =>
  (await env.DB.prepare('SELECT count(*) AS n FROM projects').first<{ n: number }>())?.n

const defaults = {
  id: expect.any(Number),
  uuid: expect.stringMatching(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  ),
  hide_disabled_flags: false,
  enable_dynamo_db: false,
  migration_status: 'NOT_APPLICABLE',
  use_edge_identities: false,
  prevent_flag_defaults: false,
  enable_realtime_updates: false,
  only_allow_lower_case_feature_names: true,
  feature_name_regex: null,
  show_edge_identity_overrides_for_feature: false,
  stale_flags_limit_days: 30,
  edge_v2_migration_status: 'NOT_STARTED',
  minimum_change_request_approvals: null,
  enforce_feature_owners: false,
}

describe('a new project', () => {
  it('has the contract’s defaults and no environment', async () => {
    const { status, body } = await create({ name: 'Plain' })
    expect(status).toBe(201)
    expect(body).toEqual({ ...defaults, name: 'Plain', organisation: world.organisation.id })
    const { body: environments } = await world.api('GET', `projects/${body.id}/environments/`)
    expect(environments).toEqual([])
  })

  it('takes every setting, in the spellings that clients use', async () => {
    const settings = {
      hide_disabled_flags: 'true',
      prevent_flag_defaults: 1,
      enable_realtime_updates: 'YES',
      only_allow_lower_case_feature_names: 'off',
      feature_name_regex: '[a-z]+',
      stale_flags_limit_days: '7',
    }
    expect((await create({ name: 'Set', ...settings })).body).toMatchObject({
      hide_disabled_flags: true,
      prevent_flag_defaults: true,
      enable_realtime_updates: true,
      only_allow_lower_case_feature_names: false,
      feature_name_regex: '[a-z]+',
      stale_flags_limit_days: 7,
    })
  })

  it('ignores unknown and read-only fields', async () => {
    const uuid = '00000000-0000-4000-8000-000000000000'
    const sent = { id: 999, uuid, use_edge_identities: true, total_features: 7, x: 1 }
    const { body } = await create({ name: 'Readonly', ...sent })
    expect(body).toEqual({ ...defaults, name: 'Readonly', organisation: world.organisation.id })
    expect(body.id).not.toBe(999)
    expect(body.uuid).not.toBe(uuid)
  })

  it('may carry any name that text can carry', async () => {
    for (const name of ['__proto__', 'constructor', '🚩 Fähnchen', "'; DROP TABLE projects;--"]) {
      const { body } = await create({ name })
      expect((await world.api<Project>('GET', `projects/${body.id}/`)).body.name).toBe(name)
    }
    expect((await create({ name: '🚩'.repeat(2000) })).status).toBe(201)
    expect((await create({ name: 42 })).body.name).toBe('42')
  })

  it.each([
    [{}, { name: ['This field is required.'], organisation: ['This field is required.'] }],
    [{ name: '  ', organisation: 1 }, { name: ['This field may not be blank.'] }],
    [{ name: null, organisation: 1 }, { name: ['This field may not be null.'] }],
    [{ name: true, organisation: 1 }, { name: ['Not a valid string.'] }],
    [{ name: 'a\u0000', organisation: 1 }, { name: ['Null characters are not allowed.'] }],
    [
      { name: '\ud83d', organisation: 1 },
      { name: ['Surrogate characters are not allowed: U+D83D.'] },
    ],
    [
      { name: 'x'.repeat(2001), organisation: 1 },
      { name: ['Ensure this field has no more than 2000 characters.'] },
    ],
    [{ name: 'x', organisation: null }, { organisation: ['This field may not be null.'] }],
    [{ name: 'x', organisation: 'one' }, { organisation: ['A valid integer is required.'] }],
    [
      { name: 'x', organisation: 2147483648 },
      { organisation: ['Ensure this value is less than or equal to 2147483647.'] },
    ],
    [
      { name: 'x', organisation: 1, hide_disabled_flags: 'maybe', stale_flags_limit_days: -1 },
      {
        hide_disabled_flags: ['Must be a valid boolean.'],
        stale_flags_limit_days: ['Ensure this value is greater than or equal to 0.'],
      },
    ],
    [
      { name: 'x', organisation: 1, stale_flags_limit_days: 1.5 },
      { stale_flags_limit_days: ['A valid integer is required.'] },
    ],
  ])('is refused with every reason: %j', async (body, errors) => {
    const before = await rows()
    expect(await world.api('POST', 'projects/', body)).toMatchObject({ status: 400, body: errors })
    expect(await rows()).toBe(before)
  })

  it.each(['(', '(?=x)', 'a)|(b'])('is refused with the pattern %s', async (regex) => {
    const { status, body } = await create({ name: 'Pattern', feature_name_regex: regex })
    expect(status).toBe(400)
    expect(Object.keys(body)).toEqual(['feature_name_regex'])
  })

  it('is refused under a name that the organisation has already', async () => {
    await done(create({ name: 'Twice' }))
    expect(await create({ name: ' Twice ' })).toMatchObject({
      status: 400,
      body: { name: ['A project with this name already exists.'] },
    })
    const other = await createWorld('Other')
    const body = { name: 'Twice', organisation: other.organisation.id }
    expect((await other.api('POST', 'projects/', body)).status).toBe(201)
  })

  it('of an unknown organisation, of another one or by a mere member answers 403', async () => {
    const detail = 'You do not have permission to perform this action.'
    const refused = { status: 403, body: { detail } }
    const other = await createWorld('Elsewhere')
    const member = await addColleague(world)
    const before = await dumpAtRest()
    const body = { name: 'Foreign', organisation: other.organisation.id }
    expect(await world.api('POST', 'projects/', body, world.keyAuth)).toMatchObject(refused)
    expect(await world.api('POST', 'projects/', { ...body, organisation: 999_999 })).toMatchObject(
      refused,
    )
    const own = { name: 'Member', organisation: world.organisation.id }
    expect(await world.api('POST', 'projects/', own, member.auth)).toMatchObject(refused)
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('reading projects', () => {
  it('answers one with its totals, by id and by uuid', async () => {
    const project = await done(create({ name: 'Totals' }))
    await done(world.api('POST', `projects/${project.id}/features/`, { name: 'one' }))
    const detail = {
      ...project,
      max_segments_allowed: 500,
      max_features_allowed: 1000,
      max_segment_overrides_allowed: 2000,
      max_segment_conditions_allowed: 100,
      max_feature_value_bytes: 20000,
      total_features: 1,
      total_segments: 0,
    }
    expect(await done(world.api('GET', `projects/${project.id}/`))).toEqual(detail)
    expect(await done(world.api('GET', `projects/get-by-uuid/${project.uuid}/`))).toEqual(detail)
  })

  it('answers a bare list, narrowed by organisation and uuid', async () => {
    const own = await createWorld('Listed')
    const body = { name: 'Only', organisation: own.organisation.id }
    const project = await done(own.api<Project>('POST', 'projects/', body))
    const list = (query: string, auth?: string) =>
      own.api<Project[]>('GET', `projects/${query}`, undefined, auth)
    expect((await list('', own.keyAuth)).body).toEqual([project])
    expect((await list(`?organisation=${own.organisation.id}`)).body).toEqual([project])
    expect((await list(`?uuid=${project.uuid}`)).body).toEqual([project])
    expect((await list('?uuid=nothing')).body).toEqual([])
    expect((await list(`?organisation=${world.organisation.id}`, own.keyAuth)).body).toEqual([])
    expect((await list('?organisation=abc')).status).toBe(400)
    expect((await list(`?uuid=${encodeURIComponent("' OR 1=1 --")}`)).body).toEqual([])
  })

  it('hides everything from a mere member', async () => {
    const member = await addColleague(world)
    expect((await world.api('GET', 'projects/', undefined, member.auth)).body).toEqual([])
  })
})

describe.each(['PUT', 'PATCH'])('%s', (method) => {
  it('changes what is sent and leaves the rest', async () => {
    const project = await done(create({ name: `Lenient ${method}`, hide_disabled_flags: true }))
    const path = `projects/${project.id}/`
    const changed = { ...project, stale_flags_limit_days: 3 }
    const { status, body } = await world.api(method, path, { stale_flags_limit_days: 3 })
    expect({ status, body }).toEqual({ status: 200, body: changed })
    expect((await world.api(method, path, {})).body).toEqual(changed)
    expect((await world.api('GET', path)).body).toMatchObject(changed)
  })

  it('clears the pattern with null or blank text', async () => {
    const regex = '[a-z]+'
    const project = await done(create({ name: `Cleared ${method}`, feature_name_regex: regex }))
    for (const blank of ['', null]) {
      await done(world.api(method, `projects/${project.id}/`, { feature_name_regex: regex }))
      const { body } = await world.api(method, `projects/${project.id}/`, {
        feature_name_regex: blank,
      })
      expect(body).toMatchObject({ feature_name_regex: null })
    }
  })

  it('never moves a project to another organisation or another id', async () => {
    const other = await createWorld(`Target ${method}`)
    const project = await done(create({ name: `Rooted ${method}` }))
    const body = { organisation: other.organisation.id, id: 1, uuid: 'x', name: project.name }
    expect(await done(world.api(method, `projects/${project.id}/`, body))).toEqual(project)
    expect(await done(other.api('GET', 'projects/', undefined, other.keyAuth))).toEqual([])
  })

  it('refuses bad values and taken names', async () => {
    const project = await done(create({ name: `Bad ${method}` }))
    await done(create({ name: `Taken ${method}` }))
    const path = `projects/${project.id}/`
    const errors = { name: ['A project with this name already exists.'] }
    expect(await world.api(method, path, { name: `Taken ${method}` })).toMatchObject({
      status: 400,
      body: errors,
    })
    expect((await world.api(method, path, { name: '' })).status).toBe(400)
    expect((await world.api(method, path, { feature_name_regex: '(' })).status).toBe(400)
    expect((await world.api('GET', path)).body).toMatchObject(project)
  })
})

it('a deleted project takes everything in it along, and what it published', async () => {
  const place = await addEnvironment(world, 'Doomed')
  const { id } = place.project
  await done(world.api('POST', `projects/${id}/features/`, { name: 'flag' }))
  expect(await getDocument(env.DOCUMENTS, place.environment.id)).not.toBeNull()
  expect(await world.api('DELETE', `projects/${id}/`)).toMatchObject({ status: 204, body: null })
  // Two publishes of one environment keep a second between them.
  await vi.waitFor(
    async () => expect(await getDocument(env.DOCUMENTS, place.environment.id)).toBeNull(),
    { timeout: 5_000, interval: 100 },
  )
  expect((await world.api('DELETE', `projects/${id}/`)).status).toBe(404)
  for (const table of ['environments', 'features']) {
    const left = `SELECT count(*) AS n FROM ${table} WHERE project_id = ?`
    expect(await env.DB.prepare(left).bind(id).first()).toEqual({ n: 0 })
  }
})
