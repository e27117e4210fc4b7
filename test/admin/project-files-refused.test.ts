/** A file that is not good becomes nothing at all, and says where it is wrong. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { SentFile } from '../../src/admin/project-file-view.ts'
import { addEnvironment, createWorld, done, readRecords, type World } from '../support/admin.ts'
import { exportText, furnish, importInto, request } from '../support/project-file.ts'

let world: World
let file: SentFile

beforeAll(async () => {
  world = await createWorld()
  const place = await addEnvironment(world)
  await furnish(world, place)
  file = JSON.parse(await exportText(world, place.project.id))
})

describe('a file that is not good', () => {
  /** A copy under a free name, with what stands at each path replaced; undefined takes it away. */
  function bent(...changes: [path: (string | number)[], value: unknown][]): SentFile {
    const copy = structuredClone(file)
    copy.project.name = crypto.randomUUID()
    for (const [path, value] of changes) {
      const parent = path
        .slice(0, -1)
        .reduce<unknown>((at, key) => Reflect.get(Object(at), key), copy)
      const last = path.at(-1) ?? ''
      if (value === undefined) Reflect.deleteProperty(Object(parent), last)
      else Reflect.set(Object(parent), last, value)
    }
    return copy
  }

  const production = ['environments', 0]
  const states = [...production, 'feature_states']
  const shareOf = [...states, 1, 'shares', 0]
  const segmentOverride = [...production, 'segment_overrides', 0]
  const option = ['features', 1, 'multivariate_options', 0]

  const refused: [name: string, path: (string | number)[], value: unknown, where: string][] = [
    ['of another format', ['format'], 'burgee-project/2', 'format'],
    ['with a field that nobody reads', ['features', 0, 'colour'], 'red', 'colour'],
    ['without a list', ['segments'], undefined, 'segments'],
    ['with two features of one name', ['features', 1, 'name'], 'PLAIN', 'features'],
    ['with a name against its own pattern', ['features', 0, 'name'], 'A B', 'features'],
    ['with a state of no feature', [...states, 0, 'feature'], 'x', 'environments'],
    ['with a missing state', [...states], [], 'environments'],
    ['with a state twice', [...states, 1, 'feature'], 'plain', 'environments'],
    ['with an override of no segment', [...segmentOverride, 'segment'], 9, 'environments'],
    ["with another feature's segment", [...segmentOverride, 'segment'], 1, 'environments'],
    ['with a share of no variant', [...shareOf, 'option'], 5, 'environments'],
    ['with a variant shared twice', [...shareOf, 'option'], 1, 'environments'],
    ['with more than all shares', [...shareOf, 'percentage_allocation'], 99, 'environments'],
    ['with a tag that is not there', ['features', 0, 'tags'], [4], 'features'],
    ['with more features than it allows', ['project', 'max_features_allowed'], 1, 'features'],
    [
      'with larger values than it allows',
      ['project', 'max_feature_value_bytes'],
      2,
      'environments',
    ],
    ['with a segment without rules', ['segments', 0, 'rules'], [], 'segments'],
    ['with two environments of one name', ['environments', 1, 'name'], 'Production', 'Two'],
    ['with a hopeless pattern', ['project', 'feature_name_regex'], '(a', 'feature_name_regex'],
    ['with a key that is no slug', [...option, 'key'], 'not a slug!', 'slug'],
    ['with a value of another type', [...option, 'integer_value'], 5, 'features'],
    ['with a variant without its value', [...option, 'type'], 'int', 'features'],
    ['with a colour that is none', [...production, 'banner_colour'], 'red', 'banner_colour'],
    [
      'with two overrides of one priority',
      [...production, 'segment_overrides', 2, 'priority'],
      5,
      'environments',
    ],
    ['with too many conditions', ['project', 'max_segment_conditions_allowed'], 1, 'segments'],
  ]

  it.each(refused)(
    '%s is refused, says where, and leaves nothing',
    async (_, path, value, where) => {
      const before = (await readRecords()).length
      const copy = bent([path, value])
      for (const query of ['?dry_run=true', '']) {
        const answer = await importInto(world, copy, query)
        expect(answer.status).toBe(400)
        expect(JSON.stringify(answer.body)).toContain(where)
      }
      expect((await readRecords()).length).toBe(before)
      const projects = await done(world.api<{ name: string }[]>('GET', 'projects/'))
      expect(projects.map((one) => one.name)).not.toContain(copy.project.name)
    },
  )

  it('of a name that is taken is refused, and taken under another', async () => {
    expect(await importInto(world, file)).toMatchObject({
      status: 400,
      body: { name: ['A project with this name already exists.'] },
    })
    const named = await importInto(world, file, '?name=Second%20shop')
    expect(named).toMatchObject({ status: 201, body: { name: 'Second shop' } })
  })

  it.each([['%20'], ['a%00b'], ['x'.repeat(2_001)]])(
    'under a name that no project can have (%.8s) is refused',
    async (name) => {
      for (const query of [`?name=${name}&dry_run=true`, `?name=${name}`]) {
        expect(await importInto(world, file, query)).toMatchObject({
          status: 400,
          body: { name: [expect.any(String)] },
        })
      }
    },
  )

  it('is as good in a dry run as in earnest, and a dry run changes nothing', async () => {
    const before = (await readRecords()).length
    const copy = bent()
    expect(await importInto(world, copy, '?dry_run=true')).toMatchObject({
      status: 200,
      body: { dry_run: true },
    })
    expect((await readRecords()).length).toBe(before)
    expect((await importInto(world, copy)).status).toBe(201)
  })

  it('that would bend the prototype of anything does not', async () => {
    const text = JSON.stringify(bent())
    const body = text.replace('"tags":[{', '"tags":[{"__proto__":{"polluted":1},')
    const answer = await request('POST', `organisations/${world.organisation.id}/import/`, {
      auth: world.auth,
      body,
    })
    expect([201, 400]).toContain(answer.status)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    const names = ['__proto__', 'constructor', 'tostring']
    const odd = bent(
      [['project', 'feature_name_regex'], null],
      [['features'], names.map((name) => ({ ...file.features[0], name }))],
      [['segments', 0, 'name'], '__proto__'],
      [['segments', 1, 'feature'], 'constructor'],
      [['environments', 1], undefined],
      [states, names.map((feature) => ({ ...file.environments[0]?.feature_states[0], feature }))],
      [[...production, 'segment_overrides'], []],
      [[...production, 'identity_overrides', 0, 'feature'], '__proto__'],
      [[...production, 'identity_overrides', 0, 'identifier'], 'constructor'],
    )
    odd.environments.length = 1
    const made = await done(importInto(world, odd))
    expect(
      (JSON.parse(await exportText(world, made.id)) as SentFile).features.map((f) => f.name),
    ).toEqual(names)
  })

  it('of 21 MB is refused unread, one of 2 MB is not', async () => {
    const path = `organisations/${world.organisation.id}/import/`
    const large = JSON.stringify({ format: 'x', padding: 'x'.repeat(21_000_000) })
    expect((await request('POST', path, { auth: world.auth, body: large })).status).toBe(413)
    const fair = JSON.stringify({ format: 'x', padding: 'x'.repeat(2_000_000) })
    expect((await request('POST', path, { auth: world.auth, body: fair })).status).toBe(400)
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect((await request('POST', path, { auth: world.auth, body: deep })).status).toBe(400)
  })

  it('with rules that are nested without end is refused', async () => {
    const endless = `"rules":[{"endless":${'['.repeat(100_000)}${']'.repeat(100_000)},`
    const body = JSON.stringify(bent()).replace('"rules":[{', endless)
    const path = `organisations/${world.organisation.id}/import/`
    const answer = await request('POST', path, { auth: world.auth, body })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('nested too deeply')
  })
})
