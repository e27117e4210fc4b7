import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  addEnvironment,
  createWorld,
  done,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { addSegment } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

/** A request with `If-Match`, or without where it is null. */
async function ask<T = unknown>(
  method: string,
  path: string,
  { ifMatch, body }: { ifMatch: string | null; body?: object },
): Promise<Answer<T>> {
  const headers = new Headers({ Authorization: world.auth, 'Content-Type': 'application/json' })
  if (ifMatch !== null) headers.set('If-Match', ifMatch)
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const response = await exports.default.fetch(new Request(`http://localhost/api/v1/${path}`, init))
  const text = await response.text()
  const parsed = (text === '' ? null : JSON.parse(text)) as T
  return { status: response.status, body: parsed, headers: response.headers }
}

const read = async (path: string): Promise<string | null> => {
  const answer = await world.api('GET', path)
  expect(answer.status).toBe(200)
  return answer.headers.get('ETag')
}

type Flag = { state: State; path: string; feature: string; put: typeof put }

const put = (path: string, value: string, ifMatch: string | null) =>
  ask<State & { detail: string }>('PUT', path, { ifMatch, body: { feature_state_value: value } })

async function addFlag(): Promise<Flag> {
  const state = await addState(world, place)
  const path = `environments/${place.environment.api_key}/featurestates/${state.id}/`
  const feature = `projects/${place.project.id}/features/${state.feature}/`
  return { state, path, feature, put }
}

/** A feature segment and the state of its override. */
async function addOverride({ state: { feature, environment } }: Flag) {
  const segment = await addSegment(world, place)
  const link = await done(
    world.api<{ id: number; uuid: string }>('POST', 'features/feature-segments/', {
      feature,
      environment,
      segment: segment.id,
    }),
  )
  const body = { feature, environment, feature_segment: link.id, enabled: true }
  const override = world.api<State & { uuid: string }>('POST', 'features/featurestates/', body)
  return { link, override: await done(override) }
}

describe('the ETag of a feature and of what belongs to it', () => {
  it('is the same on all of them, and every answer to a write tells the new one', async () => {
    const flag = await addFlag()
    const { link, override } = await addOverride(flag)
    const option = await world.api<{ id: number; uuid: string }>(
      'POST',
      `${flag.feature}mv-options/`,
      { string_value: 'a', default_percentage_allocation: 10 },
    )
    const etag = option.headers.get('ETag')
    expect(etag).toBe('"4"')
    const paths = [
      flag.feature,
      flag.path,
      `features/featurestates/get-by-uuid/${override.uuid}/`,
      `features/feature-segments/${link.id}/`,
      `features/feature-segments/get-by-uuid/${link.uuid}/`,
      `${flag.feature}mv-options/${option.body.id}/`,
      `multivariate/options/get-by-uuid/${option.body.uuid}/`,
    ]
    for (const path of paths) expect(await read(path)).toBe(etag)
    const answer = await put(flag.path, 'red', null)
    expect(answer.headers.get('ETag')).toBe('"5"')
    for (const path of paths) expect(await read(path)).toBe('"5"')
    const again = await put(flag.path, 'red', null)
    expect(again.headers.get('ETag')).toBe('"5"')
  })

  it('begins at 1 with the feature and is shown to nobody else', async () => {
    const body = { name: crypto.randomUUID() }
    const made = await world.api<{ id: number; uuid: string }>(
      'POST',
      `projects/${place.project.id}/features/`,
      body,
    )
    expect(made.headers.get('ETag')).toBe('"1"')
    expect(await read(`features/get-by-uuid/${made.body.uuid}/`)).toBe('"1"')
    const flag = await addFlag()
    const stranger = await createWorld('Stranger')
    for (const path of [flag.path, flag.feature]) {
      const answer = await world.api('GET', path, undefined, stranger.keyAuth)
      expect(answer.status).toBe(404)
      expect(answer.headers.get('ETag')).toBeNull()
    }
  })
})

describe('If-Match', () => {
  it('of an older version is refused, tells the present one, and changes nothing at all', async () => {
    const flag = await addFlag()
    const known = await read(flag.path)
    await done(put(flag.path, 'green', null))
    const before = await dumpAtRest()
    const { status, body, headers } = await put(flag.path, 'red', known)
    expect(status).toBe(412)
    expect(body.detail).toContain(`feature ${flag.state.feature} is at version "2"`)
    expect(body.detail).toContain('Read it again and repeat')
    expect(headers.get('ETag')).toBeNull()
    // What asks for what already is would change nothing, but its sender has not seen it.
    expect((await put(flag.path, 'green', known)).status).toBe(412)
    expect((await dumpAtRest()) === before).toBe(true)
  })

  it.each([
    ['the version', (version: string) => version],
    ['a weakened one', (version: string) => `W/${version}`],
    ['a list with it', (version: string) => `"7", "abc" , ${version}`],
    ['any', () => '*'],
  ])('of %s passes', async (_, header) => {
    const flag = await addFlag()
    const answer = await put(flag.path, 'red', header((await read(flag.path)) ?? ''))
    expect(answer.status).toBe(200)
    expect(answer.body.feature_state_value).toBe('red')
    expect(answer.headers.get('ETag')).toBe('"2"')
  })

  it.each(['12', '"1', '"1" "2"', '"1",', '*, "1"', 'W/1', '"a b"'])(
    'that reads %j is refused as malformed',
    async (header) => {
      const flag = await addFlag()
      const before = await dumpAtRest()
      const { status, body } = await ask('PUT', flag.path, {
        ifMatch: header,
        body: { enabled: true },
      })
      expect(status).toBe(400)
      expect(body).toEqual({ 'If-Match': [expect.stringContaining('Send the ETag')] })
      expect((await dumpAtRest()) === before).toBe(true)
    },
  )

  it('lets exactly one of many writers through that have read the same version', async () => {
    const flag = await addFlag()
    const known = await read(flag.path)
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put(flag.path, `writer ${index}`, known)),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array(7).fill(412)])
    const winner = answers.find(({ status }) => status === 200)?.body
    const { feature_state_value: stays } = await done(world.api<State>('GET', flag.path))
    expect(stays).toBe(winner?.feature_state_value)
    expect(await read(flag.path)).toBe('"2"')
  })

  it('is not needed: without it every write is made, one after the other', async () => {
    const flag = await addFlag()
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, index) => put(flag.path, `writer ${index}`, null)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const tags = answers.map(({ headers }) => headers.get('ETag')).sort()
    expect(tags).toEqual(['"2"', '"3"', '"4"', '"5"'])
  })

  it('holds for every write about the feature, by the version of the whole feature', async () => {
    const flag = await addFlag()
    const { link, override } = await addOverride(flag)
    const { feature, environment } = flag.state
    await env.DB.prepare(
      'INSERT INTO identities (environment_id, identifier, created_at) VALUES (?, ?, 1)',
    )
      .bind(environment, `who ${feature}`)
      .run()
    const writes: [method: string, path: string, body?: object][] = [
      ['PATCH', flag.feature, { description: 'new' }],
      [
        'POST',
        `${flag.feature}mv-options/`,
        { string_value: 'a', default_percentage_allocation: 10 },
      ],
      ['PUT', `features/feature-segments/${link.id}/`, {}],
      ['PATCH', `features/featurestates/${override.id}/`, { enabled: false }],
      ['POST', 'features/feature-segments/update-priorities/', [{ id: link.id, priority: 3 }]],
      ['POST', 'features/featurestates/', { feature, environment, identifier: `who ${feature}` }],
      ['DELETE', `features/feature-segments/${link.id}/`],
      ['DELETE', flag.feature],
    ]
    for (const [method, path, body] of writes) {
      const known = (await read(flag.path)) ?? ''
      const before = await readRecords()
      const sent = body === undefined ? {} : { body }
      expect((await ask(method, path, { ifMatch: '"1"', ...sent })).status).toBe(412)
      expect(await readRecords()).toEqual(before)
      expect(await read(flag.path)).toBe(known)
      const made = await ask(method, path, { ifMatch: known, ...sent })
      expect([path, made.status < 300]).toEqual([path, true])
    }
    expect((await world.api('GET', flag.path)).status).toBe(404)
  })

  it('is refused, not ignored, where a write is about no feature', async () => {
    const path = `projects/${place.project.id}/`
    const before = await dumpAtRest()
    for (const ifMatch of ['"1"', '*']) {
      const body = { name: 'Renamed', organisation: world.organisation.id }
      const answer = await ask<{ detail: string }>('PUT', path, { ifMatch, body })
      expect(answer.status).toBe(412)
      expect(answer.body.detail).toContain('about no feature')
    }
    expect((await dumpAtRest()) === before).toBe(true)
  })
})
