/** Taking back edits of all but feature states, and what cannot be taken back. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addState, split } from '../support/flags.ts'
import { addFlag, addSegments, orderOf } from '../support/future.ts'
import { addGroup } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { edit, type Line, lastLine, revert, reverted } from '../support/reverts.ts'
import { addSegment, equals, rulesOf, type Segment } from '../support/segments.ts'

let world: World
let place: Place
let features: string
let segments: string

beforeAll(async () => {
  world = await createWorld('Reverts')
  place = await addEnvironment(world)
  features = `projects/${place.project.id}/features/`
  segments = `projects/${place.project.id}/segments/`
})

const change = (method: string, path: string, body: object) =>
  edit(world, place, [method, path, body])

const make = (body: object = {}) =>
  done(
    world.api<{ id: number; multivariate_options: { id: number }[] }>('POST', features, {
      name: crypto.randomUUID(),
      ...body,
    }),
  )

describe('a segment', () => {
  it('gets its name, description and rules back', async () => {
    const segment = await addSegment(world, place, { description: 'old' })
    const path = `${segments}${segment.id}/`
    const rules = rulesOf(equals('plan', 'silver'), equals('age', '3'))
    const line = await change('PUT', path, { name: 'renamed', description: 'new', rules })
    expect((await revert(world, line, { ifMatch: '*' })).status).toBe(412)
    const { changes } = await reverted(world, line)
    expect(changes.map(({ field }) => field)).toEqual(['name', 'description', 'rules'])
    const now = await done(world.api<Segment>('GET', path))
    expect([now.name, now.description]).toEqual([segment.name, 'old'])
    expect(now.rules).toMatchObject(rulesOf(equals('plan', 'gold')))
    // A tree that is sent as it always was is no change, whatever order the log keeps it in.
    const again = await change('PUT', path, { rules: rulesOf(equals('plan', 'gold')) })
    expect(again.id).toBe((await lastLine(world, place, 'segment.updated')).id)
    expect((await done(world.api<Segment>('GET', path))).updated_at).toBe(now.updated_at)
  })
})

describe('a feature', () => {
  const addTag = () =>
    done(
      world.api<{ id: number }>('POST', `projects/${place.project.id}/tags/`, {
        label: crypto.randomUUID(),
      }),
    )

  it('gets its settings, tags and options back', async () => {
    const [a, b] = [await addTag(), await addTag()]
    const { id, multivariate_options: options } = await make({
      description: 'old',
      tags: [a.id],
      ...split,
    })
    const path = `${features}${id}/`
    const before = await done(world.api<object>('GET', path))
    const changed = options.map((option, index) => ({
      ...option,
      key: `k${index}`,
      type: 'int',
      integer_value: index,
      default_percentage_allocation: 5,
    }))
    const body = {
      description: 'new',
      tags: [b.id],
      is_archived: true,
      is_server_key_only: true,
      multivariate_options: changed,
    }
    const line = await change('PUT', path, body)
    const { changes } = await reverted(world, line)
    expect(changes).toHaveLength(10)
    expect(await done(world.api('GET', path))).toEqual(before)
  })

  it('gets its owners back, but none who cannot own it any more', async () => {
    const admin = await addColleague(world, 'ADMIN')
    const group = await addGroup(world, crypto.randomUUID())
    const { id } = await make({ owners: [admin.id], group_owners: [group.id] })
    const path = `${features}${id}/`
    const first = await change('POST', `${path}remove-owners/`, { user_ids: [admin.id] })
    const second = await change('POST', `${path}remove-group-owners/`, { group_ids: [group.id] })
    await reverted(world, second)
    await reverted(world, first)
    const owned = { owners: [{ id: admin.id }], group_owners: [{ id: group.id }] }
    expect(await done(world.api('GET', path))).toMatchObject(owned)
    const third = await change('POST', `${path}remove-owners/`, { user_ids: [admin.id] })
    await done(
      world.api('POST', `organisations/${world.organisation.id}/remove-users/`, [{ id: admin.id }]),
    )
    const { status, body } = await revert(world, third)
    expect([status, body]).toEqual([
      400,
      { owners: [`Users with ids [${admin.id}] do not have access to this project.`] },
    ])
  })

  it('gets no tag back that is gone, and says so before', async () => {
    const tag = await addTag()
    const { id } = await make({ tags: [tag.id] })
    const line = await change('PUT', `${features}${id}/`, { tags: [] })
    await done(world.api('DELETE', `projects/${place.project.id}/tags/${tag.id}/`))
    const dry = await revert(world, line, { body: { dry_run: true } })
    const reason = `tags: Invalid pk "${tag.id}" - object does not exist.`
    expect([dry.status, dry.body.applicable, dry.body.reason]).toEqual([200, false, reason])
    expect((await revert(world, line)).status).toBe(400)
  })
})

describe('the order of segment overrides', () => {
  const off = { enabled: false }

  it('is as before, unless another has taken the place', async () => {
    const [a = 0, b = 0, c = 0] = await addSegments(world, place, 3)
    const flag = await addFlag(world, place)
    await flag.patch({ segment_overrides: [a, b].map((id) => ({ segment: { id }, ...off })) })
    const move = [
      { segment: { id: b }, priority: 0 },
      { segment: { id: a }, priority: 1 },
    ]
    await flag.patch({ segment_overrides: move })
    const line = await lastLine(world, place, 'feature-segment.reordered')
    await reverted(world, line)
    expect(orderOf(await flag.read())).toEqual([
      [a, 0],
      [b, 1],
    ])
    await flag.patch({ segment_overrides: [{ segment: { id: c }, priority: 0, ...off }] })
    const second = await lastLine(world, place, 'feature-segment.reordered')
    const { status, body } = await revert(world, second)
    expect([status, body]).toEqual([
      400,
      { priorities: [expect.stringContaining('update-priorities')] },
    ])
  })
})

describe('what cannot be taken back', () => {
  it('came or went: the answer says what to do instead', async () => {
    const { id } = await make()
    const made = await lastLine(world, place, 'feature.created')
    await done(world.api('DELETE', `${features}${id}/`))
    const deleted = await lastLine(world, place, 'feature.deleted')
    const renamed = await change('PUT', `projects/${place.project.id}/`, { name: 'Renamed' })
    const cases: [Line, RegExp][] = [
      [made, /delete it instead/],
      [deleted, /make the thing anew/],
      [renamed, /^Entries of project.updated cannot be reverted/],
    ]
    for (const [line, text] of cases) {
      for (const body of [{}, { dry_run: false }]) {
        const answer = await revert(world, line, { body })
        const told = { non_field_errors: [expect.stringMatching(text)] }
        expect([answer.status, answer.body]).toEqual([400, told])
      }
    }
  })

  it('is about a thing that is gone, whatever it went with', async () => {
    const own = await addEnvironment(world)
    const state = await addState(world, own)
    const segment = await addSegment(world, own)
    const project = `projects/${own.project.id}`
    const environment = `environments/${own.environment.api_key}`
    const put = (path: string, body: object) => edit(world, own, ['PUT', `${path}/`, body])
    const ofState = await put(`${environment}/featurestates/${state.id}`, { enabled: true })
    const ofFeature = await put(`${project}/features/${state.feature}`, { description: 'x' })
    const ofSegment = await put(`${project}/segments/${segment.id}`, { name: 'x' })
    const areGone = async (lines: Line[]) => {
      for (const line of lines) {
        const { status, body } = await revert(world, line)
        expect([status, body.code]).toEqual([409, 'audit-revert-gone'])
        const dry = await revert(world, line, { body: {} })
        expect([dry.status, dry.body.applicable, dry.body.reason]).toEqual([
          200,
          false,
          body.detail,
        ])
      }
    }
    await done(world.api('DELETE', `${environment}/`))
    await areGone([ofState])
    await done(world.api('DELETE', `${project}/`))
    await areGone([ofState, ofFeature, ofSegment])
  })

  it('has no entry, or a body that says nothing', async () => {
    for (const id of [0, 2147483647]) expect((await revert(world, { id })).status).toBe(404)
    const line = await lastLine(world, place)
    for (const body of [[], 'now', { dry_run: null }, { dry_run: 'maybe' }, { force: {} }]) {
      expect((await revert(world, line, { body })).status).toBe(400)
    }
  })

  it('is too large for what is allowed since', async () => {
    const state = await addState(world, place, { initial_value: 'x'.repeat(200) })
    const path = `environments/${place.environment.api_key}/featurestates/${state.id}/`
    const line = await change('PUT', path, { feature_state_value: 'y' })
    await env.DB.prepare('UPDATE projects SET max_feature_value_bytes = 100 WHERE id = ?')
      .bind(place.project.id)
      .run()
    const { status, body } = await revert(world, line)
    expect([status, body]).toEqual([
      400,
      { feature_state_value: [expect.stringContaining('maximum allowed')] },
    ])
    const dry = await revert(world, line, { body: {} })
    expect(dry.body.reason).toContain('feature_state_value: The value takes 200 bytes.')
  })
})
