import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Page,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import {
  addIdentity,
  type Identity,
  identify,
  identitiesOf,
  servedFlag,
  soon,
} from '../support/identities.ts'
import { readWithQueries } from '../support/queries.ts'
import { lastEntries } from '../support/segments.ts'

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = identitiesOf(place)
})

const taken = (identifier: string) => ({
  status: 400,
  body: {
    identifier: `Identity with identifier '${identifier}' already exists in this environment`,
  },
})

const versionOf = async () => {
  const found = env.DB.prepare('SELECT version FROM environments WHERE id = ?')
  return (await found.bind(place.environment.id).first<{ version: number }>())?.version ?? 0
}

describe('a new identity', () => {
  it('reads as it was made, with and without slashes, and is told in the log', async () => {
    const { status, body } = await world.api<Identity>('POST', list, { identifier: ' ada ' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      identifier: 'ada',
      environment: place.environment.id,
    })
    for (const path of [`${list}${body.id}/`, `${list}${body.id}`]) {
      expect(await done(world.api('GET', path))).toEqual(body)
    }
    const [entry] = await lastEntries(world, place, 1)
    expect(entry).toMatchObject({
      log: 'Identity created: ada',
      action: 'identity.created',
      related_object_type: 'IDENTITY',
      related_object_id: body.id,
      environment: { id: place.environment.id },
      before: null,
      after: { id: body.id, identifier: 'ada' },
    })
  })

  it('is the one that SDKs go on with, and theirs is taken', async () => {
    const { id, identifier } = await addIdentity(world, place)
    await identify(place, { identifier, traits: [{ trait_key: 'plan', trait_value: 'gold' }] })
    const found = await done(world.api<Page<Identity>>('GET', `${list}?q="${identifier}"`))
    expect(found.results).toEqual([{ id, identifier, environment: place.environment.id }])
    await identify(place, { identifier: 'seen first' })
    expect(await world.api('POST', list, { identifier: 'seen first' })).toMatchObject(
      taken('seen first'),
    )
  })

  it('may have the name of one elsewhere, and is made once of many requests', async () => {
    const other = await addEnvironment(world, 'Other')
    const { identifier } = await addIdentity(world, other)
    const sent = Array.from({ length: 8 }, () => world.api('POST', list, { identifier }))
    const answers = await Promise.all(sent)
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer).toMatchObject(taken(identifier))
    }
  })

  it('needs an identifier of at most 2000 characters', async () => {
    const wrong: [object, string][] = [
      [{}, 'This field is required.'],
      [{ identifier: null }, 'This field may not be null.'],
      [{ identifier: '  ' }, 'This field may not be blank.'],
      [{ identifier: 'x'.repeat(2001) }, 'Ensure this field has no more than 2000 characters.'],
      [{ identifier: 'a\u0000b' }, 'Null characters are not allowed.'],
      [{ identifier: ['a'] }, 'Not a valid string.'],
    ]
    for (const [body, message] of wrong) {
      expect(await world.api('POST', list, body)).toMatchObject({
        status: 400,
        body: { identifier: [message] },
      })
    }
  })
})

describe('an identity', () => {
  it('gets another identifier, and its overrides and traits with it', async () => {
    const { feature } = await addState(world, place)
    const { id, identifier } = await addIdentity(world, place)
    const states = `${list}${id}/featurestates/`
    await done(world.api('POST', states, { feature, enabled: true, feature_state_value: 'mine' }))
    await identify(place, { identifier, traits: [{ trait_key: 'plan', trait_value: 'gold' }] })
    const renamed = `${identifier}-renamed`
    const version = await versionOf()
    expect(await world.api('PUT', `${list}${id}/`, { identifier: renamed })).toMatchObject({
      status: 200,
      body: { id, identifier: renamed },
    })
    expect(await versionOf()).toBe(version + 1)
    const [entry] = await lastEntries(world, place, 1)
    expect(entry).toMatchObject({ before: { identifier }, after: { identifier: renamed } })
    const served = await identify(place, { identifier: renamed })
    expect(served.traits).toMatchObject([{ trait_key: 'plan', trait_value: 'gold' }])
    const flag = () => servedFlag(place, renamed, feature)
    await expect.poll(flag, soon).toMatchObject({ enabled: true, feature_state_value: 'mine' })
  })

  it('stays what it is without a change, and takes no name that is taken', async () => {
    const [ada, bob] = [await addIdentity(world, place), await addIdentity(world, place)]
    const entries = await lastEntries(world, place, 2)
    for (const method of ['PUT', 'PATCH']) {
      for (const body of [{}, { identifier: ada.identifier, environment: 1 }]) {
        expect(await done(world.api(method, `${list}${ada.id}/`, body))).toEqual(ada)
      }
      const { identifier } = bob
      expect(await world.api(method, `${list}${ada.id}/`, { identifier })).toMatchObject(
        taken(identifier),
      )
    }
    expect(await lastEntries(world, place, 2)).toEqual(entries)
  })

  it('goes with its traits and overrides, each told in the log', async () => {
    const features = [await addState(world, place), await addState(world, place)]
    const { id, identifier } = await addIdentity(world, place)
    for (const { feature } of features) {
      await done(world.api('POST', `${list}${id}/featurestates/`, { feature, enabled: true }))
    }
    await identify(place, { identifier, traits: [{ trait_key: 'age', trait_value: 5 }] })
    const version = await versionOf()
    expect(await world.api('DELETE', `${list}${id}/`)).toMatchObject({ status: 204, body: null })
    expect(await versionOf()).toBe(version + 1)
    expect((await world.api('GET', `${list}${id}/`)).status).toBe(404)
    expect((await world.api('DELETE', `${list}${id}/`)).status).toBe(404)
    for (const table of ['traits', 'feature_states']) {
      const left = env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE identity_id = ?`)
      expect(await left.bind(id).first()).toEqual({ n: 0 })
    }
    const [gone, ...overrides] = await lastEntries(world, place, 3)
    expect(gone).toMatchObject({
      log: `Identity deleted: ${identifier}`,
      before: { id, traits: [{ trait_key: 'age', trait_value: '5' }] },
      after: null,
    })
    expect(overrides).toMatchObject(
      features.map(({ feature }) => ({
        related_object_type: 'FEATURE_STATE',
        log: expect.stringContaining('Flag state / Remote config value deleted for feature '),
        before: { feature_id: feature, identity_id: id, identifier },
        after: null,
      })),
    )
    await addIdentity(world, place, identifier)
  })

  it('goes also with traits that are longer than an entry can be', async () => {
    const { id, identifier } = await addIdentity(world, place)
    const keys = Array.from({ length: 150 }, (_, index) => `trait-${index}`)
    const traits = keys.map((trait_key) => ({ trait_key, trait_value: '\u00e9'.repeat(2000) }))
    await identify(place, { identifier, traits })
    await done(world.api('DELETE', `${list}${id}/`))
    const [entry] = await lastEntries(world, place, 1)
    expect(entry?.before).toMatchObject({ identifier, trait_keys: keys })
  })
})

describe('identities', () => {
  it('are found by a part of the identifier or, in quotes, by the whole of it', async () => {
    const at = await addEnvironment(world, 'Searched')
    for (const name of ['ann', 'Ann Berg', 'joanne', '100%', 'a_c', 'abc', '"quoted"', "o'neill"]) {
      await addIdentity(world, at, name)
    }
    const found = async (q: string) => {
      const path = `${identitiesOf(at)}?q=${encodeURIComponent(q)}&page_size=999`
      const { results } = await done(world.api<Page<Identity>>('GET', path))
      return results.map(({ identifier }) => identifier)
    }
    expect(await found('ann')).toEqual(['ann', 'Ann Berg', 'joanne'])
    expect(await found('"ann"')).toEqual(['ann'])
    expect(await found('"an"')).toEqual([])
    expect(await found('%')).toEqual(['100%'])
    expect(await found('_')).toEqual(['a_c'])
    expect(await found('""quoted""')).toEqual(['"quoted"'])
    expect(await found("'")).toEqual(["o'neill"])
    expect(await found('""')).toEqual([])
    expect(await found('')).toHaveLength(8)
    expect(await found('\u0000')).toEqual([])
  })

  it('come in pages, in a number of queries that does not grow', async () => {
    const at = await addEnvironment(world, 'Paged')
    const path = identitiesOf(at)
    const queries = async (query: string) => {
      const read = await readWithQueries<Page<Identity>>(`${path}${query}`, world.keyAuth)
      return { ...read.body, count: read.body.count, queries: read.statements.length }
    }
    await addIdentity(world, at, 'n0')
    const few = await queries('')
    for (let n = 1; n < 12; n++) await addIdentity(world, at, `n${n}`)
    const page = await queries('?page_size=5&page=2')
    expect(page.results.map(({ identifier }) => identifier)).toEqual(['n5', 'n6', 'n7', 'n8', 'n9'])
    expect([page.count, page.next !== null, page.previous !== null]).toEqual([12, true, true])
    const all = await queries('')
    expect(all.results).toHaveLength(12)
    expect([page.queries, all.queries]).toEqual([few.queries, few.queries])
    expect((await world.api('GET', `${path}?page=2`)).body).toEqual({ detail: 'Invalid page.' })
  })
})
