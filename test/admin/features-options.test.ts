import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import type { State } from '../support/flags.ts'
import { expectPublished } from '../support/invariants.ts'
import { listen } from '../support/listening.ts'

type Option = { id: number; key: string | null; default_percentage_allocation: number }
type Feature = { id: number; type: string; multivariate_options: Option[] }
type Entry = { log: string; related_object_type: string; before: unknown; after: unknown }

let world: World
let place: Place
let second: { id: number; api_key: string }
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  const body = { name: 'Staging', project: place.project.id }
  second = await done(world.api<typeof second>('POST', 'environments/', body))
  list = `projects/${place.project.id}/features/`
  await listen(world.organisation.id, place.environment.id)
})

const option = (string_value: string, weight: number, key?: string) => ({
  string_value,
  default_percentage_allocation: weight,
  ...(key !== undefined && { key }),
})

const create = (options: unknown) =>
  world.api<Feature>('POST', list, { name: crypto.randomUUID(), multivariate_options: options })

const put = (feature: Feature, options: unknown) =>
  world.api<Feature>('PUT', `${list}${feature.id}/`, { multivariate_options: options })

/** A multivariate feature with `a` at 30 and `b` at 20. */
const split = async () => {
  const feature = await done(create([option('a', 30, 'a'), option('b', 20, 'b')]))
  const [a, b] = feature.multivariate_options
  if (a === undefined || b === undefined) throw new Error('two options were sent')
  return { feature, a, b }
}

/** Option id → percentage, in each of the two environments. */
async function shares(feature: Feature) {
  const keys = [place.environment.api_key, second.api_key]
  const states = await Promise.all(
    keys.map((key) =>
      done(
        world.api<{ results: State[] }>(
          'GET',
          `environments/${key}/featurestates/?feature=${feature.id}`,
        ),
      ),
    ),
  )
  return states.map(({ results }) =>
    results[0]?.multivariate_feature_state_values.map((share) => [
      share.multivariate_feature_option,
      share.percentage_allocation,
    ]),
  )
}

async function audit(count: number): Promise<Entry[]> {
  const path = `projects/${place.project.id}/audit/?page_size=${count}`
  return (await done(world.api<{ results: Entry[] }>('GET', path))).results
}

describe('options of a new feature', () => {
  it('make it multivariate, and every environment shares them out', async () => {
    const { feature, a, b } = await split()
    expect(feature.type).toBe('MULTIVARIATE')
    expect(a).toEqual({
      id: expect.any(Number),
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'unicode',
      integer_value: null,
      string_value: 'a',
      boolean_value: null,
      default_percentage_allocation: 30,
      key: 'a',
    })
    const each = [
      [a.id, 30],
      [b.id, 20],
    ]
    expect(await shares(feature)).toEqual([each, each])
  })

  it.each([
    [[option('a', 60), option('b', 41)], ['Invalid percentage allocation']],
    [[{ string_value: 'a' }, option('b', 1)], ['Invalid percentage allocation']],
    [[option('a', 1, 'control')], ['The key "control" is reserved.']],
    [
      [option('a', 1, 'x'), option('b', 1, 'x')],
      ['The keys of the options of a feature must differ.'],
    ],
    [[option('a', 101)], [{ default_percentage_allocation: [expect.stringContaining('100')] }]],
    [[option('a', -1)], [{ default_percentage_allocation: [expect.stringContaining('0')] }]],
    [
      [option('a', 1), option('b', 1, 'no slug')],
      [{}, { key: [expect.stringContaining('"slug"')] }],
    ],
    [[{ type: 'float' }], [{ type: ['"float" is not a valid choice.'] }]],
    [[{ type: 'int', integer_value: 2 ** 31 }], [{ integer_value: [expect.any(String)] }]],
    [
      Array.from({ length: 101 }, () => option('a', 0)),
      ['Ensure this field has no more than 100 elements.'],
    ],
    [null, ['This field may not be null.']],
  ])('are refused: %j', async (options, errors) => {
    expect(await create(options)).toMatchObject({
      status: 400,
      body: { multivariate_options: errors },
    })
  })

  it('never take over an option by its id', async () => {
    const { a } = await split()
    const feature = await done(create([{ ...a, key: null }]))
    expect(feature.multivariate_options[0]?.id).not.toBe(a.id)
  })
})

describe('a sent list of options', () => {
  it('replaces the present one: missing go, new come, named ones change', async () => {
    const { feature, a, b } = await split()
    const sent = [{ ...b, string_value: 'B', default_percentage_allocation: 40 }, option('c', 50)]
    const after = await done(put(feature, sent))
    const [kept, added] = after.multivariate_options
    expect(kept).toEqual({ ...b, string_value: 'B', default_percentage_allocation: 40 })
    expect(added).toMatchObject({ string_value: 'c', default_percentage_allocation: 50 })
    expect(after.multivariate_options).toHaveLength(2)
    expect(await done(world.api('GET', `${list}${feature.id}/`))).toEqual(after)
    const each = [
      [b.id, 20],
      [added?.id, 50],
    ]
    expect(await shares(feature)).toEqual([each, each])
    const left = env.DB.prepare('SELECT count(*) AS n FROM multivariate_values WHERE option_id = ?')
    expect(await left.bind(a.id).first()).toEqual({ n: 0 })
  })

  it('is published with its change', async () => {
    const { feature, b } = await split()
    await done(put(feature, [{ ...b, string_value: 'B' }, option('c', 50)]))
    await expectPublished(second.id)
  })

  it('that is empty makes the feature standard again, and one option multivariate', async () => {
    const { feature } = await split()
    const without = await done(put(feature, []))
    expect(without).toMatchObject({ type: 'STANDARD', multivariate_options: [] })
    expect(await shares(feature)).toEqual([[], []])
    const one = await done(put(feature, [{}]))
    expect(one).toMatchObject({ type: 'MULTIVARIATE' })
    expect(one.multivariate_options).toMatchObject([{ default_percentage_allocation: 100 }])
  })

  it('that is not sent leaves the options, whatever the type says', async () => {
    const { feature } = await split()
    const path = `${list}${feature.id}/`
    expect(await done(world.api('PUT', path, { type: 'STANDARD' }))).toEqual(feature)
  })

  it('may swap the keys of two options', async () => {
    const { feature, a, b } = await split()
    const after = await done(
      put(feature, [
        { id: a.id, key: 'b' },
        { id: b.id, key: 'a' },
      ]),
    )
    expect(after.multivariate_options.map(({ key }) => key)).toEqual(['b', 'a'])
  })

  it('gives a new option no more than an environment has left', async () => {
    const { feature, a, b } = await split()
    const [state] = (
      await done(
        world.api<{ results: State[] }>(
          'GET',
          `environments/${second.api_key}/featurestates/?feature=${feature.id}`,
        ),
      )
    ).results
    const most = {
      multivariate_feature_state_values: [
        { multivariate_feature_option: a.id, percentage_allocation: 80 },
        { multivariate_feature_option: b.id, percentage_allocation: 5 },
      ],
    }
    const path = `environments/${second.api_key}/featurestates/${state?.id}/`
    await done(world.api('PUT', path, most))
    const after = await done(put(feature, [a, b, option('c', 50)]))
    const c = after.multivariate_options[2]?.id
    expect(await shares(feature)).toEqual([
      [
        [a.id, 30],
        [b.id, 20],
        [c, 50],
      ],
      [
        [a.id, 80],
        [b.id, 5],
        [c, 15],
      ],
    ])
    expect((await world.api('PUT', path, { enabled: true })).status).toBe(200)
  })

  it('is refused as a whole when anything in it is wrong', async () => {
    const { feature, a, b } = await split()
    const foreign = (await split()).a
    const wrong: [unknown, unknown][] = [
      [
        [a, foreign],
        [{}, { id: ['Not an option of this feature.'] }],
      ],
      [
        [a, a],
        [{}, { id: ['This option stands in the list twice.'] }],
      ],
      [[a, b, option('c', 51)], ['Invalid percentage allocation']],
      [[a, { ...b, key: 'a' }], ['The keys of the options of a feature must differ.']],
      [[{ ...a, key: 'control' }], ['The key "control" is reserved.']],
      [[{ id: 'x' }], [{ id: ['A valid integer is required.'] }]],
    ]
    for (const [options, errors] of wrong) {
      expect(await put(feature, options)).toMatchObject({
        status: 400,
        body: { multivariate_options: errors },
      })
    }
    expect(await done(world.api('GET', `${list}${feature.id}/`))).toEqual(feature)
  })

  it('that changes nothing writes nothing', async () => {
    const { feature } = await split()
    const before = await audit(3)
    expect(await done(put(feature, feature.multivariate_options))).toEqual(feature)
    expect(await audit(3)).toEqual(before)
  })
})

describe('the log and the webhooks', () => {
  it('tell what came, what went, and what each environment shares out now', async () => {
    const { feature, a, b } = await split()
    const name = (await done(world.api<{ name: string }>('GET', `${list}${feature.id}/`))).name
    const after = await done(put(feature, [{ ...b, string_value: 'B' }, option('c', 50)]))
    const entries = (await audit(5)).reverse()
    expect(entries.map((entry) => [entry.related_object_type, entry.log])).toEqual([
      ['FEATURE', `Flag / Remote Config updated: ${name}`],
      ['FEATURE', `Multivariate option removed from feature '${name}'.`],
      ['FEATURE', `Multivariate option added to feature '${name}'.`],
      ['FEATURE_STATE', `Multivariate value changed for feature '${name}'.`],
      ['FEATURE_STATE', `Multivariate value changed for feature '${name}'.`],
    ])
    expect(entries.map((entry) => [entry.before, entry.after])).toMatchObject([
      [
        { multivariate_options: [{ id: a.id }, { id: b.id, string_value: 'b' }] },
        { multivariate_options: [{ id: b.id, string_value: 'B' }, { string_value: 'c' }] },
      ],
      [{ id: a.id, string_value: 'a' }, null],
      [null, { id: after.multivariate_options[1]?.id, string_value: 'c' }],
      ...[0, 1].map(() => [
        { multivariate_feature_state_values: [{ option_id: a.id }, { option_id: b.id }] },
        {
          multivariate_feature_state_values: [
            { option_id: b.id },
            { option_id: after.multivariate_options[1]?.id, percentage_allocation: 50 },
          ],
        },
      ]),
    ])
  })

  it('send an event for each environment where what is served changes, else none', async () => {
    const { feature, a, b } = await split()
    const count = async () =>
      (await env.DB.prepare('SELECT count(*) AS n FROM events').first<{ n: number }>())?.n ?? 0
    const start = await count()
    await done(put(feature, [{ ...a, default_percentage_allocation: 31 }, b]))
    expect(await count()).toBe(start)
    await done(put(feature, [{ ...a, string_value: 'A' }, b]))
    expect(await count()).toBe(start + 2)
    await done(put(feature, [b]))
    expect(await count()).toBe(start + 4)
  })
})
