import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { grant } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { addSegment } from '../support/segments.ts'

type Page = { count: number; results: { name: string }[] }

let world: World
let place: Place
let list: string
let feature: number

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/features/`
  feature = (await addState(world, place, { name: '100%_off\\' })).feature
})

const parameters = [
  'page',
  'page_size',
  'search',
  'sort_field',
  'sort_direction',
  'tags',
  'tag_strategy',
  'is_archived',
  'type',
  'environment',
  'segment',
  'identity',
  'is_enabled',
  'value_search',
  'owners',
  'group_owners',
  'lifecycle_stage',
]

const hostile = [
  '',
  "'",
  '"',
  "' OR 1=1 --",
  "1'; DROP TABLE features; --",
  '1) UNION SELECT password_hash FROM users --',
  '%',
  '_',
  '\\',
  '%00',
  'a\u0000b',
  '1e309',
  '-1',
  '0',
  '1.5',
  '0x10',
  ' 1 ',
  '+1',
  '2147483648',
  '9007199254740993',
  '9'.repeat(400),
  '1,'.repeat(2_000),
  `${'1,'.repeat(2_000)}1`,
  'NaN',
  'Infinity',
  'null',
  'undefined',
  'true',
  '[]',
  '{"$gt":""}',
  '__proto__',
  'constructor',
  '🚩',
  '\ud800',
  'ß',
  'x'.repeat(5_000),
  '?',
  '?1',
  ':name',
]

/** The page of a list may be beyond its end. */
const allowed = (parameter: string) => (parameter === 'page' ? [200, 400, 404] : [200, 400])

describe.each(parameters)('?%s=', (parameter) => {
  it('answers whatever is sent, with a page or with its own name', async () => {
    for (const value of hostile) {
      // A lone surrogate is no UTF-8: what a hostile client can send of it is bytes.
      const sent = value === '\ud800' ? '%ED%A0%80' : encodeURIComponent(value)
      const rest = parameter === 'environment' ? '' : `&environment=${place.environment.id}`
      const { status, body } = await world.api('GET', `${list}?${parameter}=${sent}${rest}`)
      const found = allowed(parameter).includes(status)
      expect([value.slice(0, 50), status, found]).toEqual([value.slice(0, 50), status, true])
      if (status === 400) expect(Object.keys(body as object)).toEqual([parameter])
    }
  })

  it('sent twice, or not as a query should be, is no error of ours', async () => {
    for (const query of [
      `${parameter}=1&${parameter}=2`,
      `${parameter}[]=1`,
      `${parameter}[a]=1`,
      `${parameter}`,
      `${parameter}=%`,
      `${parameter}=%zz`,
      `${parameter}=%C3%28`,
      `&&=&${parameter}==`,
    ]) {
      const { status } = await world.api('GET', `${list}?${query}`)
      expect([query, allowed(parameter).includes(status)]).toEqual([query, true])
    }
  })
})

it('wildcards and quotes stand for themselves in every search', async () => {
  const find = async (text: string) =>
    (await done(world.api<Page>('GET', `${list}?search=${encodeURIComponent(text)}`))).count
  for (const text of ['100%', '%_', 'off\\', '\\'])
    expect([text, await find(text)]).toEqual([text, 1])
  for (const text of ['1%f', '1__%', "'", "' OR ''='", '\\\\', '%%']) {
    expect([text, await find(text)]).toEqual([text, 0])
  }
})

describe('things of other projects', () => {
  it('are refused as those are that do not exist', async () => {
    const theirs = await createWorld('Theirs')
    const others = [
      { world, place: await addEnvironment(world, 'Second') },
      { world: theirs, place: await addEnvironment(theirs, 'Foreign') },
    ]
    const own = place.environment.id
    for (const other of others) {
      const environment = other.place.environment.id
      const segment = (await addSegment(other.world, other.place)).id
      const { meta } = await env.DB.prepare(
        "INSERT INTO identities (environment_id, identifier, created_at) VALUES (?, 'x', 1)",
      )
        .bind(environment)
        .run()
      const identity = meta.last_row_id
      const questions: [string, number, string][] = [
        ['environment', environment, ''],
        ['segment', segment, `&environment=${own}`],
        ['identity', identity, `&environment=${own}`],
      ]
      for (const path of [list, `${list}${feature}/`]) {
        for (const [name, id, rest] of questions) {
          const ask = (asked: number) =>
            world.api('GET', `${path}?${name}=${asked}${rest}`, undefined, world.keyAuth)
          const told = (asked: number) => ({
            status: 400,
            body: { [name]: [`Invalid pk "${asked}" - object does not exist.`] },
          })
          expect(await ask(id)).toMatchObject(told(id))
          expect(await ask(987654321)).toMatchObject(told(987654321))
        }
      }
      const state = `environment=${environment}&value_search=x`
      expect((await world.api('GET', `${list}?${state}`, undefined, world.keyAuth)).status).toBe(
        400,
      )
    }
  })

  it('and environments that the caller may not see are refused in the same words', async () => {
    const member = await addColleague(world)
    const at = { organisationId: world.organisation.id, userId: member.id }
    const projectId = place.project.id
    await grant({ ...at, projectId, permissions: ['VIEW_PROJECT'] })
    const other = await done(
      world.api<{ id: number }>('POST', 'environments/', { name: 'Seen', project: projectId }),
    )
    await grant({
      ...at,
      projectId,
      environmentId: other.id,
      permissions: ['VIEW_ENVIRONMENT'],
    })
    for (const path of [list, `${list}${feature}/`]) {
      const ask = (query: string) => world.api('GET', `${path}?${query}`, undefined, member.auth)
      const { id } = place.environment
      expect(await ask(`environment=${id}`)).toMatchObject({
        status: 400,
        body: { environment: [`Invalid pk "${id}" - object does not exist.`] },
      })
      expect((await ask(`environment=${id}&is_enabled=true&value_search=b`)).status).toBe(400)
      expect((await ask(`environment=${other.id}`)).status).toBe(200)
      expect((await ask('')).status).toBe(200)
    }
  })

  it('find nothing as tags and owners', async () => {
    const other = await addEnvironment(world, 'Tagged')
    const foreign = await addState(world, other)
    await env.DB.batch([
      env.DB.prepare(
        "INSERT INTO tags (id, uuid, project_id, label, color, created_at) VALUES (501, 'u', ?, 't', '#fff', 1)",
      ).bind(other.project.id),
      env.DB.prepare('INSERT INTO feature_tags (feature_id, tag_id) VALUES (?, 501)').bind(
        foreign.feature,
      ),
    ])
    const count = async (query: string) =>
      (await done(world.api<Page>('GET', `${list}?${query}`))).count
    expect(await count('tags=501')).toBe(0)
    expect(await count('tags=501&tag_strategy=UNION')).toBe(0)
    expect(await count('tags=999999')).toBe(0)
    const page = await done(
      world.api<Page>('GET', `projects/${other.project.id}/features/?tags=501`),
    )
    expect(page.count).toBe(1)
  })
})
