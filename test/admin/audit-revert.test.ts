/** Taking back edits of feature states. Other things, and who may: audit-revert-things.test.ts. */
import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { getDocument } from '../../src/storage/documents.ts'
import {
  addEnvironment,
  createWorld,
  done,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { addState, type State, split } from '../support/flags.ts'
import { eventsOf } from '../support/future.ts'
import { addIdentity, identitiesOf } from '../support/identities.ts'
import { listen } from '../support/listening.ts'
import { edit, revert, reverted } from '../support/reverts.ts'
import { addSegment, equals, rulesOf } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld('Reverts')
  place = await addEnvironment(world)
  await listen(world.organisation.id, place.environment.id)
})

const statePath = ({ id }: { id: number }) =>
  `environments/${place.environment.api_key}/featurestates/${id}/`

const read = (state: State) => done(world.api<State>('GET', statePath(state)))

const put = (state: State, body: object) => edit(world, place, ['PUT', statePath(state), body])

async function served(feature: number): Promise<unknown> {
  const headers = { 'X-Environment-Key': place.environment.api_key }
  const response = await exports.default.fetch(
    new Request('http://localhost/api/v1/flags/', { headers }),
  )
  const flags = (await response.json()) as { feature: { id: number }; enabled: boolean }[]
  return flags.find((flag) => flag.feature.id === feature)?.enabled
}

describe('a feature state', () => {
  it('that is switched back is served so, and the log tells what was taken back', async () => {
    const state = await addState(world, place)
    const line = await put(state, { enabled: true })
    await vi.waitFor(async () => expect(await served(state.feature)).toBe(true), 5_000)
    const { headers, body } = await revert(world, line)
    expect(body).toEqual({
      id: line.id,
      sequence: line.sequence,
      dry_run: false,
      resource: {
        type: 'FEATURE_STATE',
        id: String(state.id),
        uuid: expect.any(String),
        name: expect.any(String),
      },
      changes: [{ field: 'enabled', old: true, new: false }],
      conflicts: [],
      applicable: true,
      reason: null,
      new_entry: { id: expect.any(Number), sequence: line.sequence + 1 },
    })
    expect(headers.get('ETag')).toBe('"3"')
    await vi.waitFor(async () => expect(await served(state.feature)).toBe(false), 5_000)
    const path = `organisations/${world.organisation.id}/audit/`
    const native = await done(world.api('GET', `${path}entries/${line.sequence + 1}/`))
    expect(native).toMatchObject({ action: line.action, log: line.log, reverts: line.sequence })
    const detail = await done(world.api('GET', `${path}${body.new_entry?.id}/`))
    expect(detail).toMatchObject({ change_type: 'UPDATE', reverts: line.sequence })
    const events = await eventsOf(state.feature)
    expect(events.at(-1)).toMatchObject({
      new_state: { enabled: false },
      previous_state: { enabled: true },
    })
  })

  it.each([
    ['text', 'green'],
    ['blank text', ''],
    ['a number', 7],
    ['what reads like a number', '7'],
    ['true', true],
    ['nothing', null],
  ])('worth %s is worth it again', async (_, value) => {
    const state = await addState(world, place)
    await put(state, { feature_state_value: value })
    const line = await put(state, { feature_state_value: value === 7 ? '7' : 7, enabled: true })
    const { changes } = await reverted(world, line)
    expect(changes.map(({ field }) => field).sort()).toEqual(['enabled', 'feature_state_value'])
    expect(await read(state)).toMatchObject({ feature_state_value: value, enabled: false })
  })

  it('shares as before; that is taken back as well, and twice is nothing to do', async () => {
    const state = await addState(world, place, split)
    const [a, b] = state.multivariate_feature_state_values
    const sharesOf = async () =>
      (await read(state)).multivariate_feature_state_values.map((one) => one.percentage_allocation)
    const moved = [
      { ...a, percentage_allocation: 60 },
      { ...b, percentage_allocation: 40 },
    ]
    const first = await put(state, { multivariate_feature_state_values: moved })
    const { new_entry: second } = await reverted(world, first)
    expect(await sharesOf()).toEqual([30, 20])
    await reverted(world, second ?? { id: 0 })
    expect(await sharesOf()).toEqual([60, 40])
    await reverted(world, first)
    const before = await dumpAtRest()
    const { status, body } = await revert(world, first)
    expect([status, body.applicable, body.changes, body.new_entry]).toEqual([200, false, [], null])
    expect(body.reason).toMatch(/^Nothing to do/)
    expect(await dumpAtRest()).toBe(before)
  })

  it('of an identity goes back also when the log does not know any more whose it is', async () => {
    const { feature } = await addState(world, place)
    const identity = await addIdentity(world, place)
    const overrides = `${identitiesOf(place)}${identity.id}/featurestates/`
    const override = await done(
      world.api<State>('POST', overrides, { feature, feature_state_value: 'own' }),
    )
    const line = await put(override, { feature_state_value: 'changed' })
    await env.DB.prepare('UPDATE entries SET personal = NULL WHERE id = ?').bind(line.id).run()
    await reverted(world, line)
    const path = `${overrides}${override.id}/`
    expect((await done(world.api<State>('GET', path))).feature_state_value).toBe('own')
  })

  it('of two who take it back at once changes once', async () => {
    const state = await addState(world, place)
    const line = await put(state, { enabled: true })
    const count = (await readRecords()).length
    const answers = await Promise.all([revert(world, line), revert(world, line)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers.map(({ body }) => body.applicable).sort()).toEqual([false, true])
    expect((await readRecords()).length).toBe(count + 1)
  })

  it('is held against If-Match', async () => {
    const state = await addState(world, place)
    const line = await put(state, { enabled: true })
    expect((await revert(world, line, { ifMatch: '"1"' })).status).toBe(412)
    expect((await read(state)).enabled).toBe(true)
    expect((await revert(world, line, { ifMatch: '"2"' })).status).toBe(200)
    expect((await revert(world, line, { ifMatch: '"2"' })).status).toBe(412)
  })
})

describe('what was changed again since', () => {
  it('is told, stays as it is, and goes only by force', async () => {
    const state = await addState(world, place)
    const line = await put(state, { feature_state_value: 'red', enabled: true })
    await put(state, { feature_state_value: 'green' })
    const before = await dumpAtRest()
    const dry = await revert(world, line, { body: {} })
    const conflicts = [{ field: 'feature_state_value', expected: 'red', present: 'green' }]
    expect(dry.body).toMatchObject({ conflicts, applicable: false, new_entry: null })
    expect(dry.body.reason).toContain('Changed again since this entry: feature_state_value.')
    const { status, body } = await revert(world, line)
    expect([status, body.code, body.detail]).toEqual([
      409,
      'audit-revert-conflict',
      dry.body.reason,
    ])
    expect(await dumpAtRest()).toBe(before)
    const forced = await revert(world, line, { body: { dry_run: false, force: true } })
    expect([forced.status, forced.body.applicable, forced.body.conflicts]).toEqual([
      200,
      true,
      conflicts,
    ])
    expect(await read(state)).toMatchObject({ feature_state_value: 'blue', enabled: false })
  })

  it('elsewhere in the thing stays, even by force', async () => {
    const state = await addState(world, place)
    const line = await put(state, { enabled: true })
    await put(state, { feature_state_value: 'green' })
    await done(revert(world, line, { body: { dry_run: false, force: true } }))
    expect(await read(state)).toMatchObject({ feature_state_value: 'green', enabled: false })
  })
})

describe('a dry run', () => {
  it('is what a body without a word gets, and writes nothing anywhere', async () => {
    const state = await addState(world, place)
    const segment = await addSegment(world, place)
    const lines = [
      await put(state, { enabled: true }),
      await edit(world, place, [
        'PUT',
        `projects/${place.project.id}/segments/${segment.id}/`,
        { rules: rulesOf(equals('plan', 'new')) },
      ]),
    ]
    const before = await dumpAtRest()
    const document = await getDocument(env.DOCUMENTS, place.environment.id)
    for (const line of lines) {
      for (const body of [{}, { dry_run: true, force: true }, { dryRun: false }]) {
        const { status, body: told } = await revert(world, line, { body })
        expect([status, told.dry_run, told.applicable, told.new_entry]).toEqual([
          200,
          true,
          true,
          null,
        ])
        expect(told.changes).toHaveLength(1)
      }
    }
    expect(await dumpAtRest()).toBe(before)
    expect(await getDocument(env.DOCUMENTS, place.environment.id)).toEqual(document)
  })
})
