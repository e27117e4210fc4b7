/** Who may take back what the log tells of: whoever sees the entry and may make the edit itself. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addUser,
  createWorld,
  done,
  type Place,
  readRecords,
  type World,
} from '../support/admin.ts'
import { addState, split } from '../support/flags.ts'
import { addFlag, addSegments } from '../support/future.ts'
import { grant } from '../support/grants.ts'
import { addIdentity, identitiesOf } from '../support/identities.ts'
import { addColleague } from '../support/people.ts'
import { edit, type Line, lastLine, revert } from '../support/reverts.ts'
import { addSegment } from '../support/segments.ts'

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

/** One entry of each kind that takes a permission of its own. */
async function addKinds() {
  const { environment } = place
  const at = `environments/${environment.api_key}`
  const state = await addState(world, place)
  const segment = await addSegment(world, place)
  const identity = await addIdentity(world, place)
  const { id: feature, multivariate_options: options } = await make(split)
  const [a = 0, b = 0] = await addSegments(world, place, 2)
  const flag = await addFlag(world, place)
  const off = { enabled: false }
  await flag.patch({ segment_overrides: [a, b].map((id) => ({ segment: { id }, ...off })) })
  const ofIdentity = await done(
    world.api<{ id: number }>('POST', `${identitiesOf(place)}${identity.id}/featurestates/`, {
      feature: state.feature,
      enabled: false,
    }),
  )
  const overrides = `features/featurestates/?environment=${environment.id}&feature=${flag.id}`
  type Override = { id: number; feature_segment: number | null }
  const { results } = await done(world.api<{ results: Override[] }>('GET', overrides))
  const override = results.find((one) => one.feature_segment !== null)
  const optionsTo = (share: number) => ({
    multivariate_options: options.map((one) => ({ ...one, default_percentage_allocation: share })),
  })
  const [option] = options
  const optionPath = `${features}${feature}/mv-options/${option?.id}/`
  const on = { enabled: true }
  const order = [
    { segment: { id: b }, priority: 0 },
    { segment: { id: a }, priority: 1 },
  ]
  const lines = {
    'feature state': await change('PUT', `${at}/featurestates/${state.id}/`, on),
    'identity override': await change('PUT', `${at}/featurestates/${ofIdentity.id}/`, on),
    'segment override': await change('PUT', `${at}/featurestates/${override?.id}/`, on),
    segment: await change('PUT', `${segments}${segment.id}/`, { name: 'renamed' }),
    feature: await change('PUT', `${features}${state.feature}/`, { description: 'new' }),
    options: await change('PUT', `${features}${feature}/`, optionsTo(7)),
    option: await change('PUT', optionPath, { key: 'a' }),
  }
  await flag.patch({ segment_overrides: order })
  return { ...lines, order: await lastLine(world, place, 'feature-segment.reordered') }
}

type Kind = keyof Awaited<ReturnType<typeof addKinds>>

describe('permissions', () => {
  let lines: Record<Kind, Line>

  beforeAll(async () => {
    lines = await addKinds()
  })

  /** A member with these permissions, and those to see things and the log. */
  async function addPerson(permissions: string[], seeing = ['VIEW_PROJECT', 'VIEW_AUDIT_LOG']) {
    const { id: userId, auth } = await addColleague(world)
    const isOfProject = (name: string) => /SEGMENTS|FEATURE$/.test(name)
    const at = { organisationId: world.organisation.id, projectId: place.project.id, userId }
    const own = permissions.filter(isOfProject)
    await grant({ ...at, permissions: [...seeing, ...own] })
    const inside = permissions.filter((name) => !isOfProject(name))
    const environmentId = place.environment.id
    await grant({ ...at, environmentId, permissions: ['VIEW_ENVIRONMENT', ...inside] })
    return auth
  }

  const all = [
    'UPDATE_FEATURE_STATE',
    'MANAGE_SEGMENT_OVERRIDES',
    'MANAGE_IDENTITIES',
    'MANAGE_SEGMENTS',
    'CREATE_FEATURE',
  ]

  const needs: [Kind, string][] = [
    ['feature state', 'UPDATE_FEATURE_STATE'],
    ['identity override', 'UPDATE_FEATURE_STATE'],
    ['segment override', 'MANAGE_SEGMENT_OVERRIDES'],
    ['order', 'MANAGE_SEGMENT_OVERRIDES'],
    ['segment', 'MANAGE_SEGMENTS'],
    ['feature', 'CREATE_FEATURE'],
    ['option', 'CREATE_FEATURE'],
  ]

  it.each(needs)('taking back an edit (%s) takes %s', async (kind, needed) => {
    const without = await addPerson(all.filter((name) => name !== needed))
    const holder = await addPerson([needed])
    for (const body of [{}, { dry_run: false }]) {
      expect((await revert(world, lines[kind], { body, auth: without })).status).toBe(403)
    }
    const { status, body } = await revert(world, lines[kind], { body: {}, auth: holder })
    expect([status, body.applicable]).toEqual([200, true])
  })

  it('edits of several options at once are for who administers the project', async () => {
    const { options } = lines
    const own = { body: { force: true }, auth: await addPerson(all) }
    expect((await revert(world, options, own)).status).toBe(403)
    expect((await revert(world, options, { ...own, auth: world.keyAuth })).status).toBe(200)
  })

  it('whoever does not see the entry learns nothing of it', async () => {
    const viewer = await addPerson(all, ['VIEW_PROJECT'])
    const stranger = await addUser(`${crypto.randomUUID()}@example.com`)
    const foreign = await createWorld('Foreign')
    for (const line of Object.values(lines)) {
      expect((await revert(world, line, { body: {}, auth: viewer })).status).toBe(403)
      for (const auth of [stranger.auth, foreign.keyAuth]) {
        expect((await revert(world, line, { body: {}, auth })).status).toBe(404)
      }
      expect((await revert(world, line, { body: {}, auth: 'Token none' })).status).toBe(401)
    }
  })

  it('a key may as well, and the log names it', async () => {
    const { body } = await revert(world, lines['feature state'], {
      body: { dry_run: 'false' },
      auth: world.keyAuth,
    })
    const records = (await readRecords()).map((record) => JSON.parse(record))
    const told = records.find(
      ({ sequence, ledger }) =>
        sequence === body.new_entry?.sequence && ledger === `organisation:${world.organisation.id}`,
    )
    expect(told).toMatchObject({
      reverts: lines['feature state'].sequence,
      actor: { kind: 'organisation-key', id: world.keyPrefix },
    })
  })
})
