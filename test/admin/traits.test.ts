import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  createWorld,
  done,
  type Page,
  type Place,
  timestamp,
  type World,
} from '../support/admin.ts'
import { addIdentity, identify, identitiesOf, type Trait } from '../support/identities.ts'
import { readWithQueries } from '../support/queries.ts'
import { lastEntries } from '../support/segments.ts'

let world: World
let place: Place
let list: string
let identifier: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
})

/** Every test has an identity of its own. */
async function start(at: Place = place): Promise<void> {
  const identity = await addIdentity(world, at)
  identifier = identity.identifier
  list = `${identitiesOf(at)}${identity.id}/traits/`
}

const post = (body: object) => world.api<Trait>('POST', list, body)
const all = async () => (await done(world.api<Page<Trait>>('GET', list))).results

const none = { integer_value: null, string_value: null, boolean_value: null, float_value: null }

describe('a trait', () => {
  it('of every type is made, read and served to SDKs as that type', async () => {
    await start()
    const sent: [object, string, string][] = [
      [
        { value_type: 'unicode', string_value: ' Größe "x" ' },
        's',
        '" Gr\\u00f6\\u00dfe \\"x\\" "',
      ],
      [{ value_type: 'int', integer_value: -7 }, 'i', '-7'],
      [{ value_type: 'bool', boolean_value: true }, 'b', 'true'],
      [{ value_type: 'float', float_value: 5 }, 'f', '5.0'],
      [{ value_type: 'float', float_value: 1.25 }, 'g', '1.25'],
    ]
    for (const [body, key] of sent) {
      const { status, body: made } = await post({ trait_key: key, ...body })
      expect(status).toBe(201)
      const expected = { id: expect.any(Number), trait_key: key, ...none, ...body }
      expect(made).toEqual({ ...expected, created_date: timestamp })
      expect(await done(world.api('GET', `${list}${made.id}/`))).toEqual(made)
    }
    const { text } = await identify(place, { identifier })
    for (const [, key, literal] of sent) {
      expect(text).toContain(`"trait_key":"${key}","trait_value":${literal},`)
    }
  })

  it('that an SDK has stored reads with its type', async () => {
    await start()
    const values = { a: '"t"', b: '3', c: 'false', d: '5.0', e: '-0.5', f: '1e3', g: '"5"' }
    const traits = Object.entries(values).map(
      ([key, value]) => `{"trait_key":"${key}","trait_value":${value}}`,
    )
    await identify(place, `{"identifier":"${identifier}","traits":[${traits.join()}]}`)
    expect(await all()).toMatchObject([
      { ...none, value_type: 'unicode', string_value: 't' },
      { ...none, value_type: 'int', integer_value: 3 },
      { ...none, value_type: 'bool', boolean_value: false },
      { ...none, value_type: 'float', float_value: 5 },
      { ...none, value_type: 'float', float_value: -0.5 },
      { ...none, value_type: 'float', float_value: 1000 },
      { ...none, value_type: 'unicode', string_value: '5' },
    ])
  })

  it('that is written back as it was read is not written at all', async () => {
    await start()
    await identify(
      place,
      `{"identifier":"${identifier}","traits":[{"trait_key":"f","trait_value":5.0}]}`,
    )
    const entries = await lastEntries(world, place, 2)
    for (const trait of await all()) {
      expect(await done(world.api('PUT', `${list}${trait.id}/`, trait))).toEqual(trait)
    }
    expect(await lastEntries(world, place, 2)).toEqual(entries)
  })

  it('without a value has the empty one of its type, as Go leaves out false, 0 and ""', async () => {
    await start()
    await done(post({ trait_key: 'u', value_type: 'unicode' }))
    await done(post({ trait_key: 'i', value_type: 'int' }))
    await done(post({ trait_key: 'b', value_type: 'bool' }))
    await done(post({ trait_key: 'f', value_type: 'float', float_value: null }))
    await done(post({ trait_key: 'only', integer_value: 3 }))
    expect(await all()).toMatchObject([
      { ...none, string_value: '' },
      { ...none, integer_value: 0 },
      { ...none, boolean_value: false },
      { ...none, float_value: 0, value_type: 'float' },
      { ...none, integer_value: 3, value_type: 'int' },
    ])
  })

  it('changes where something is sent, in value, type and key', async () => {
    await start()
    const { id } = await done(post({ trait_key: 'plan', string_value: 'gold' }))
    const change = (method: string, body: object) =>
      done(world.api<Trait>(method, `${list}${id}/`, body))
    expect(await change('PATCH', { string_value: 'silver' })).toMatchObject({
      trait_key: 'plan',
      string_value: 'silver',
    })
    expect(await change('PUT', { trait_key: 'plan', value_type: 'unicode' })).toMatchObject({
      string_value: 'silver',
    })
    const typed = { ...none, value_type: 'int', integer_value: 4 }
    expect(await change('PUT', { value_type: 'int', integer_value: 4 })).toMatchObject(typed)
    expect(await change('PATCH', { trait_key: 'level' })).toMatchObject({
      ...typed,
      trait_key: 'level',
    })
    const [entry] = await lastEntries(world, place, 1)
    expect(entry).toMatchObject({
      action: 'trait.updated',
      log: `Changed trait 'level' of identity '${identifier}'`,
      related_object_type: 'TRAIT',
      related_object_id: id,
      before: { key: 'plan', value: '4', identifier },
      after: { key: 'level', value: '4' },
    })
    expect((await identify(place, { identifier })).traits).toMatchObject([
      { trait_key: 'level', trait_value: 4 },
    ])
  })

  it('goes, and the log keeps what it was', async () => {
    await start()
    const { id } = await done(post({ trait_key: '__proto__', string_value: 'x' }))
    expect(await world.api('DELETE', `${list}${id}/`)).toMatchObject({ status: 204, body: null })
    expect((await world.api('DELETE', `${list}${id}/`)).status).toBe(404)
    const [made, gone] = await lastEntries(world, place, 2)
    expect(made).toMatchObject({ action: 'trait.created', after: { id, key: '__proto__' } })
    expect(gone).toMatchObject({ action: 'trait.deleted', before: { value: '"x"' }, after: null })
  })

  it('goes from all identities of the environment, and of no other', async () => {
    const [at, other] = [await addEnvironment(world, 'One'), await addEnvironment(world, 'Two')]
    const traits = [
      { trait_key: 'plan', trait_value: 'gold' },
      { trait_key: 'age', trait_value: 5 },
    ]
    for (const [where, name] of [
      [at, 'ann'],
      [at, 'bob'],
      [other, 'ann'],
    ] as const) {
      await identify(where, { identifier: name, traits })
    }
    await start(at)
    const { id } = await done(post({ trait_key: 'plan', string_value: 'mine' }))
    await done(world.api('DELETE', `${list}${id}/?deleteAllMatchingTraits=true`))
    for (const name of ['ann', 'bob']) {
      expect((await identify(at, { identifier: name })).traits).toMatchObject([traits[1]])
    }
    expect((await identify(other, { identifier: 'ann' })).traits).toHaveLength(2)
    const [entry] = await lastEntries(world, at, 1)
    expect(entry).toMatchObject({ before: { trait_key: 'plan', identities: 3 }, after: null })
  })
})

describe('traits', () => {
  it('are refused as SDKs are refused', async () => {
    await start()
    await done(post({ trait_key: 'taken', string_value: 'x' }))
    const wrong: [object, object][] = [
      [{}, { trait_key: ['This field is required.'] }],
      [{ trait_key: ' ' }, { trait_key: ['This field may not be blank.'] }],
      [{ trait_key: 'taken' }, { trait_key: [expect.stringContaining('already')] }],
      [{ trait_key: 'k'.repeat(201) }, { trait_key: [expect.stringContaining('200')] }],
      [{ trait_key: 'k\u0000' }, { trait_key: ['Null characters are not allowed.'] }],
      [{ trait_key: 'k', string_value: 'x'.repeat(2001) }, { string_value: [expect.any(String)] }],
      [{ trait_key: 'k', integer_value: 2147483648 }, { integer_value: [expect.any(String)] }],
      [{ trait_key: 'k', integer_value: 1.5 }, { integer_value: [expect.any(String)] }],
      [{ trait_key: 'k', boolean_value: 'perhaps' }, { boolean_value: [expect.any(String)] }],
      [{ trait_key: 'k', float_value: 'much' }, { float_value: [expect.any(String)] }],
      [{ trait_key: 'k', value_type: 'date' }, { value_type: ['"date" is not a valid choice.'] }],
      [
        { trait_key: 'k', value_type: 'int', string_value: '5' },
        { integer_value: ['This field is required.'] },
      ],
    ]
    for (const [body, errors] of wrong) {
      expect(await post(body)).toMatchObject({ status: 400, body: errors })
    }
    expect(await all()).toHaveLength(1)
  })

  it('are at most a thousand, ten a page', async () => {
    await start()
    const traits = Array.from({ length: 999 }, (_, n) => ({ trait_key: `k${n}`, trait_value: n }))
    await identify(place, { identifier, traits })
    const last = await done(post({ trait_key: 'last', integer_value: 1 }))
    expect(await post({ trait_key: 'more', integer_value: 1 })).toMatchObject({
      status: 400,
      body: { non_field_errors: ['An identity may have at most 1000 traits.'] },
    })
    const page = await done(world.api<Page<Trait>>('GET', `${list}?page=100`))
    expect(page).toMatchObject({ count: 1000, next: null })
    expect(page.results).toHaveLength(10)
    expect(page.results[9]).toEqual(last)
    const { body, statements } = await readWithQueries<Page<Trait>>(list, world.keyAuth)
    expect(body.results).toHaveLength(10)
    expect(statements.length).toBeLessThan(10)
  })

  it('of one key are made once of many requests', async () => {
    await start()
    const sent = Array.from({ length: 6 }, (_, n) => post({ trait_key: 'same', integer_value: n }))
    const statuses = (await Promise.all(sent)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(5)
    expect(await all()).toHaveLength(1)
  })

  it('are not stored where the organisation stores none', async () => {
    const closed = await createWorld('Without traits')
    const at = await addEnvironment(closed)
    const { id } = await addIdentity(closed, at)
    const path = `${identitiesOf(at)}${id}/traits/`
    const body = { trait_key: 'plan', string_value: 'gold' }
    const trait = await done(closed.api<Trait>('POST', path, body))
    const stop = env.DB.prepare('UPDATE organisations SET persist_trait_data = 0 WHERE id = ?')
    await stop.bind(closed.organisation.id).run()
    const refused = {
      status: 403,
      body: { detail: 'Organisation is not authorised to store traits.' },
    }
    expect(await closed.api('POST', path, { trait_key: 'other' })).toMatchObject(refused)
    const put = { string_value: 'silver' }
    expect(await closed.api('PUT', `${path}${trait.id}/`, put)).toMatchObject(refused)
    expect((await closed.api('DELETE', `${path}${trait.id}/`)).status).toBe(204)
  })
})
